"""Time, memory and size of the daily steps."""
