"""Pages for marketing, product and management: named SQL queries, read by a login that only reads."""
