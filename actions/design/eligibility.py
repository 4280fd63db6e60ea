"""People who may enter a campaign, and the actions that each of them may get."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from actions.declare.plan import ActionPlan
from features import DuckEngine, SnapshotSpec

#: name of the view of a snapshot's rows.
ROWS = "snapshot_rows"


@dataclass(frozen=True)
class Restrictions:
    """What forbids a campaign or a channel to people, besides the conditions of the plan.

    Attributes:
        resting: people who entered another campaign within the plan's `rest_days`.
        contacts: channel -> person -> contacts within the channel's `cap_days`.
        closed: channel -> people who closed it.
    """

    resting: frozenset[str] = frozenset()
    contacts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    closed: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class EligiblePeople:
    """People who enter a campaign.

    Attributes:
        entities: (n,), keys as text, in order.
        allowed: (n, actions), whether the person may get each action of the plan; at least one.
        left_out: reason -> number of members of the plan's populations who do not enter.
    """

    entities: NDArray[np.object_]
    allowed: NDArray[np.bool_]
    left_out: Mapping[str, int]

    def __len__(self) -> int:
        return len(self.entities)


def read_eligible_people(
    plan: ActionPlan, spec: SnapshotSpec, snapshot: Path, restrictions: Restrictions
) -> EligiblePeople:
    """Evaluate the plan's conditions on a snapshot and apply the restrictions.

    An action is allowed to a person who meets the conditions of its channel and its offer, has not closed the channel,
    and whose contacts by the channel, with those of the action, stay within the frequency cap.

    Args:
        plan: the action plan.
        spec: declarations of the snapshot.
        snapshot: folder of the snapshot.
        restrictions: what else forbids a contact on the day.
    """
    rows = _read_conditions(plan, spec, snapshot)
    entities = rows["entity"].to_numpy(dtype=object)
    meets = rows["meets"].to_numpy(dtype=bool)
    resting = rows["entity"].isin(list(restrictions.resting)).to_numpy(dtype=bool)
    by_conditions = rows[[f"allowed_{place}" for place in range(len(plan.actions))]].to_numpy(dtype=bool)
    allowed = by_conditions & ~_forbidden(plan, rows["entity"], restrictions)
    has_action = allowed.any(axis=1)
    is_eligible = meets & ~resting & has_action
    left_out = {
        "do not meet the plan's condition": ~meets,
        "entered another campaign lately": meets & resting,
        "have no open channel or offer": meets & ~resting & ~by_conditions.any(axis=1),
        "closed their channels or had too many contacts": meets & ~resting & by_conditions.any(axis=1) & ~has_action,
    }
    counts = {reason: int(mask.sum()) for reason, mask in left_out.items() if mask.any()}
    return EligiblePeople(entities[is_eligible], allowed[is_eligible], counts)


def allowed_sql(plan: ActionPlan) -> str:
    """SQL columns `allowed_<place>` over a snapshot: whether channel and offer of each action accept the person."""
    return ", ".join(
        f"coalesce(({plan.channel(action).where}) and ({plan.offer(action).where}), false) as allowed_{place}"
        for place, action in enumerate(plan.actions)
    )


def _read_conditions(plan: ActionPlan, spec: SnapshotSpec, snapshot: Path) -> pd.DataFrame:
    """One row per member of the plan's populations: entity, `meets` and `allowed_<place>`."""
    engine = DuckEngine(spec.time_zone)
    engine.show_files(ROWS, [snapshot])
    populations = ", ".join(f"'{name}'" for name in plan.populations)
    return engine.frame(
        f"select cast({spec.entity} as string) as entity, coalesce(({plan.where}), false) as meets, "
        f"{allowed_sql(plan)} from {ROWS} where population in ({populations}) order by entity"
    )


def _forbidden(plan: ActionPlan, entities: pd.Series, restrictions: Restrictions) -> NDArray[np.bool_]:
    """Mask (n, actions) of the actions by a closed channel or above a frequency cap."""
    forbidden = np.zeros((len(entities), len(plan.actions)), dtype=bool)
    for channel in plan.channels:
        closed = entities.isin(list(restrictions.closed.get(channel.name, ()))).to_numpy(dtype=bool)
        counts = restrictions.contacts.get(channel.name, {})
        used = entities.map(counts).fillna(0).to_numpy(dtype=np.int64) if counts else np.zeros(len(entities), int)
        for place, action in enumerate(plan.actions):
            if action.channel == channel.name:
                forbidden[:, place] = closed | (used + action.contacts > channel.frequency_cap)
    return forbidden
