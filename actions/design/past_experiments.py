"""Randomised experiments of the past: assignments of the history and of our own campaigns, with their outcomes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from itertools import chain

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from actions.declare.plan import CONTROL, ActionPlan
from actions.design.arm_probabilities import (
    SUM_TOLERANCE,
    ArmProbabilities,
    design_probabilities,
    estimated_probabilities,
    select_arms,
)
from actions.design.assigned_rows import read_assignment_history, read_own_assignments
from actions.design.contamination import contacted_controls
from actions.design.experiment_checks import (
    balance_check,
    contamination_check,
    probability_check,
    sample_ratio_check,
)
from actions.design.outcomes import matured_days, read_outcomes
from actions.design.published_churn import published_before
from actions.experiment import Experiment, ExperimentError
from features import Engine, Snapshots
from registry.gate.checks.check import Check
from serving import Mart
from stack.postgres import connect

#: fewest rows of an arm; the rows of a smaller arm are left out and counted.
MIN_ARM_ROWS = 30


@dataclass(frozen=True)
class PastExperiments:
    """Randomised rows of past campaigns, and what became of the others.

    Attributes:
        experiment: the rows that can be analysed.
        left_out: reason -> number of assignments that cannot be analysed.
        checks: sample ratio, balance of features, contamination, and sums of the recorded probabilities.
        contaminated_share: share of the control rows that were contacted by their campaign; None without a history of
            reactions.
    """

    experiment: Experiment
    left_out: Mapping[str, int]
    checks: tuple[Check, ...]
    contaminated_share: float | None

    def describe(self) -> str:
        """One clause: rows, campaigns, and the reasons for which other rows were left out."""
        campaigns = len(np.unique(self.experiment.campaigns.astype(str)))
        left_out = ", ".join(f"{count:,} {reason}" for reason, count in self.left_out.items())
        rows = f"{len(self.experiment):,} randomised rows of {campaigns} campaigns"
        return f"{rows}; left out: {left_out}" if left_out else rows


def read_past_experiments(
    plan: ActionPlan,
    snapshots: Snapshots,
    engine: Callable[[], Engine],
    as_of: date,
    mart: Mart,
    database_url: str,
    *,
    own_campaigns: bool = True,
) -> PastExperiments:
    """Read the assignments of the last `history_days` whose labels have matured; missing snapshots are built.

    Features are those of the snapshot of the day of the assignment, and the outcome is the label of that snapshot.

    Args:
        plan: the action plan.
        snapshots: the project's snapshots.
        engine: returns the engine that builds snapshots.
        as_of: only what is known on this day counts.
        mart: table of the scores, for the baseline.
        database_url: database of the mart and of the `ops` tables.
        own_campaigns: whether control and exploring people of `ops.assignments` belong to it.

    Raises:
        ExperimentError: no assignment, no control or no action is left.
    """
    rows = read_assignment_history(plan, snapshots, as_of)
    if own_campaigns:
        with connect(database_url) as connection:
            ours = read_own_assignments(connection, plan, snapshots.spec.project, as_of)
        rows = pd.concat([rows, ours], ignore_index=True) if len(rows) else ours
    left_out: dict[str, int] = {}
    rows = _usable(rows, left_out)
    days = matured_days(plan, snapshots, sorted(rows["assigned_on"].dt.date.unique()), as_of)
    rows = _filter(rows, rows["assigned_on"].dt.date.isin(days), "wait for their label", left_out)
    _require_rows(rows, left_out)
    snapshots.build(engine, days)
    rows = _with_outcomes(plan, snapshots, rows, left_out)
    _require_rows(rows, left_out)
    rows, probabilities = _with_probabilities(plan, rows)
    experiment, is_used = _experiment(plan, snapshots, rows, probabilities, left_out)
    rows = rows[is_used]
    experiment = replace(experiment, baseline=published_before(database_url, mart, rows))
    contacted = contacted_controls(plan, snapshots, rows, as_of)
    checks = (
        sample_ratio_check(experiment),
        balance_check(experiment),
        contamination_check(contacted),
        probability_check(probabilities.unscaled_sum[is_used], SUM_TOLERANCE),
    )
    return PastExperiments(experiment, left_out, checks, None if contacted is None else contacted.share)


def _filter(rows: pd.DataFrame, mask: pd.Series, reason: str, left_out: dict[str, int]) -> pd.DataFrame:
    """The rows of the mask; the others are counted."""
    count = int((~mask).sum())
    if count:
        left_out[reason] = left_out.get(reason, 0) + count
    return rows[mask].reset_index(drop=True)


def _require_rows(rows: pd.DataFrame, left_out: Mapping[str, int]) -> None:
    if rows.empty:
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in left_out.items()) or "there is no assignment"
        raise ExperimentError(
            f"No past assignment can be analysed ({reasons}): run randomised campaigns, or wait for their labels."
        )


def _usable(rows: pd.DataFrame, left_out: dict[str, int]) -> pd.DataFrame:
    """The rows that were drawn at random, once per person and campaign, in campaigns of two arms or more."""
    is_single = ~rows.duplicated(["campaign", "person"], keep=False)
    rows = _filter(rows, is_single, "were assigned twice in a campaign", left_out)
    is_random = (rows["probability"] > 0) & (rows["probability"] < 1)
    rows = _filter(rows, is_random, "have a probability of 0, 1 or none, so nothing was drawn", left_out)
    arms = rows.groupby("campaign")["arm"].transform("nunique")
    rows = _filter(rows, arms >= 2, "are of a campaign with one arm", left_out)
    is_described = rows["allowed"].notna() == (rows["control_share"] > 0)  # a history has neither
    return _filter(rows, is_described, "are of a campaign without recorded shares", left_out)


def _with_outcomes(
    plan: ActionPlan, snapshots: Snapshots, rows: pd.DataFrame, left_out: dict[str, int]
) -> pd.DataFrame:
    """The rows with the columns of their snapshots, of people with a label in a population of the plan."""
    outcomes = read_outcomes(plan, snapshots, rows)
    rows = rows.merge(outcomes, on=["person", "assigned_on"], how="left", validate="many_to_one")
    rows = _filter(rows, rows["population"].notna(), "were in no population on the day", left_out)
    in_plan = rows["population"].isin(plan.populations)
    rows = _filter(rows, in_plan, "were in a population that the plan does not contact", left_out)
    return _filter(rows, rows["label"].notna(), "have no label", left_out)


def _with_probabilities(plan: ActionPlan, rows: pd.DataFrame) -> tuple[pd.DataFrame, ArmProbabilities]:
    """The rows with the position of their arm, and the probabilities of all arms, undeclared ones at the end."""
    others = sorted({*rows["arm"], *chain.from_iterable(rows["allowed"].dropna())} - {*plan.arms})
    arms = [*plan.arms, *others]
    rows = rows.assign(arm_place=rows["arm"].map({name: place for place, name in enumerate(arms)}))
    conditions = rows[[f"allowed_{place}" for place in range(len(plan.actions))]].to_numpy(dtype=bool)
    always = np.ones((len(rows), 1), dtype=bool)
    undeclared = np.ones((len(rows), len(arms) - len(plan.arms)), dtype=bool)
    is_own = rows["control_share"].notna().to_numpy()
    probability, unscaled_sum = np.zeros((len(rows), len(arms))), np.ones(len(rows))
    past = rows[~is_own]
    estimated = estimated_probabilities(
        past["campaign"].to_numpy(dtype=object),
        past["arm_place"].to_numpy(dtype=np.int_),
        past["probability"].to_numpy(dtype=np.float64),
        np.hstack([always, conditions, undeclared])[~is_own],
    )
    probability[~is_own], unscaled_sum[~is_own] = estimated.probability, estimated.unscaled_sum
    ours = rows[is_own]
    allowed = np.array([[name in names for name in arms[1:]] for names in ours["allowed"]], dtype=bool)
    probability[is_own] = design_probabilities(
        ours["control_share"].to_numpy(dtype=np.float64),
        ours["explore_share"].to_numpy(dtype=np.float64),
        allowed.reshape(len(ours), len(arms) - 1),
    ).probability
    return rows, ArmProbabilities(probability, unscaled_sum)


def _experiment(
    plan: ActionPlan,
    snapshots: Snapshots,
    rows: pd.DataFrame,
    probabilities: ArmProbabilities,
    left_out: dict[str, int],
) -> tuple[Experiment, NDArray[np.bool_]]:
    """The experiment of the declared arms that have enough rows, and the mask of its rows."""
    place = rows["arm_place"].to_numpy(dtype=np.int_)
    counts = np.bincount(place, minlength=probabilities.probability.shape[1])
    is_declared = np.arange(len(counts)) < len(plan.arms)
    keep = is_declared & (counts >= MIN_ARM_ROWS)
    keep[0] = True
    is_used = keep[place]
    _filter(rows, pd.Series(is_declared[place]), "got an action that the plan does not declare", left_out)
    _filter(rows, pd.Series(is_used | ~is_declared[place]), f"are of an arm with fewer than {MIN_ARM_ROWS}", left_out)
    if counts[0] == 0 or not keep[1:].any():
        what = f"no row of {CONTROL}" if counts[0] == 0 else f"no action with {MIN_ARM_ROWS} rows or more"
        raise ExperimentError(f"Past assignments have {what}: there is nothing to compare; run a randomised campaign.")
    used, names = rows[is_used], [feature.name for feature in snapshots.spec.features]
    costs = np.array([0.0, *(plan.cost(action) for action in plan.actions)])
    arms = np.array(plan.arms, dtype=object)[keep[: len(plan.arms)]]
    experiment = Experiment(
        names=tuple(names),
        rows=used[names].to_numpy(dtype=np.float64, na_value=np.nan),
        people=used["person"].to_numpy(dtype=object),
        campaigns=used["campaign"].to_numpy(dtype=object),
        assigned_on=used["assigned_on"].to_numpy().astype("datetime64[D]"),
        arms=tuple(str(name) for name in arms),
        arm=(np.cumsum(keep) - 1)[place[is_used]],
        probability=select_arms(probabilities.probability[is_used], keep),
        outcome=1.0 - used["label"].to_numpy(dtype=np.float64),
        cost=costs[keep[: len(plan.arms)]],
        baseline=np.full(len(used), np.nan),
    )
    return experiment, is_used
