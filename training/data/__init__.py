"""Rows and folds: which rows a training learns from and which rows judge it."""
