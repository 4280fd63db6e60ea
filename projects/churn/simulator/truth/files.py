"""Files of the truth: states, contacts and design ranges. No step of the pipeline reads them."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from projects.churn.simulator.calendar import MOSCOW_OFFSET
from projects.churn.simulator.contracts.contract import Contracts
from projects.churn.simulator.systems import text
from projects.churn.simulator.systems.messages import FIRST_CAMPAIGN, GROUPS, contact_rows
from projects.churn.simulator.truth import oracle
from projects.churn.simulator.truth.design_ranges import DesignRange
from projects.churn.simulator.truth.states import States
from projects.churn.simulator.world import World

#: ingest refuses a folder with this file, so that the truth is never read as raw data.
MARKER = "TRUTH"
HOW = ("voluntary", "involuntary")
POPULATIONS = ("trial", "paid")


def write_truth(
    folder: Path, world: World, contracts: Contracts, states: States, design_ranges: dict[str, DesignRange]
) -> None:
    """Write all files of the truth into an empty folder."""
    (folder / MARKER).touch()
    pq.write_table(_states(states), folder / "states.parquet")
    pq.write_table(_contacts(world, contracts), folder / "contacts.parquet")
    whole = {name: design_range.numbers() for name, design_range in design_ranges.items()}
    (folder / "promises.json").write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")


def _states(states: States) -> pa.Table:
    return pa.table({
        "as_of": pa.array(states.at.astype("datetime64[s]").astype("datetime64[D]"), pa.date32()),
        "user_id": text.user_id(states.user),
        "population": text.look_up(POPULATIONS, states.paid.astype(np.int64)),
        "probability": pa.array(states.probability),
        "left": pa.array(states.left.astype(np.int8), pa.int8(), mask=~states.matured),
        "already_cancelled": pa.array(states.cancelled),
        "reachable": pa.array(states.reachable),
        "log_odds_observable": pa.array(states.observable, mask=~states.due),
        "log_odds_hidden": pa.array(states.hidden, mask=~states.due),
        "how": text.look_up(HOW, np.where(states.matured, states.how, -1)),
    })  # fmt: skip


def _contacts(world: World, contracts: Contracts) -> pa.Table:
    rows = contact_rows(contracts)
    contacted_periods = contracts.select_rows(rows)
    decision = contacted_periods.decision
    contacted, not_contacted = oracle.contact_probabilities(world.campaigns, contacted_periods)
    late = oracle.is_late(contacted_periods)
    assigned_at = (decision.contacted - MOSCOW_OFFSET).astype("datetime64[s]")
    return pa.table({
        "contact_id": text.prefixed_number("c", np.arange(len(rows)), 7),
        "campaign_id": text.to_text(decision.campaign + FIRST_CAMPAIGN),
        "user_id": text.user_id(contacted_periods.periods.user),
        "group": text.look_up(GROUPS, decision.control.astype(np.int64)),
        "assigned_at": pa.array(assigned_at, pa.timestamp("s", tz="UTC")),
        "p_if_contacted": pa.array(contacted),
        "p_if_not": pa.array(not_contacted),
        "y_if_contacted": pa.array((~decision.stays_if_contacted | late).astype(np.int8)),
        "y_if_not": pa.array((~decision.stays_if_not_contacted | late).astype(np.int8)),
        "risk_at_assignment": pa.array(not_contacted),
    })  # fmt: skip
