"""Files of the truth: states, contacts, effects of actions and design ranges. No step of the pipeline reads them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from projects.churn.simulator.actions import ARM_NAMES
from projects.churn.simulator.calendar import MOSCOW_OFFSET
from projects.churn.simulator.campaigns import FIRST_CAMPAIGN
from projects.churn.simulator.contracts.contract import Contracts
from projects.churn.simulator.systems import text
from projects.churn.simulator.systems.messages import GROUPS, contact_rows
from projects.churn.simulator.truth import oracle
from projects.churn.simulator.truth.action_effects import action_effects
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
    pq.write_table(_contacts(contracts), folder / "contacts.parquet")
    pq.write_table(_action_effects(world, contracts), folder / "action_effects.parquet")
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


def _contacts(contracts: Contracts) -> pa.Table:
    """Assignments to arms, with the true probability and the outcome of leaving in every arm."""
    rows = contact_rows(contracts)
    contacted_periods = contracts.select_rows(rows)
    decision = contacted_periods.decision
    left = ~decision.stays | oracle.is_late(contacted_periods)[:, None]
    left[:, 1:] = np.where(contacted_periods.intent.open_actions(decision.contacted), left[:, 1:], left[:, :1])
    assigned_at = (decision.contacted - MOSCOW_OFFSET).astype("datetime64[s]")
    return pa.table({
        "contact_id": text.prefixed_number("c", np.arange(len(rows)), 7),
        "campaign_id": text.to_text(decision.campaign + FIRST_CAMPAIGN),
        "user_id": text.user_id(contacted_periods.periods.user),
        "group": text.look_up(GROUPS, decision.control.astype(np.int64)),
        "action": text.look_up(ARM_NAMES, decision.arm),
        "probability": pa.array(decision.arm_probability),
        "assigned_at": pa.array(assigned_at, pa.timestamp("s", tz="UTC")),
        **_by_arm("p", oracle.leaving_by_arm(contacted_periods, decision.contacted)),
        **_by_arm("y", left.astype(np.int8)),
    })  # fmt: skip


def _action_effects(world: World, contracts: Contracts) -> pa.Table:
    effects = action_effects(world, contracts)
    return pa.table({
        "as_of": pa.array(effects.at.astype("datetime64[s]").astype("datetime64[D]"), pa.date32()),
        "user_id": text.user_id(effects.user),
        "population": text.look_up(POPULATIONS, effects.paid.astype(np.int64)),
        "can_change": pa.array(effects.can_change),
        **_by_arm("p", effects.probabilities),
    })  # fmt: skip


def _by_arm(prefix: str, values: NDArray[Any]) -> dict[str, pa.Array]:
    """One column of (n, arms) values for each arm, such as `p_control`."""
    return {f"{prefix}_{name}": pa.array(column) for name, column in zip(ARM_NAMES, values.T, strict=True)}
