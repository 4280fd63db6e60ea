"""The folder of the truth: states, contacts and promises, which no step of the pipeline reads."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from projects.churn.simulator.calendar import MOSCOW
from projects.churn.simulator.contracts import oracle
from projects.churn.simulator.contracts.contract import Contracts
from projects.churn.simulator.contracts.promises import Promise
from projects.churn.simulator.contracts.truth import States, rows_of
from projects.churn.simulator.systems import text
from projects.churn.simulator.systems.messages import FIRST_CAMPAIGN, GROUPS, contact_rows
from projects.churn.simulator.world import World

#: a folder with this file is refused as raw data.
MARKER = "TRUTH"
HOW = ("voluntary", "involuntary")
POPULATIONS = ("trial", "paid")


def write_truth(folder: Path, world: World, contracts: Contracts, states: States, promises: dict[str, Promise]) -> None:
    """Write all of it."""
    (folder / MARKER).touch()
    pq.write_table(_states(states), folder / "states.parquet")
    pq.write_table(_contacts(world, contracts), folder / "contacts.parquet")
    whole = {name: promise.numbers() for name, promise in promises.items()}
    (folder / "promises.json").write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")


def _states(states: States) -> pa.Table:
    return pa.table({
        "as_of": pa.array(states.at.astype("datetime64[s]").astype("datetime64[D]"), pa.date32()),
        "user_id": text.user_id(states.user),
        "population": text.words(POPULATIONS, states.paid.astype(np.int64)),
        "probability": pa.array(states.probability),
        "left": pa.array(states.left.astype(np.int8), pa.int8(), mask=~states.matured),
        "already_cancelled": pa.array(states.cancelled),
        "log_odds_observable": pa.array(states.observable, mask=~states.due),
        "log_odds_hidden": pa.array(states.hidden, mask=~states.due),
        "how": text.words(HOW, np.where(states.matured, states.how, -1)),
    })  # fmt: skip


def _contacts(world: World, contracts: Contracts) -> pa.Table:
    rows = contact_rows(contracts)
    here = rows_of(contracts, rows)
    course = here.course
    contacted, alone = oracle.at_contact(world.campaigns, here)
    late = oracle.comes_late(here)
    return pa.table({
        "contact_id": text.numbered("c", np.arange(len(rows)), 7),
        "campaign_id": text.plain(course.campaign + FIRST_CAMPAIGN),
        "user_id": text.user_id(here.terms.user),
        "group": text.words(GROUPS, course.control.astype(np.int64)),
        "assigned_at": pa.array((course.contacted - MOSCOW).astype("datetime64[s]"), pa.timestamp("s", tz="UTC")),
        "p_if_contacted": pa.array(contacted),
        "p_if_not": pa.array(alone),
        "y_if_contacted": pa.array((~course.stays_if | late).astype(np.int8)),
        "y_if_not": pa.array((~course.stays_if_not | late).astype(np.int8)),
        "risk_at_assignment": pa.array(alone),
    })  # fmt: skip
