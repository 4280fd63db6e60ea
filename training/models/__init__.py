"""Model families, calibration, and the registered model."""
