"""Registered versions: evidence, files, and the code that they may bring."""
