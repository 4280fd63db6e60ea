"""Models: ranking, calibration and search, against truth, literature and other tools."""
