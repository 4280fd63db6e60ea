"""Folders and files: atomic replacement, checksums, private rights, owners."""
