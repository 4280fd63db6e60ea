"""Rows of a training, and their split into fit, calibration, folds and test."""
