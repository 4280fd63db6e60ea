"""Explain a published score: compute it again from the stored snapshot and version, and compare."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
from psycopg import sql
from psycopg.rows import dict_row

from features.snapshot_files import find_snapshot
from jobs.runtime.context import Context
from registry import PARITY_TOLERANCE, approved_files, verified_files
from serving.local_scoring import run_model_process
from serving.udf import REASONS, feature_names
from stack.errors import PrichalError
from stack.postgres import connect


class ExplanationError(PrichalError):
    """A score cannot be explained."""


@dataclass(frozen=True)
class ScoreExplanation:
    """A published score and the same score computed again.

    Attributes:
        published: the row of the mart.
        features: the features of the model, as they are in the snapshot.
        probability: computed again.
        reasons: computed again; None where there are fewer.
        actions: the person's action of the day, and the contacts planned for it.
        snapshot: digests of the snapshot at publication (None if no run recorded it), and of the one that was used now.
    """

    published: Mapping[str, Any]
    features: Mapping[str, float]
    probability: float
    reasons: tuple[str | None, ...]
    actions: tuple[Mapping[str, Any], ...]
    snapshot: tuple[str | None, str]

    @property
    def differences(self) -> list[str]:
        """What is not equal to the published row; empty if all is."""
        published = float(self.published["churn_probability"])
        lines = []
        if abs(self.probability - published) > PARITY_TOLERANCE:
            lines.append(f"churn_probability: published {published:.12f}, computed {self.probability:.12f}")
        for name, text in zip(REASONS, self.reasons, strict=True):
            # A publication can leave reasons out, but it cannot have others.
            if self.published[name] is not None and self.published[name] != text:
                lines.append(f"{name}: published {self.published[name]!r}, computed {text!r}")
        if lines and self.snapshot[0] not in {None, self.snapshot[1]}:
            lines.append("rows of the lake that were known before the date have changed since the publication")
        return lines

    def lines(self) -> list[str]:
        """The explanation, one fact a line."""
        row = self.published
        lines = [
            f"published {row['scored_at']:%Y-%m-%d %H:%M} UTC: {row['churn_probability']:.6f}, decile "
            f"{row['risk_decile']} of {row['population']}, by {row['model_name']} version {row['model_version']}",
            f"computed now from the snapshot {self.snapshot[1]}: {self.probability:.6f}",
        ]
        lines += [f"{name}: {text}" for name, text in zip(REASONS, self.reasons, strict=True) if text is not None]
        lines += [f"feature {name} = {value:g}" for name, value in self.features.items()]
        lines += [", ".join(f"{name} {value}" for name, value in action.items()) for action in self.actions]
        lines += self.differences or ["equal to the published score and reasons"]
        return lines


def explain_score(context: Context, person: str, day: date) -> ScoreExplanation:
    """Compute the score of a person on a day again, with the published version and the snapshot that it used.

    If that snapshot is no longer stored, the current one of the day is used, or built from the lake.

    Raises:
        ExplanationError: no score of the person was published for the day, or the snapshot has no row of the person.
        VersionFilesError: the files of the version are gone or changed.
    """
    published = _published_row(context, person, day)
    digest, entity = _snapshot_at_publication(context, published), context.project.entity
    path = find_snapshot(context.snapshots.folder, day, digest)
    if path is None:
        context.snapshots.build(context.engine, [day])
        path = context.snapshots.path(day)
    key = person if context.project.mart.entity_type == "text" else int(person)
    row = pd.read_parquet(path, filters=[(entity, "==", key)])
    row = row[row["population"] == published["population"]]
    if len(row) != 1:
        raise ExplanationError(
            f"The snapshot of {day} has no row of this person in population {published['population']}: rows of the "
            "lake have changed since the publication; restore a backup of that time to explain the score."
        )
    model, version = str(published["model_name"]), str(published["model_version"])
    approved = approved_files(context.settings.require_database(), model, version)
    with verified_files(model, version, approved) as files:
        features = row[feature_names(files.signature)].astype("float64")
        computed = run_model_process(files, "reasons", features.reset_index(drop=True)).iloc[0]
    reasons = tuple(None if pd.isna(computed[name]) else str(computed[name]) for name in REASONS)
    return ScoreExplanation(
        published, features.iloc[0].to_dict(), float(computed["churn_probability"]), reasons,
        _actions(context, person, day), (digest, path.name),
    )  # fmt: skip


def _published_row(context: Context, person: str, day: date) -> dict[str, Any]:
    mart = context.project.mart
    mart.create(context.settings.require_database())
    query = sql.SQL("select * from {} where score_date = %s and {}::text = %s")
    with connect(context.settings.require_database()) as connection:
        cursor = connection.cursor(row_factory=dict_row)
        row = cursor.execute(query.format(mart.scores, sql.Identifier(mart.entity)), [day, person]).fetchone()
    if row is None:
        raise ExplanationError(
            f"mart.{mart.table} has no score of this person on {day}: the person was in no population, was erased, or "
            "the day was not scored; give another user or date."
        )
    return row


def _actions(context: Context, person: str, day: date) -> tuple[Mapping[str, Any], ...]:
    """The action of the plan, the arm, and the planned contacts with their states."""
    if context.project.actions is None:
        return ()
    project, mart = context.project.name, context.project.mart
    plan = sql.SQL(
        "select campaign, arm, action, expected_effect, expected_gain, policy_version from {} "
        "where score_date = %s and {}::text = %s"
    ).format(mart.actions, sql.Identifier(mart.entity))
    assigned = (
        "select a.campaign, a.arm, a.action as drawn_action, a.probability from ops.assignments a "
        "join ops.campaigns c using (project, campaign) where project = %s and c.starts_on = %s and a.entity = %s"
    )
    contacts = (
        "select channel, offer, contact, planned_for, state, reason from ops.outbox "
        "where project = %s and score_date = %s and entity = %s order by contact"
    )
    mart.create_actions(context.settings.require_database())
    with connect(context.settings.require_database()) as connection:
        cursor = connection.cursor(row_factory=dict_row)
        rows = cursor.execute(assigned, [project, day, person]).fetchall()
        rows += cursor.execute(plan, [day, person]).fetchall()
        rows += cursor.execute(contacts, [project, day, person]).fetchall()
    return tuple(rows)


def _snapshot_at_publication(context: Context, published: Mapping[str, Any]) -> str | None:
    """The digest of the snapshot that the publishing run recorded."""
    query = (
        "select inputs ->> 'snapshot' from ops.runs where project = %s and step = 'score' and outcome = 'done' "
        "and %s between started_at and finished_at order by started_at desc limit 1"
    )
    with connect(context.settings.require_database()) as connection:
        row = connection.execute(query, [context.project.name, published["scored_at"]]).fetchone()
    return None if row is None else row[0]
