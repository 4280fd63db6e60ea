"""What every entry point needs: parameters, context, locks, the run log, and error sentences."""
