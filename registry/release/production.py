"""The version that may score: the one that the ledger vouches for, and only if MLflow says the same."""

from collections.abc import Sequence

from mlflow import MlflowClient

from registry.ledger.history import ModelState, promoted_files, read
from registry.release.locked_models import aliases
from stack.errors import PrichalError
from stack.postgres import connect
from stack.schema import check_schema


class NoProductionError(PrichalError):
    """No version may score."""


class NotVouchedError(PrichalError):
    """The alias is not where the ledger says."""


def production(database_url: str, model: str) -> str:
    """The version that may score.

    Raises:
        NoProductionError: none may.
        NotVouchedError: somebody moved the alias by hand.
    """
    return productions(database_url, [model])[model]


def productions(database_url: str, models: Sequence[str]) -> dict[str, str]:
    """The versions that may score: of models released together the ones before or the ones after, never a mixture.

    While a move has begun and not ended, the version before is the one.

    Raises:
        NoProductionError: a model has none.
        NotVouchedError: somebody moved an alias by hand.
    """
    check_schema(database_url)
    with connect(database_url) as connection:
        connection.execute("set transaction isolation level repeatable read, read only")
        states = {model: read(connection, model) for model in models}
    client = MlflowClient()
    return {model: _vouched(model, state, aliases(client, model).get("production")) for model, state in states.items()}


def previous(database_url: str, model: str) -> str | None:
    """The version that a rollback brings back; None if there is none."""
    check_schema(database_url)
    with connect(database_url) as connection:
        return read(connection, model).previous


def approved_files(database_url: str, model: str, version: str) -> str | None:
    """SHA-256 of the files that a version was promoted with; None if the ledger is older than such digests."""
    check_schema(database_url)
    with connect(database_url) as connection:
        return promoted_files(read(connection, model), version)


def _vouched(model: str, state: ModelState, alias: str | None) -> str:
    if state.production is None and (alias is None or state.intent):
        raise NoProductionError(f"Model {model} has no version in production: {_next(state)}.")
    may_be = {state.production, *([state.intent.version] if state.intent else [])}
    if state.production is None or alias not in may_be:
        raise NotVouchedError(
            f"The alias production of {model} is at {_called(alias)}, and the ledger vouches for "
            f"{_called(state.production)}: nothing is scored, run `-e promote`, which sets it back."
        )
    return state.production


def _next(state: ModelState) -> str:
    if state.review:
        return f"its version {state.review.version} waits for a review, run `-e approve`, then `-e score`"
    return "run `-e train`, then `-e promote`, and see why the gate refused"


def _called(version: str | None) -> str:
    return f"version {version}" if version else "nothing"
