"""Is the ledger what was written? Its chain of hashes, and its end as MLflow has seen it."""

from mlflow import MlflowClient

from registry import ledger
from registry.chain import head_problem, problems
from registry.held import heads
from stack.postgres import connect


def verify(database_url: str) -> list[str]:
    """A sentence on every row that was tampered with, is missing or out of order; empty if all is as it was written.

    Args:
        database_url: where the ledger is.
    """
    ledger.prepare(database_url)
    known = list(heads(MlflowClient()))  # before the rows: what is written meanwhile makes no head lead
    with connect(database_url) as connection:
        rows = ledger.rows(connection)
    cut = [why for model, head in known if (why := head_problem(model, head, rows))]
    return [*problems(rows), *cut]


def summary(database_url: str) -> str:
    """What a ledger without problems holds, a line."""
    with connect(database_url) as connection:
        rows = ledger.rows(connection)
    if not rows:
        return "the ledger is empty"
    return f"{len(rows)} rows, each as it was written; the last is {rows[-1].id}, hash {rows[-1].row_hash[:12]}"
