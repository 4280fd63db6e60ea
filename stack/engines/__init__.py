"""Engines that run SQL over Parquet files: Spark and DuckDB."""
