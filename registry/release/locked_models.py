"""Models whose locks are held: their ledger, their aliases, and the last row as MLflow keeps it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import psycopg
from mlflow import MlflowClient
from mlflow.entities.model_registry import RegisteredModel
from mlflow.exceptions import MlflowException

from registry.ledger import ledger
from registry.ledger.chain import (
    Row,
    head_problem,
    is_whole,
    missing_head_problem,
)
from registry.ledger.history import ModelState, read
from registry.ledger.ledger import LedgerEntry
from stack.errors import PrichalError

#: tag of a registered model: id and hash of its last row.
HEAD = "prichal.ledger_head"
#: a missing alias is told as INVALID_PARAMETER_VALUE, a missing model or version as RESOURCE_DOES_NOT_EXIST.
ABSENT = {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}


class TamperedError(PrichalError):
    """The ledger is not what it was."""


@dataclass
class LockedModels:
    """The only mover of some models, as long as the connection lives.

    Attributes:
        connection: that holds the locks.
        models: that they are of.
        client: of MLflow.
        written: rows added so far.
        aliases: of each model that MLflow has, alias -> version as they are; nobody else moves them meanwhile.
        missing_heads: a sentence on each model whose head was taken away; the row that says so brings it back.
    """

    connection: psycopg.Connection
    models: frozenset[str]
    client: MlflowClient = field(default_factory=MlflowClient)
    written: list[Row] = field(default_factory=list)
    aliases: dict[str, dict[str, str]] = field(default_factory=dict)
    missing_heads: dict[str, str] = field(default_factory=dict)

    def state(self, model: str) -> ModelState:
        """What the ledger says of a model now."""
        return read(self.connection, model)

    def write(self, entries: Sequence[LedgerEntry]) -> list[Row]:
        """Add rows to the ledger, all or none, and then their last ones to MLflow: a head may lag, never lead."""
        rows = ledger.append(self.connection, entries)
        self.written += rows
        for model, head in {row.model: row.head for row in rows}.items():
            self._anchor(model, head)
        return rows

    def point(self, model: str, wanted: Mapping[str, str | None]) -> None:
        """Let aliases be at these versions, None at none, in this order; what is so already is left alone."""
        now = self.aliases[model]
        for name, version in wanted.items():
            if now.get(name) == version:
                continue
            self.connection.execute("select 1")  # the lock is lost with the connection, and then nothing may move
            if version is None:
                self.client.delete_registered_model_alias(model, name)
                del now[name]
            else:
                self.client.set_registered_model_alias(model, name, version)
                now[name] = version

    def look(self, model: str, state: ModelState) -> None:
        """Read the model's aliases, and write the head that a killed process did not write.

        Raises:
            TamperedError: the head that is there names a row that the ledger has no more.
            ImpossibleRowError: the ledger ends with a row that nothing can follow; it must not become a head.
        """
        ledger.check_end(self.connection)
        found = registered(self.client, model)
        if found is None:
            return
        self.aliases[model] = aliases_of(found)
        head = found.tags.get(HEAD)
        if head is not None and (why := head_problem(model, head, state.rows)):
            raise TamperedError(f"{why.rstrip('.')}: nothing is moved, run `-e verify` (docs/promotion.md).")
        if head is None and (why := missing_head_problem(model, state.rows, ledger.last_without_head(self.connection))):
            self.missing_heads[model] = why
            return
        whole = [row for row in state.rows if is_whole(row)]
        if whole and head != whole[-1].head:
            self._anchor(model, whole[-1].head)

    def _anchor(self, model: str, head: str) -> None:
        try:
            self.client.set_registered_model_tag(model, HEAD, head)
        except MlflowException as error:
            if error.error_code not in ABSENT:
                raise  # a model that was deleted from MLflow has no head, and keeps its rows


def registered(client: MlflowClient, model: str) -> RegisteredModel | None:
    """The model as MLflow has it; None if it has none of the name. Any other error is raised."""
    try:
        return client.get_registered_model(model)
    except MlflowException as error:
        if error.error_code in ABSENT:
            return None
        raise


def aliases(client: MlflowClient, model: str) -> dict[str, str]:
    """Alias -> version; empty if there is no such model."""
    found = registered(client, model)
    return aliases_of(found) if found else {}


def aliases_of(found: RegisteredModel) -> dict[str, str]:
    """Alias -> version."""
    return {name: str(version) for name, version in found.aliases.items()}


def exists(client: MlflowClient, model: str, version: str) -> bool:
    """Whether MLflow has the version."""
    try:
        client.get_model_version(model, version)
    except MlflowException as error:
        if error.error_code in ABSENT:
            return False
        raise
    return True


def registered_models(client: MlflowClient) -> Iterator[RegisteredModel]:
    """Each registered model that MLflow has."""
    token = None
    while True:
        page = client.search_registered_models(max_results=500, page_token=token)
        yield from page
        token = page.token
        if not token:
            return
