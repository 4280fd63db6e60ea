"""Release: promote, review, roll back, and the version in production."""
