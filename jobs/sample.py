"""`mlflow run . -e sample`: raw exports of a simulated business, and its truth in a place of its own."""

import json
import sys
from pathlib import Path
from typing import Annotated

from jobs.runtime.command import run
from jobs.runtime.context import Context
from jobs.runtime.parameters import RawLocation
from jobs.runtime.run_log import step
from lake import TRUTH
from stack import bucket
from stack.errors import PrichalError
from stack.folders.atomic import fresh_partial, publish_directory
from stack.settings import ROOT
from training import code_hash

#: what is simulated unless told otherwise.
USERS, MONTHS, SEED = "20000", "18", "1"
#: says beside the exports how they were made; exports without it are a business's own.
MADE_BY = "sample.json"


class SampleError(PrichalError):
    """Nothing can be simulated as asked."""


def sample(
    context: Context,
    users: Annotated[str, "number of people who ever sign up in the simulation"] = USERS,
    months: Annotated[str, "number of months that the simulation lasts"] = MONTHS,
    seed: Annotated[str, "seed of the random numbers"] = SEED,
    raw: RawLocation = "declared",
) -> dict[str, int]:
    """Write raw exports of a simulated business; the same parameters make the same bytes.

    Returns:
        Rows by file name.
    """
    asked = _asked(context, users, months, seed)
    with step(context, "sample", {"users": users, "months": months, "seed": seed, "raw": raw}) as record:
        folder = context.sampled if raw == "declared" or bucket.is_url(raw) else Path(raw)
        rows = _written(context, folder, asked)
        if bucket.is_url(raw):
            context.say(f"sample · {bucket.upload(context.settings, folder, raw):,} objects uploaded to {raw}")
        record.rows_out = sum(rows.values())
    return rows


def simulated(context: Context) -> None:
    """The exports that `sample` writes unless told otherwise, where there are none yet; needs no service."""
    if context.project.simulate is not None and not context.raw.exists():
        _written(context, context.sampled, _asked(context, USERS, MONTHS, SEED))


def _asked(context: Context, users: str, months: str, seed: str) -> dict[str, int]:
    if context.project.simulate is None:
        raise SampleError(
            f"Project {context.project.name} has no simulator: bring its exports with `-e ingest -P raw=`."
        )
    return {"users": _number("users", users, 50, 5_000_000), "months": _number("months", months, 3, 60),
            "seed": _number("seed", seed, 0, 2**31)}  # fmt: skip


def _written(context: Context, folder: Path, asked: dict[str, int]) -> dict[str, int]:
    """Rows by file of these exports, made now or before."""
    code = code_hash(ROOT, [f"projects/{context.project.name}/simulator"])
    mark = {"project": context.project.name, **asked, "code": code}
    rows = _made_before(folder, context.truth, mark)
    if rows is None:
        rows = _make(context, folder, mark, asked)
    context.say(f"sample · {sum(rows.values()):,} rows of {asked['users']:,} subscribers in {folder}")
    return rows


def _make(context: Context, folder: Path, mark: dict[str, object], asked: dict[str, int]) -> dict[str, int]:
    assert context.project.simulate is not None  # noqa: S101  # seen by the caller
    partial, truth = fresh_partial(folder), fresh_partial(context.truth)
    partial.mkdir(parents=True)
    truth.mkdir(parents=True)
    rows = context.project.simulate(partial, truth, say=lambda line: context.say(f"sample · {line}"), **asked)
    (truth / TRUTH).touch()
    for one in (partial, truth):
        (one / MADE_BY).write_text(json.dumps({**mark, "rows": rows}, indent=1) + "\n")
    publish_directory(truth, context.truth)
    publish_directory(partial, folder)
    return rows


def _made_before(folder: Path, truth: Path, mark: dict[str, object]) -> dict[str, int] | None:
    """Rows by file if these very exports are there; None if they must be made."""
    if (folder / MADE_BY).exists():
        notes = [json.loads((one / MADE_BY).read_text()) if (one / MADE_BY).exists() else {} for one in (folder, truth)]
        rows: dict[str, int] = notes[0]["rows"]
        # Both: the exports of another folder may have replaced the truth since.
        return rows if notes[0] == notes[1] == {**mark, "rows": rows} else None
    if folder.exists() and any(folder.iterdir()):
        raise SampleError(f"{folder} holds exports that no simulation wrote: give another folder with `-P raw=`.")
    return None


def _number(name: str, text: str, lowest: int, highest: int) -> int:
    if not text.isdecimal() or not lowest <= int(text) <= highest:
        raise SampleError(f"{name} {text!r} cannot be simulated: give a whole number from {lowest} to {highest}.")
    return int(text)


if __name__ == "__main__":
    sys.exit(run(sample))
