"""Where things run: settings, Spark, PostgreSQL, S3, MLflow; started here or elsewhere."""
