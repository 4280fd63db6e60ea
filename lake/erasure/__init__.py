"""Erasure of people from raw files, tables and other folders of Parquet."""
