"""Rows of the campaigns that `assign` opened: groups from `ops.assignments`, outcomes and segments from snapshots."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
from psycopg import sql

from actions.declare.plan import CONTROL, ActionPlan
from actions.design.published_churn import published_before
from actions.experiment import Experiment, Floats
from actions.lift.rows.campaign_rows import GLOBAL_CONTROL, POLICY, CampaignRows, PendingCampaign
from features import Engine, Snapshots
from features.declare.label import LABEL
from serving import Mart
from stack.postgres import connect

EXPLORE = "explore"
#: columns of `ops.assignments`.
ASSIGNMENT = ("entity", "arm", "action", "probability", "allowed_actions", "assigned_at")


@dataclass(frozen=True)
class AssignedRows:
    """Reads the campaigns of one project that began within the plan's `history_days`.

    Attributes:
        plan: the action plan.
        snapshots: of the project.
        mart: table of the scores before each campaign.
        database_url: of the mart and of the `ops` tables.
        known_until: the day before which outcomes are known.
    """

    plan: ActionPlan
    snapshots: Snapshots
    mart: Mart
    database_url: str
    known_until: date

    @property
    def reach(self) -> timedelta:
        """Time from an assignment until the labels of all populations of the plan are mature."""
        populations = self.snapshots.spec.populations
        return max(population.label.reach for population in populations if population.name in self.plan.populations)

    @property
    def features(self) -> tuple[str, ...]:
        """Features of the segments."""
        return tuple(dict.fromkeys(segment.feature for segment in self.plan.segments))

    @property
    def since(self) -> date:
        """The first day of the campaigns that are measured."""
        return self.known_until - timedelta(days=self.plan.history_days)

    def campaign_names(self) -> list[str]:
        """Names of the campaigns that are measured."""
        return [name for name, _ in self._campaigns()]

    def matured(self, engine: Callable[[], Engine]) -> list[CampaignRows]:
        """The rows of each campaign whose labels have matured; missing snapshots are built."""
        campaigns = [(name, day) for name, day in self._campaigns() if self._is_matured(day)]
        self.snapshots.build(engine, [day for _, day in campaigns])
        return [rows for name, day in campaigns if len(rows := self._rows(name, day))]

    def pending(self) -> list[PendingCampaign]:
        """The campaigns whose labels have not matured; campaigns that begin later than the day do not count."""
        days = {name: day for name, day in self._campaigns() if not self._is_matured(day)}
        query = (
            "select campaign, arm, action, count(*) from ops.assignments where project = %s and campaign = any(%s) "
            "group by campaign, arm, action"
        )
        with connect(self.database_url) as connection:
            counted = connection.execute(query, [self.snapshots.spec.project, list(days)]).fetchall()
        frame = pd.DataFrame(counted, columns=["campaign", "arm", "action", "people"])
        return [self._pending(name, day, frame[frame["campaign"] == name]) for name, day in days.items()]

    def _pending(self, name: str, day: date, counts: pd.DataFrame) -> PendingCampaign:
        people = counts.groupby("arm")["people"].sum()
        costs = {action.name: self.plan.cost(action) for action in self.plan.actions}
        explored = float((counts["action"].map(costs).fillna(0) * counts["people"]).sum())
        planned = sum(self._policy_costs(name).values())
        treated = int(people.get(EXPLORE, 0) + people.get(POLICY, 0))
        control, global_control = int(people.get(CONTROL, 0)), int(people.get(GLOBAL_CONTROL, 0))
        return PendingCampaign(name, treated, control, global_control, day + self.reach, explored + planned)

    def _campaigns(self) -> list[tuple[str, date]]:
        query = (
            "select campaign, starts_on from ops.campaigns where project = %s and starts_on between %s and %s "
            "order by 2, 1"
        )
        with connect(self.database_url) as connection:
            rows = connection.execute(query, [self.snapshots.spec.project, self.since, self.known_until]).fetchall()
        return [(str(name), day) for name, day in rows if self.snapshots.covers(day)]

    def _is_matured(self, day: date) -> bool:
        return day + self.reach <= self.known_until

    def _rows(self, campaign: str, day: date) -> CampaignRows:
        """The rows of a campaign with a label. A trial that ends after the horizon has none."""
        assigned = self._assignments(campaign)
        frame = assigned.merge(self._outcomes(day), on="entity", validate="one_to_one")
        frame["baseline"] = self._scores_before(day, frame)
        return self._campaign_rows(campaign, day, assigned, frame)

    def _campaign_rows(self, campaign: str, day: date, assigned: pd.DataFrame, frame: pd.DataFrame) -> CampaignRows:
        arms = (*self.plan.arms, POLICY, GLOBAL_CONTROL)
        name = frame["action"].where(frame["arm"] == EXPLORE, frame["arm"])
        costs = np.array([0.0, *map(self.plan.cost, self.plan.actions), 0.0, 0.0])
        place = name.map({arm: place for place, arm in enumerate(arms)})
        is_declared = place.notna()  # an action that the plan no longer declares is not compared
        frame, arm = frame[is_declared], np.asarray(place[is_declared].to_numpy(), dtype=np.int_)
        experiment = Experiment(
            names=self.features,
            rows=frame[list(self.features)].to_numpy(dtype=np.float64, na_value=np.nan),
            people=frame["entity"].to_numpy(dtype=object),
            campaigns=np.full(len(frame), campaign, dtype=object),
            assigned_on=np.full(len(frame), np.datetime64(day, "D")),
            arms=arms,
            arm=arm,
            probability=_probabilities(arms, assigned, frame),
            outcome=1.0 - frame[LABEL].to_numpy(dtype=np.float64),
            cost=costs,
            baseline=frame["baseline"].to_numpy(dtype=np.float64),
        )
        planned = frame["entity"].map(self._policy_costs(campaign)).fillna(0.0).to_numpy(dtype=np.float64)
        return CampaignRows(experiment, np.where(arm == arms.index(POLICY), planned, costs[arm]))

    def _assignments(self, campaign: str) -> pd.DataFrame:
        query = (
            f"select {', '.join(ASSIGNMENT)} from ops.assignments where project = %s and campaign = %s order by entity"
        )
        with connect(self.database_url) as connection:
            rows = connection.execute(query, [self.snapshots.spec.project, campaign]).fetchall()
        return pd.DataFrame(rows, columns=list(ASSIGNMENT))

    def _outcomes(self, day: date) -> pd.DataFrame:
        """Entity, label and features of the segments of every person of the plan's populations with a label."""
        entity = self.snapshots.spec.entity
        columns = [entity, "population", LABEL, *self.features]
        frame = pd.concat(
            [pd.read_parquet(file, columns=columns) for file in sorted(self.snapshots.path(day).glob("*.parquet"))]
        )
        is_used = frame["population"].isin(self.plan.populations) & frame[LABEL].notna()
        return frame[is_used].assign(entity=frame.loc[is_used, entity].astype(str))

    def _scores_before(self, day: date, frame: pd.DataFrame) -> Floats:
        """Churn probability of every row that was published before the assignment."""
        moments = pd.to_datetime(frame["assigned_at"], utc=True)
        rows = pd.DataFrame({"person": frame["entity"], "assigned_on": pd.Timestamp(day), "assigned_at": moments})
        return published_before(self.database_url, self.mart, rows)

    def _policy_costs(self, campaign: str) -> dict[str, float]:
        """Expected cost of the people for whom the policy planned an action."""
        table = f"{self.snapshots.spec.project}_actions"
        with connect(self.database_url) as connection:
            row = connection.execute("select to_regclass(format('mart.%%I', %s::text))", [table]).fetchone()
            if row is None or row[0] is None:
                return {}
            query = sql.SQL("select {}::text, cost from {} where campaign = %s and arm = 'policy'").format(
                sql.Identifier(self.mart.entity), sql.Identifier("mart", table)
            )
            return dict(connection.execute(query, [campaign]).fetchall())


def _probabilities(arms: Sequence[str], assigned: pd.DataFrame, frame: pd.DataFrame) -> Floats:
    """Probability (n, k) of every arm; the group of a campaign is drawn with the same probability for everybody."""
    probability = np.zeros((len(frame), len(arms)))
    for group in (CONTROL, GLOBAL_CONTROL, POLICY):
        probability[:, arms.index(group)] = _group_probability(assigned, group)
    explored = assigned[assigned["arm"] == EXPLORE]
    share = float((explored["probability"] * explored["allowed_actions"].str.len()).mean()) if len(explored) else 0.0
    for row, place in _allowed(arms, frame):
        probability[row, place] = share / len(frame["allowed_actions"].iloc[row])
    return probability


def _group_probability(assigned: pd.DataFrame, group: str) -> float:
    """Probability of a group; 0 if nobody was drawn into it."""
    rows = assigned.loc[assigned["arm"] == group, "probability"]
    return float(rows.iloc[0]) if len(rows) else 0.0


def _allowed(arms: Sequence[str], frame: pd.DataFrame) -> Iterator[tuple[int, int]]:
    """Row and arm of every action that a person could get and that the plan declares."""
    places = {name: place for place, name in enumerate(arms)}
    for row, allowed in enumerate(frame["allowed_actions"]):
        yield from ((row, places[name]) for name in allowed or () if name in places)
