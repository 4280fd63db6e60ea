"""From raw files to a table: parse, validate, deduplicate, keep aside."""
