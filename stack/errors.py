"""What a person is told when something cannot go on."""


class PrichalError(Exception):
    """One clear sentence: the value, what was allowed, what to do.

    Every step ends with this sentence on standard error and exit code 2. An exception of any other
    class is a defect of ours and keeps its traceback.
    """


class SettingError(PrichalError):
    """A setting in the environment has a value that cannot be used."""


class ServiceError(PrichalError):
    """PostgreSQL, S3 or MLflow does not answer, or refuses us."""


class PortTakenError(PrichalError):
    """A port that was asked for belongs to another process."""


class JavaError(PrichalError):
    """Spark's Java is missing or too old."""
