"""The version in production: the ledger records it, and the alias in MLflow agrees."""

from collections.abc import Sequence

from mlflow import MlflowClient

from registry.ledger.history import ModelState, promoted_files, read
from registry.versions.registered_models import aliases_of, find_model, has_version
from stack.errors import PrichalError
from stack.postgres import connect
from stack.schema import check_schema

#: advice that works whatever is left of a model in MLflow.
TRAIN_AND_PROMOTE = "run `-e train`, then `-e promote`"


class NoProductionError(PrichalError):
    """A model has no version in production."""


class LedgerMismatchError(PrichalError):
    """The alias `production` is not at the version that the ledger records."""


def production(database_url: str, model: str) -> str:
    """The version in production.

    Raises:
        NoProductionError: there is none.
        LedgerMismatchError: the alias was changed manually, or MLflow no longer has the version.
    """
    return productions(database_url, [model])[model]


def productions(database_url: str, models: Sequence[str]) -> dict[str, str]:
    """Versions in production; models of one release are all before it or all after it.

    During a transition this is the version before it.

    Raises:
        NoProductionError: a model has none.
        LedgerMismatchError: an alias was changed manually, or MLflow no longer has a version.
    """
    check_schema(database_url)
    with connect(database_url) as connection:
        connection.execute("set transaction isolation level repeatable read, read only")
        states = {model: read(connection, model) for model in models}
    client = MlflowClient()
    return {model: _recorded_version(client, model, state) for model, state in states.items()}


def previous(database_url: str, model: str) -> str | None:
    """The version that a rollback restores; None if there is none."""
    check_schema(database_url)
    with connect(database_url) as connection:
        return read(connection, model).previous


def approved_files(database_url: str, model: str, version: str) -> str | None:
    """SHA-256 of the files that a version was promoted with; None if the ledger is older than such digests."""
    check_schema(database_url)
    with connect(database_url) as connection:
        return promoted_files(read(connection, model), version)


def _recorded_version(client: MlflowClient, model: str, state: ModelState) -> str:
    registered = find_model(client, model)
    alias = aliases_of(registered).get("production") if registered else None
    if state.production is None and (alias is None or state.intent):
        raise NoProductionError(f"Model {model} has no version in production: {_next_step(client, model, state)}.")
    allowed = {state.production, *([state.intent.version] if state.intent else [])}
    if state.production is None or alias not in allowed:
        raise LedgerMismatchError(_disagreement(client, model, state.production, alias))
    return state.production


def _disagreement(client: MlflowClient, model: str, recorded: str | None, alias: str | None) -> str:
    """What MLflow has instead of the recorded version, and the command that helps."""
    if recorded is not None and find_model(client, model) is None:
        return (
            f"MLflow has no registered model {model}, but the ledger records its version {recorded} in production: "
            f"nothing was scored, {TRAIN_AND_PROMOTE}."
        )
    if recorded is not None and not has_version(client, model, recorded):
        return (
            f"MLflow no longer has version {recorded} of {model}, which the ledger records in production: nothing was "
            f"scored, {TRAIN_AND_PROMOTE}."
        )
    return (
        f"The alias production of {model} is at {_version(alias)}, but the ledger records {_version(recorded)}: "
        "nothing was scored, run `-e promote`, which sets the alias by the ledger."
    )


def _next_step(client: MlflowClient, model: str, state: ModelState) -> str:
    review = state.review
    if review is not None and has_version(client, model, review.version or ""):
        return f"its version {review.version} is in review, run `-e approve`, then `-e score`"
    return f"{TRAIN_AND_PROMOTE}; if the gate refuses, it says why"


def _version(version: str | None) -> str:
    return f"version {version}" if version else "no version"
