"""Rows of campaigns: groups that were drawn at random, outcomes, scores before, and costs."""
