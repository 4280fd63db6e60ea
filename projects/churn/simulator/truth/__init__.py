"""The truth behind the exports: true probabilities, monthly states, and whether the world is as designed."""
