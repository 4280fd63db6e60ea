"""Broken raw files: what each is, and what must become of it."""
