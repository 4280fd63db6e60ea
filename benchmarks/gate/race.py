"""Races of two concurrent promotions on the running services: each has one winner, and ledger and aliases agree.

It needs a model of the project cdnow in production (`mlflow run . -P project=cdnow`). Its versions are registered under
a new model name, so the project does not change.
"""

import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import mlflow
from mlflow import MlflowClient

from jobs.runtime.context import Context
from registry import Contenders, PromotionOutcome, history, production, promote, verify

ROUNDS = 200


def main() -> None:
    """Print the outcomes of the rounds; exit with an error if a round does not have exactly one winner."""
    context = Context.of("cdnow")
    mlflow.set_tracking_uri(context.settings.require_tracking())
    url, model, client = context.settings.require_database(), f"race_{uuid.uuid4().hex[:8]}", MlflowClient()
    source_model = context.project.populations[0].model
    source = client.get_model_version(source_model, production(url, source_model))
    logged = source.source.rpartition("/")[2]
    measured = [row.decision["measured"] for row in history(url, [source_model]) if row.act == "promote"][-1]
    client.create_registered_model(model)
    began, outcomes = time.monotonic(), Counter[str]()
    with ThreadPoolExecutor(2) as pool:
        for _ in range(ROUNDS):
            created = client.create_model_version(model, source.source, run_id=source.run_id, model_id=logged)
            version = created.version
            client.set_registered_model_alias(model, "challenger", version)
            outcomes[_round(context, pool, model, str(version), measured)] += 1
    seconds = time.monotonic() - began
    promoted = [row for row in history(url, [model]) if row.act == "promote"]
    chain = [row.replaced for row in promoted] == [None, *(row.version for row in promoted[:-1])]
    problems = verify(url)
    print(f"\n{ROUNDS} rounds in {seconds:.0f} s: {dict(outcomes)}; {len(promoted)} promotions in the ledger, "
          f"each replaced the one before: {chain}; verify: {problems or 'no problem'}")  # fmt: skip
    client.delete_registered_model(model)
    if set(outcomes) != {"keep and promote"} or len(promoted) != ROUNDS or not chain or problems:
        raise SystemExit("A race did not have exactly one winner, or ledger and aliases disagree.")


def _round(context: Context, pool: ThreadPoolExecutor, model: str, version: str, measured: Any) -> str:
    """Run one race; returns the two outcomes, and whether ledger and alias agree."""
    url, barrier = context.settings.require_database(), Barrier(2)

    def measure(contenders: Contenders) -> dict[str, Any]:
        barrier.wait(120)  # both have read the same state before either changes it
        return _same(measured, contenders)

    def promote_once() -> PromotionOutcome:
        return promote(url, [model], context.project.policy, "race", measure=measure)[0]

    acts = sorted(
        outcome.act for outcome in (future.result() for future in [pool.submit(promote_once) for _ in range(2)])
    )
    agree = production(url, model) == version
    return " and ".join(acts) + ("" if agree else ", and production is another version")


def _same(measured: dict[str, Any], contenders: Contenders) -> dict[str, Any]:
    """The measurements of a promotion; all versions are the same model, so both have the same scores."""
    identity = {"version": contenders.challenger.number, "digest": contenders.challenger.files_sha256}
    if contenders.production is None or "auc" not in measured:
        return {**measured, **identity, "versus": None, "moved": None}
    nothing = {"value": 0.0, "low": 0.0, "high": 0.0}
    comparison: dict[str, Any] = {"version": contenders.production.number, "digest": contenders.production.files_sha256}
    moved = {"rank_correlation": 1.0, "top": 1, "entered": 0, "withdrawn": 0}
    same = {"auc": measured["auc"], "bootstrap": nothing, "delong": nothing, "slices": []}
    return {**measured, **identity, "versus": comparison | same, "moved": moved}


if __name__ == "__main__":
    main()
