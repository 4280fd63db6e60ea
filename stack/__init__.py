"""Infrastructure: settings, Spark, PostgreSQL, S3, MLflow; started here or configured elsewhere."""
