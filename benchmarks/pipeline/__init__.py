"""The daily steps: time, memory and size."""
