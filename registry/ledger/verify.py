"""Is the ledger what was written? Its chain of hashes, and its end and the aliases as MLflow has them."""

from collections.abc import Callable, Collection, Iterator, Sequence

from mlflow import MlflowClient
from mlflow.entities.model_registry import RegisteredModel
from mlflow.exceptions import MlflowException

from registry.ledger import ledger
from registry.ledger.chain import (
    Row,
    head_problem,
    missing_head_problem,
    problems,
    unrecorded_alias_problem,
)
from registry.release.alias_transitions import ALIASES
from registry.release.locked_models import (
    ABSENT,
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


class LedgerError(PrichalError):
    """The ledger has a row that was changed, is missing or out of order, or disagrees with MLflow."""


def verify(database_url: str, declared_models: Collection[str] = ()) -> list[str]:
    """A sentence on every row that was tampered with, is missing or out of order; empty if all is as it was written.

    Args:
        database_url: where the ledger is.
        declared_models: names of models that are this ledger's even if it has no row of them. A model of another
            tool in the same MLflow has no row, no head and no version that a training of ours registered.
    """
    check_schema(database_url)
    client = MlflowClient()
    models = list(registered_models(client))  # before the rows: what is written meanwhile makes no head lead
    with connect(database_url) as connection:
        rows = ledger.rows(connection)
        last_without_head = ledger.last_without_head(connection)
    found = problems(rows)
    for model in models:
        own = [row for row in rows if row.model == model.name]
        if own or HEAD in model.tags or model.name in declared_models or _is_ours(client, model):
            found += _model_problems(model, own, last_without_head)
    return found


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


def summary(database_url: str) -> str:
    """What a ledger without problems holds, a line."""
    with connect(database_url) as connection:
        rows = ledger.rows(connection)
    if not rows:
        return "the ledger is empty"
    return f"{len(rows)} rows, each as it was written; the last is {rows[-1].id}, hash {rows[-1].row_hash[:12]}"
