"""Models that this process has locked: their rows in the ledger, their aliases, and their last row in MLflow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import psycopg
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from registry.ledger import ledger
from registry.ledger.chain import Row, is_whole
from registry.ledger.history import ModelState, read
from registry.ledger.ledger import LedgerEntry
from registry.ledger.verify import head_problem, missing_head_problem
from registry.versions.registered_models import (
    ABSENT,
    HEAD,
    aliases_of,
    find_model,
)
from stack.errors import PrichalError


class TamperedError(PrichalError):
    """Rows of the ledger were changed or removed."""


@dataclass
class LockedModels:
    """Models that only this process may change, as long as the connection is open.

    Attributes:
        connection: holds the locks.
        models: names of the locked models.
        client: of MLflow.
        written: rows added so far.
        aliases: model -> alias -> version; only models that MLflow has. No other process changes them meanwhile.
        missing_heads: model -> sentence, for each model without its tag `HEAD`; the next row sets the tag again.
    """

    connection: psycopg.Connection
    models: frozenset[str]
    client: MlflowClient = field(default_factory=MlflowClient)
    written: list[Row] = field(default_factory=list)
    aliases: dict[str, dict[str, str]] = field(default_factory=dict)
    missing_heads: dict[str, str] = field(default_factory=dict)

    def state(self, model: str) -> ModelState:
        """Current state of a model by the ledger."""
        return read(self.connection, model)

    def append(self, entries: Sequence[LedgerEntry]) -> list[Row]:
        """Add all rows or none, then set the tags in MLflow: a tag may be older than the ledger, never newer."""
        rows = ledger.append(self.connection, entries)
        self.written += rows
        for model, head in {row.model: row.head for row in rows}.items():
            self._set_head(model, head)
        return rows

    def set_aliases(self, model: str, wanted: Mapping[str, str | None]) -> None:
        """Set aliases in this order and delete those with None; correct aliases are not touched."""
        now = self.aliases[model]
        for name, version in wanted.items():
            if now.get(name) == version:
                continue
            self.connection.execute("select 1")  # fails if the connection is lost, and the lock with it
            if version is None:
                self.client.delete_registered_model_alias(model, name)
                del now[name]
            else:
                self.client.set_registered_model_alias(model, name, version)
                now[name] = version

    def load(self, model: str, state: ModelState) -> None:
        """Read the model's aliases, and set the tag `HEAD` that an interrupted process did not set.

        Raises:
            TamperedError: the tag names a row that is missing or has another hash.
            ImpossibleRowError: no row can follow the last row of the ledger; it must not become a head.
        """
        ledger.check_end(self.connection)
        registered = find_model(self.client, model)
        if registered is None:
            return
        self.aliases[model] = aliases_of(registered)
        head = registered.tags.get(HEAD)
        if head is not None and (problem := head_problem(model, head, state.rows)):
            raise TamperedError(f"{problem.rstrip('.')}: nothing was changed, run `-e verify` (docs/promotion.md).")
        last_without_head = ledger.last_without_head(self.connection)
        if head is None and (problem := missing_head_problem(model, state.rows, last_without_head)):
            self.missing_heads[model] = problem
            return
        whole = [row for row in state.rows if is_whole(row)]
        if whole and head != whole[-1].head:
            self._set_head(model, whole[-1].head)

    def _set_head(self, model: str, head: str) -> None:
        try:
            self.client.set_registered_model_tag(model, HEAD, head)
        except MlflowException as error:
            if error.error_code not in ABSENT:
                raise  # a model that was deleted from MLflow has no tag; the ledger keeps its rows
