"""The whole simulation, from a seed to the exports and the truth."""

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as arrow_csv

from projects.telemetry.simulator import plan as planted
from projects.telemetry.simulator.people import make_people
from projects.telemetry.simulator.plan import END, make_plan
from projects.telemetry.simulator.visits import make_month

COORDINATES = Path(__file__).resolve().parents[1] / "cities.csv"


def simulate(
    raw: Path, truth: Path, *, users: int, months: int, seed: int, say: Callable[[str], None], quiet: bool = False
) -> dict[str, int]:
    """Write the event log of a simulated shop below `raw`, a file per month, and the truth about it below `truth`.

    The same arguments write the same bytes. 220,000 people and 18 months make a gigabyte.

    Args:
        raw: an empty folder for the exports.
        truth: an empty folder for the truth.
        users: number of people who ever visit the shop.
        months: number of months before `plan.END`.
        seed: seed of all random numbers.
        say: prints one line of progress.
        quiet: leave out the planted anomalies; seasons stay.

    Returns:
        Number of rows by file name.
    """
    plan = make_plan(months, seed, quiet)
    people = make_people(users, (END - plan.months[0]).days, seed)
    say(f"writing the events of {users:,} people over {months} months")
    rows, doubles = {}, {}
    for month in plan.months:
        table = make_month(people, plan, month, seed)
        name = f"events-{month:%Y-%m}.csv"
        arrow_csv.write_csv(table, raw / name, arrow_csv.WriteOptions(quoting_style="needed"))
        rows[name] = len(table)
        doubles[f"{month:%Y-%m}"] = len(table) - _count_events(table)
    shutil.copyfile(COORDINATES, raw / "cities.csv")
    facts = {
        **asdict(plan),
        "double_events": doubles,
        "top_category": next(iter(planted.CATEGORIES)),
        "top_city": next(iter(planted.CITIES)),
        "city_without_coordinates": list(planted.CITIES)[-1],
        "buying_season": planted.BUYING_SEASON,
        "price_season": planted.PRICE_SEASON,
    }
    (truth / "facts.json").write_text(json.dumps(facts, indent=1, default=str) + "\n")
    return {**rows, "cities.csv": len(COORDINATES.read_text().splitlines()) - 1}


def _count_events(table: pa.Table) -> int:
    """The number of different persons and moments."""
    return len(table.group_by(["person_id", "happened_at"]).aggregate([]))
