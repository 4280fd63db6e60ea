"""Search for parameters, and the candidates it finds."""
