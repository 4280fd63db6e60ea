"""Verify the ledger: its chain of hashes, the last row of each model as MLflow stores it, and the aliases."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from mlflow import MlflowClient
from mlflow.entities.model_registry import RegisteredModel
from mlflow.exceptions import MlflowException

from registry.ledger import ledger
from registry.ledger.chain import (
    GENESIS,
    Row,
    is_whole,
    wrong_number,
)
from registry.versions.registered_models import (
    ABSENT,
    ALIASES,
    HEAD,
    aliases_of,
    registered_models,
)
from registry.versions.versions import AUTHOR
from stack.errors import PrichalError
from stack.postgres import connect
from stack.schema import check_schema

#: tag that a training sets on each version that it registers.
FINGERPRINT = "fingerprint"
#: acts that may be a model's first row.
FIRST_ACTS = {"intent", "refuse", "review", "repair", "void"}


class LedgerError(PrichalError):
    """The ledger has a row that was changed, is missing or out of order, or disagrees with MLflow."""


def verify(database_url: str, declared_models: Collection[str] = ()) -> list[str]:
    """Compare the ledger with its hashes and with MLflow.

    Args:
        database_url: where the ledger is.
        declared_models: names of models that belong to this ledger even without a row. A model of another tool in
            the same MLflow has no row, no tag `HEAD` and no version that a training of ours registered.

    Returns:
        One sentence for each row that was changed, is missing or out of order; empty if the ledger is intact.
    """
    check_schema(database_url)
    client = MlflowClient()
    models = list(registered_models(client))  # read before the rows, so that no tag is newer than the rows
    with connect(database_url) as connection:
        rows = ledger.rows(connection)
        last_without_head = ledger.last_without_head(connection)
    problems = chain_problems(rows)
    for model in models:
        model_rows = [row for row in rows if row.model == model.name]
        if model_rows or HEAD in model.tags or model.name in declared_models or _is_ours(client, model):
            problems += _model_problems(model, model_rows, last_without_head)
    return problems


def require_valid(database_url: str, declared_models: Collection[str], say: Callable[[str], None]) -> None:
    """Print every problem that `verify` finds.

    Raises:
        LedgerError: there is a problem.
    """
    sentences = verify(database_url, declared_models)
    for sentence in sentences:
        say(sentence)
    if sentences:
        more = f" (and {len(sentences) - 1} more)" if len(sentences) > 1 else ""
        raise LedgerError(f"The ledger ops.promotions was changed: {sentences[0].rstrip('.')}{more}.")


def summary(database_url: str) -> str:
    """One line about an intact ledger."""
    with connect(database_url) as connection:
        rows = ledger.rows(connection)
    if not rows:
        return "the ledger is empty"
    return f"all {len(rows)} rows are intact; the last is {rows[-1].id}, hash {rows[-1].row_hash[:12]}"


def chain_problems(rows: Sequence[Row]) -> list[str]:
    """One sentence for each row that breaks the chain.

    Args:
        rows: all rows of the ledger by id.
    """
    return [*_missing(rows), *_changed(rows), *_broken_links(rows)]


def head_problem(model: str, head: str, rows: Sequence[Row]) -> str | None:
    """Compare the last row of a model with the tag that MLflow stores.

    A tag of an earlier row is correct: a process can be killed between the row and the tag.

    Args:
        model: registered name.
        head: id and hash of the row, from the tag.
        rows: of the ledger; the rows of the model are enough.
    """
    number, _, row_hash = head.partition(":")
    row = next((row for row in rows if str(row.id) == number and row.model == model), None)
    if row is None:
        return f"Row {number} is missing: MLflow stores it as the last row of {model}, so it was removed or changed."
    if row.row_hash != row_hash:
        return f"Row {number} was rewritten: MLflow stores another hash of it as the last row of {model}."
    return None


def missing_head_problem(model: str, rows: Sequence[Row], last_without_head: int) -> str | None:
    """A sentence on a model that has no tag `HEAD` in MLflow though it must have one.

    The tag may be missing after the model's first row: a process can be killed between the row and the tag.

    Args:
        model: registered name.
        rows: of the model, by id.
        last_without_head: number of the last row that a release without this tag wrote.
    """
    written = [row for row in rows if row.id > last_without_head]
    if not written or (len(written) == 1 and written[0].act in FIRST_ACTS):
        return None
    return (
        f"MLflow has no tag {HEAD} on {model}, whose last row in the ledger is {rows[-1].id}: the tag was deleted, or "
        "the model was deleted and created again."
    )


def unrecorded_alias_problem(model: str, aliases: Mapping[str, str], rows: Sequence[Row]) -> str | None:
    """A sentence on the first alias that no row of the ledger has set.

    Args:
        model: registered name.
        aliases: `production` and `previous`, where they are set, to version.
        rows: of the model, by id.
    """
    recorded = {version for row in rows for version in _set_versions(row)}
    for alias, version in aliases.items():
        if version not in recorded:
            return f"The alias {alias} of {model} is at version {version}, but no row of the ledger has set it."
    return None


def _model_problems(model: RegisteredModel, rows: Sequence[Row], last_without_head: int) -> Iterator[str]:
    head, aliases = model.tags.get(HEAD), aliases_of(model)
    problem = (
        head_problem(model.name, head, rows)
        if head is not None
        else missing_head_problem(model.name, rows, last_without_head)
    )
    set_aliases = {name: aliases[name] for name in ALIASES if name in aliases}
    yield from (why for why in (problem, unrecorded_alias_problem(model.name, set_aliases, rows)) if why)


def _is_ours(client: MlflowClient, model: RegisteredModel) -> bool:
    """Whether an alias that only the ledger may set is at a version that a training of ours registered."""
    aliases = aliases_of(model)
    return any(_is_ours_version(client, model.name, aliases[name]) for name in ALIASES if name in aliases)


def _is_ours_version(client: MlflowClient, model: str, number: str) -> bool:
    try:
        version = client.get_model_version(model, number)
        return FINGERPRINT in version.tags or AUTHOR in client.get_run(version.run_id).data.tags
    except MlflowException as error:
        if error.error_code not in ABSENT:
            raise
        return False


def _set_versions(row: Row) -> set[str | None]:
    """Versions that the row, or the transition that it begins, gives an alias."""
    if row.act == "repair" and isinstance(row.decision.get("set"), Mapping):
        return set(row.decision["set"].values())
    sets_aliases = row.act in {"intent", "promote", "rollback", "repair"}
    return {row.version, row.replaced} if sets_aliases else set()


def _missing(rows: Sequence[Row]) -> Iterator[str]:
    last, before = 0, None
    for row in rows:
        impossible, before = wrong_number(before, row), row
        if impossible:
            yield impossible
        elif row.id > last + 1:
            gap = f"Row {last + 1} is" if row.id == last + 2 else f"Rows {last + 1} to {row.id - 1} are"
            yield f"{gap} missing."
        last = max(row.id, 0)


def _changed(rows: Sequence[Row]) -> Iterator[str]:
    for row in rows:
        if is_whole(row):
            continue
        original_id = next((other.id for other in rows if is_whole(replace(row, id=other.id))), None)
        if original_id is None:
            yield f"Row {row.id} was tampered with: its content does not match its hash."
        else:
            yield f"Row {row.id} is out of order: it was written as row {original_id}."


def _broken_links(rows: Sequence[Row]) -> Iterator[str]:
    """Rows that do not follow the row before, although both are whole and have consecutive numbers."""
    if rows and rows[0].id == 1 and rows[0].previous_hash != GENESIS and is_whole(rows[0]):
        yield "Row 1 is not the first row that was written: it follows another row."
    for before, row in pairwise(rows):
        whole = is_whole(before) and is_whole(row)
        if row.id != before.id + 1 or not whole:
            continue
        if row.previous_hash != before.row_hash:
            yield f"Row {row.id} does not follow row {before.id}: rows were rewritten or reordered."
        elif row.happened_at < before.happened_at:
            yield f"Row {row.id} is out of order: it is earlier than row {before.id}."
