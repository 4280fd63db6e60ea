"""How good a model is: metrics with intervals, slices, comparison, evidence."""
