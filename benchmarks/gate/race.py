"""Two promotions at once, many times, on the services that run: one winner each, ledger and aliases agree.

Needs a model in production of the project cdnow (`mlflow run . -P project=cdnow`): its versions are registered again
under another name, so that nothing of the project moves.
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
    """Print what became of the rounds; end with an error if one had not exactly one winner."""
    context = Context.of("cdnow")
    mlflow.set_tracking_uri(context.settings.require_tracking())
    url, model, client = context.settings.require_database(), f"race_{uuid.uuid4().hex[:8]}", MlflowClient()
    known = context.project.populations[0].model
    source = client.get_model_version(known, production(url, known))
    logged = source.source.rpartition("/")[2]
    measured = [row.decision["measured"] for row in history(url, [known]) if row.act == "promote"][-1]
    client.create_registered_model(model)
    began, outcomes = time.monotonic(), Counter[str]()
    with ThreadPoolExecutor(2) as pool:
        for _ in range(ROUNDS):
            made = client.create_model_version(model, source.source, run_id=source.run_id, model_id=logged)
            version = made.version
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
        raise SystemExit("A race was not won by exactly one, or ledger and aliases do not agree.")


def _round(context: Context, pool: ThreadPoolExecutor, model: str, version: str, measured: Any) -> str:
    """What became of the two, and whether ledger and alias agree."""
    url, both = context.settings.require_database(), Barrier(2)

    def measure(contenders: Contenders) -> dict[str, Any]:
        both.wait(120)  # both have judged the same before either moves
        return _same(measured, contenders)

    def one() -> PromotionOutcome:
        return promote(url, [model], context.project.policy, "race", measure=measure)[0]

    acts = sorted(moved.act for moved in (each.result() for each in [pool.submit(one) for _ in range(2)]))
    agree = production(url, model) == version
    return " and ".join(acts) + ("" if agree else ", and production is another version")


def _same(measured: dict[str, Any], contenders: Contenders) -> dict[str, Any]:
    """What would be measured: every version is the same model, so the one in production scores as the challenger."""
    mine = {"version": contenders.challenger.number, "digest": contenders.challenger.files_sha256}
    if contenders.production is None or "auc" not in measured:
        return {**measured, **mine, "versus": None, "moved": None}
    nothing = {"value": 0.0, "low": 0.0, "high": 0.0}
    versus: dict[str, Any] = {"version": contenders.production.number, "digest": contenders.production.files_sha256}
    moved = {"rank_correlation": 1.0, "top": 1, "entered": 0, "withdrawn": 0}
    same = {"auc": measured["auc"], "bootstrap": nothing, "delong": nothing, "slices": []}
    return {**measured, **mine, "versus": versus | same, "moved": moved}


if __name__ == "__main__":
    main()
