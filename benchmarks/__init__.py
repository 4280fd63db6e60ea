"""Figures that the README and the docs give, measured again by `make bench`."""
