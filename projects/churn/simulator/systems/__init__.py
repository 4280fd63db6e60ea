"""The exporting systems: each writes its own format, with the faults of real exports."""
