"""The ledger of decisions: append-only rows, their hash chain, history and webhook."""
