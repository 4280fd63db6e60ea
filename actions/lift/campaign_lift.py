"""The step `lift`: measure every campaign of a project, store the rows, log pictures and a page to MLflow."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import mlflow
import numpy as np
import pandas as pd

from actions.declare.plan import ActionPlan
from actions.design.past_experiments import read_past_experiments
from actions.experiment import ExperimentError
from actions.lift.contacted_people import read_contacts
from actions.lift.label_influence import LabelInfluence, influence_metrics, measure_influence
from actions.lift.measure.lift_row import ALL_CAMPAIGNS, HARMED, NOT_KNOWN_YET, LiftRow
from actions.lift.measure.measurement import LiftMeasurement
from actions.lift.report.lift_table import LiftTable, sentences
from actions.lift.report.page import LiftPage
from actions.lift.report.pictures import lift_gallery
from actions.lift.rows.assigned_rows import AssignedRows
from actions.lift.rows.campaign_rows import CampaignRows
from actions.lift.rows.combined_rows import combine
from actions.lift.rows.past_campaigns import pending_past_campaigns
from features import Engine, Snapshots
from features.declare.label import LABEL
from registry.review_page.html import as_html
from serving import Mart, published_dates, published_scores
from training import pngs

PAGE, PICTURES = "lift.html", "lift"


@dataclass(frozen=True)
class LiftResult:
    """All rows of `mart.campaign_lift` of the project, the number of people in them, and how contacts change labels."""

    rows: tuple[LiftRow, ...]
    people: int
    influence: tuple[LabelInfluence, ...]

    def sentences(self) -> list[str]:
        """All campaigns together, and how many are not known yet."""
        return _report(list(self.rows))


@dataclass(frozen=True)
class CampaignLift:
    """Measures one project on one day, inside an MLflow run.

    Attributes:
        plan: the action plan.
        snapshots: of the project.
        engine: builds missing snapshots.
        day: day of the measurement.
        mart: table of the published scores.
        database_url: of the mart and of the `ops` tables.
        say: prints a line.
    """

    plan: ActionPlan
    snapshots: Snapshots
    engine: Callable[[], Engine]
    day: date
    mart: Mart
    database_url: str
    say: Callable[[str], None]

    def run(self) -> LiftResult:
        """Measure everything, replace the project's rows, and log pictures, page and figures."""
        assigned = self._assigned()
        rows = combine([*self._past(assigned), *assigned.matured(self.engine)], assigned.features)
        measured = self._measure(assigned, rows)
        influence = self._influence(assigned)
        table = LiftTable(self.database_url, self.snapshots.spec.project, self.plan.currency)
        table.replace(self.day, assigned.since + assigned.reach, measured)
        self._log(measured, influence)
        return LiftResult(tuple(measured), len(rows), tuple(influence))

    def _assigned(self) -> AssignedRows:
        until = self.snapshots.known_until(self.day)
        return AssignedRows(self.plan, self.snapshots, self.mart, self.database_url, until)

    def _past(self, assigned: AssignedRows) -> list[CampaignRows]:
        """The matured rows of the history in the lake; a campaign of ours that it holds too is not counted twice."""
        if self.plan.assignments is None:
            return []
        try:
            past = read_past_experiments(
                self.plan, self.snapshots, self.engine, self.day, self.mart, self.database_url, own_campaigns=False
            )
        except ExperimentError as error:
            self.say(f"lift · history: {error}")
            return []
        self.say(f"lift · history: {past.describe()}")
        is_past = ~np.isin(past.experiment.campaigns.astype(str), assigned.campaign_names())
        return [CampaignRows.of(past.experiment.select(is_past))]

    def _measure(self, assigned: AssignedRows, rows: CampaignRows) -> list[LiftRow]:
        until, reach = assigned.known_until, assigned.reach
        past, names = pending_past_campaigns(self.plan, self.snapshots, until, reach), assigned.campaign_names()
        pending = [*(campaign for campaign in past if campaign.campaign not in names), *assigned.pending()]
        return LiftMeasurement(rows, pending, self.plan.segments, self.plan.value, reach).measure()

    def _influence(self, assigned: AssignedRows) -> list[LabelInfluence]:
        """Compare the quality of the published scores with and without the people whom we contacted."""
        days = [
            day
            for day in published_dates(self.database_url, self.mart)
            if self.snapshots.covers(day) and day + assigned.reach <= assigned.known_until
        ]
        self.snapshots.build(self.engine, days)
        scores = [self._scores_with_labels(day) for day in days]
        if not scores:
            return []
        contacts = read_contacts(self.database_url, self.plan, self.snapshots)
        return measure_influence(pd.concat(scores), contacts, assigned.reach)

    def _scores_with_labels(self, day: date) -> pd.DataFrame:
        entity = self.mart.entity
        scores = published_scores(self.database_url, self.mart, day)
        labels = pd.read_parquet(self.snapshots.path(day), columns=[entity, LABEL]).dropna()
        joined = scores.merge(labels, on=entity, validate="one_to_one")
        return joined.rename(columns={entity: "entity"}).assign(as_of=pd.Timestamp(day))

    def _log(self, rows: list[LiftRow], influence: list[LabelInfluence]) -> None:
        pictures = pngs(lift_gallery(rows, self.plan.currency))
        for name, figure in lift_gallery(rows, self.plan.currency):
            mlflow.log_figure(figure, f"{PICTURES}/{name}.png")
        facts = [each.sentence for each in influence]
        content = LiftPage(
            self.snapshots.spec.project, self.day, rows, self.plan.currency, self.plan.basis, facts
        ).page(pictures)
        mlflow.log_text(as_html(content), PAGE)
        mlflow.log_metrics({**_metrics(rows), **influence_metrics(influence)})
        mlflow.set_tag("mlflow.note.content", content.verdict)
        for line in _report(rows):
            self.say(f"lift · {line}")


def _metrics(rows: list[LiftRow]) -> dict[str, float]:
    """Figures of all campaigns together, by comparison."""
    figures: dict[str, float] = {
        "campaigns": float(len({row.campaign for row in rows} - {ALL_CAMPAIGNS})),
        "campaigns_not_known_yet": float(len({row.campaign for row in rows if row.conclusion == NOT_KNOWN_YET})),
        "harmed_groups": float(sum(row.conclusion == HARMED for row in rows)),
    }
    for row in rows:
        if row.is_whole and row.campaign == ALL_CAMPAIGNS and row.estimate and row.people_kept and row.money:
            prefix = row.comparison.replace(" ", "_")
            figures |= {
                f"{prefix}_lift": row.estimate.value,
                f"{prefix}_lift_low": row.estimate.low,
                f"{prefix}_lift_high": row.estimate.high,
                f"{prefix}_people_kept": row.people_kept[0],
                f"{prefix}_money": row.money[0],
            }
    return figures


def _report(rows: list[LiftRow]) -> list[str]:
    """Lines for the console: all campaigns, and how many are not known yet."""
    pairs = zip(rows, sentences(rows), strict=True)
    lines = [
        f"{row.campaign} against {row.comparison}: {text}"
        for row, text in pairs
        if row.is_whole and row.campaign == ALL_CAMPAIGNS
    ]
    waiting = sorted({(row.matures_on, row.campaign) for row in rows if row.conclusion == NOT_KNOWN_YET})
    if waiting:
        lines.append(f"{len(waiting)} campaigns are not known yet; {waiting[0][1]} is known on {waiting[0][0]}")
    return lines or ["no campaign to measure"]
