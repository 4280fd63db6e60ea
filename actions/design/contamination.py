"""Contacts outside the design: control people whom their campaign contacted nevertheless."""

from dataclasses import dataclass
from datetime import date

import pandas as pd

from actions.declare.plan import CONTROL, ActionPlan
from actions.design.contact_history import register_history
from features import DuckEngine, Snapshots
from lake.identity import KNOWN


@dataclass(frozen=True)
class ContactedControls:
    """Control rows that got a message of their campaign.

    Attributes:
        control: number of control rows.
        contacted: number of those with a message.
        worst_campaign: the campaign with most of them; None without any.
    """

    control: int
    contacted: int
    worst_campaign: str | None

    @property
    def share(self) -> float:
        """Share of the control rows with a message."""
        return self.contacted / max(1, self.control)


def contacted_controls(
    plan: ActionPlan, snapshots: Snapshots, rows: pd.DataFrame, as_of: date
) -> ContactedControls | None:
    """Count control rows with a message of their campaign in the plan's history of reactions.

    Every reaction but a refusal by the platform shows a contact.

    Args:
        plan: the action plan.
        snapshots: the project's snapshots, for its tables in the lake.
        rows: assignments, with `person`, `campaign` and `arm`.
        as_of: only reactions that were known before this day count.

    Returns:
        The counts; None if the plan has no history of reactions.
    """
    if plan.reactions is None:
        return None
    controls = rows.loc[rows["arm"] == CONTROL, ["person", "campaign"]]
    contacted = controls.merge(_contacts(plan, snapshots, as_of), on=["person", "campaign"])
    worst = None if contacted.empty else str(contacted["campaign"].value_counts().index[0])
    return ContactedControls(len(controls), len(contacted), worst)


def _contacts(plan: ActionPlan, snapshots: Snapshots, as_of: date) -> pd.DataFrame:
    """Distinct `person` and `campaign` with a message."""
    reactions, engine = plan.reactions, DuckEngine(snapshots.spec.time_zone)
    source = None if reactions is None else register_history(engine, snapshots, reactions.source)
    if reactions is None or source is None:
        return pd.DataFrame({"person": [], "campaign": []}, dtype=object)
    shows_contact = [value for value, meaning in reactions.meanings.items() if meaning != "refused"]
    texts = ", ".join(f"'{value}'" for value in shows_contact)
    return engine.frame(
        f"select distinct cast({source.entity} as string) as person, cast({reactions.campaign} as string) as campaign "
        f"from {source.name} where {reactions.reaction} in ({texts}) and {reactions.campaign} is not null "
        f"and cast({KNOWN} as date) < date'{as_of}'"
    )
