"""Erasure of people, explanations of published scores, and retention."""
