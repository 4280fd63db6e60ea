"""Move `production` by the gate's decision, and back by a rollback.

Every move is made under one PostgreSQL lock per model. `previous` is set before `production`, and the
ledger's row is written last: killed anywhere in between, the next call finds the aliases consistent and
adds the missing row.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from mlflow import MlflowClient
from mlflow.artifacts import load_text
from mlflow.exceptions import MlflowException

from registry import ledger
from registry.gate import Case, Decision, decide
from registry.policy import Policy
from stack.errors import PrichalError
from stack.postgres import connect


class NoChallengerError(PrichalError):
    """No version is proposed for production."""


class NoProductionError(PrichalError):
    """No version may score."""


class NoPreviousError(PrichalError):
    """There is nothing to roll back to."""


@dataclass(frozen=True)
class Moved:
    """What a promotion or a rollback did.

    `act` is `promote`, `refuse`, `rollback`, or `keep` where the challenger was in production already.
    `decision` is None for a rollback.
    """

    model: str
    act: str
    version: str
    replaced: str | None
    decision: Decision | None


def promote(database_url: str, model: str, policy: Policy, who: str) -> Moved:
    """Put the challenger in production if the gate accepts it.

    Args:
        database_url: where the ledger is.
        model: name of the registered model.
        policy: the project's bounds.
        who: written to the ledger.

    Raises:
        NoChallengerError: no version has the alias `challenger`.
    """
    client = MlflowClient()
    with _locked(database_url, model) as connection:
        challenger, current = _alias(client, model, "challenger"), _alias(client, model, "production")
        if challenger is None:
            raise NoChallengerError(f"Model {model} has no version with the alias challenger: run `-e train` first.")
        _repair(connection, model, current, who)
        decision = decide(Case(_evidence(model, challenger), None, first=current is None, measured=None), policy)
        if not decision.accepted:
            ledger.append(
                connection,
                who,
                model,
                "refuse",
                challenger,
                current,
                decision.json(),
                " ".join(decision.reasons),
            )
            return Moved(model, "refuse", challenger, current, decision)
        if challenger == current:
            return Moved(model, "keep", challenger, current, decision)
        if current is not None:
            client.set_registered_model_alias(model, "previous", current)
        client.set_registered_model_alias(model, "production", challenger)
        ledger.append(
            connection,
            who,
            model,
            "promote",
            challenger,
            current,
            decision.json(),
            " ".join(decision.reasons),
        )
        return Moved(model, "promote", challenger, current, decision)


def rollback(database_url: str, model: str, who: str, reason: str) -> Moved:
    """Put `previous` back in production; the withdrawn version keeps no alias, so a second call cannot undo the first.

    Raises:
        NoPreviousError: no version has the alias `previous`.
    """
    client = MlflowClient()
    with _locked(database_url, model) as connection:
        previous, current = _alias(client, model, "previous"), _alias(client, model, "production")
        _repair(connection, model, current, who)
        if previous is None or previous == current:
            raise NoPreviousError(
                f"Model {model} has no version to roll back to (production is {current or 'not set'}, previous is "
                f"{previous or 'not set'}): promote another version instead."
            )
        client.set_registered_model_alias(model, "production", previous)
        client.delete_registered_model_alias(model, "previous")
        if _alias(client, model, "challenger") == current:  # or the next promotion would bring it straight back
            client.delete_registered_model_alias(model, "challenger")
        ledger.append(connection, who, model, "rollback", previous, current, {}, reason)
        return Moved(model, "rollback", previous, current, None)


def production(model: str) -> str:
    """The version that may score.

    Raises:
        NoProductionError: none may.
    """
    version = _alias(MlflowClient(), model, "production")
    if version is None:
        raise NoProductionError(
            f"Model {model} has no version in production: run `-e train`, then `-e promote`, "
            "and see why the gate refused."
        )
    return version


@contextmanager
def _locked(database_url: str, model: str) -> Iterator[psycopg.Connection]:
    ledger.prepare(database_url)
    with connect(database_url, role="prichal_writer") as connection:
        connection.execute("select pg_advisory_xact_lock(hashtext(%s))", [f"prichal.promotion.{model}"])
        yield connection


def _repair(connection: psycopg.Connection, model: str, current: str | None, who: str) -> None:
    """Add the row of a move that was made and then not written because the process died."""
    written = ledger.last_move(connection, model)
    if current is not None and current != written:
        reason = f"production was found at version {current} while the ledger said {written}"
        ledger.append(connection, who, model, "repair", current, written, {}, reason)


def _alias(client: MlflowClient, model: str, alias: str) -> str | None:
    """The version that holds the alias; None if the alias or the model does not exist. Any other error is raised."""
    try:
        return str(client.get_model_version_by_alias(model, alias).version)
    except MlflowException as error:
        # A missing alias is told as INVALID_PARAMETER_VALUE, a missing model as RESOURCE_DOES_NOT_EXIST.
        if error.error_code in {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}:
            return None
        raise


def model_evidence(model: str, version: str) -> dict[str, Any]:
    """The evidence file that the run of a version left."""
    run_id = MlflowClient().get_model_version(model, version).run_id
    loaded: dict[str, Any] = json.loads(load_text(f"runs:/{run_id}/evidence.json"))
    return loaded


def _evidence(model: str, version: str) -> Mapping[str, Any] | None:
    """As above; None if it cannot be had, whatever the reason: the gate then refuses."""
    try:
        loaded = model_evidence(model, version)
    except (MlflowException, OSError, ValueError):
        return None
    return loaded if isinstance(loaded, dict) else None
