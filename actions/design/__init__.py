"""Experiment design: draws, assignment of people to groups, statistical power, and past experiments."""
