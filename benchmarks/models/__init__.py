"""Ranking, calibration and search, compared with the truth, the literature and other tools."""
