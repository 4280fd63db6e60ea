"""Errors that users see as one sentence."""


class PrichalError(Exception):
    """One sentence: the wrong value, the allowed values, and what to do.

    Every step prints it on standard error and ends with exit code 2. An exception of any other class is a defect and
    keeps its traceback.
    """


class SettingError(PrichalError):
    """A setting in the environment has an invalid value."""


class ServiceError(PrichalError):
    """PostgreSQL, S3 or MLflow does not answer, or refuses the request."""


class PortTakenError(PrichalError):
    """Another process uses the requested port."""


class JavaError(PrichalError):
    """Spark's Java is missing or too old."""
