"""Rows to compare two versions: evaluation rows of the challenger that production was not fitted on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from features import Population, Snapshots
from stack.errors import PrichalError
from training.data.contacts import Contacts
from training.data.frame import Frame, read_frame
from training.data.immature_seasonal_features import immature_seasonal_features, mask_features
from training.data.stratified_holdout import split_stratified_holdout
from training.data.validation import BY_ENTITY, validation
from training.plan import TrainingPlan


class ComparisonRowsError(PrichalError):
    """No rows are left on which two versions can be compared."""


@dataclass(frozen=True)
class ComparisonRows:
    """Matured rows that neither version was fitted on.

    Attributes:
        frame: rows with every feature of the project.
        parts: snapshot dates of the rows, or names of the holdout parts where rows carry no dates.
        digest: digest of the rows with the challenger's features; equal to that of its evidence if the rows are equal.
        matured_until: day on which the last label matures; None without dates.
    """

    frame: Frame
    parts: tuple[str, ...]
    digest: str
    matured_until: date | None

    def json(self) -> dict[str, Any]:
        """Content for `measured.json`."""
        return {
            "dates": list(self.parts),
            "digest": self.digest,
            "rows": len(self.frame),
            "left": int(self.frame.labels.sum()),
            "matured_until": None if self.matured_until is None else str(self.matured_until),
        }


def comparison_dates(
    snapshots: Snapshots, evidence: Mapping[str, Any], production: Mapping[str, Any] | None
) -> list[date]:
    """List the snapshot dates of the comparison.

    Args:
        snapshots: snapshots of the project.
        evidence: evidence of the challenger.
        production: evidence of the version in production; None if there is none.

    Raises:
        ComparisonRowsError: no date is left, or the evidence lacks a value.
    """
    test_dates = _data_value(evidence, "challenger", "out_of_time")
    if validation(evidence["data"]) == BY_ENTITY:
        return [snapshots.latest]
    days = [date.fromisoformat(day) for day in test_dates]
    if production is None:
        return days
    windows = _data_value(production, "version in production", "windows")
    if windows is None:
        raise ComparisonRowsError(
            "The version in production was not fitted by dates: train both on the same table first."
        )
    until = date.fromisoformat(windows["development"]["labels_until"])
    dates = [day for day in days if day >= until]
    if not dates:
        raise ComparisonRowsError(
            f"The version in production was fitted on labels up to {until}, and the challenger was evaluated on "
            f"{days[0]} to {days[-1]}: no row is left that neither was fitted on; train the challenger on later data."
        )
    return dates


def read_comparison_rows(
    snapshots: Snapshots,
    population: Population,
    plan: TrainingPlan,
    evidence: Mapping[str, Any],
    production: Mapping[str, Any] | None,
    names: Sequence[str],
    contacts: Contacts | None = None,
) -> ComparisonRows:
    """Read the rows; the snapshots of `comparison_dates` must exist.

    Args:
        snapshots: snapshots of the project.
        population: population of both versions.
        plan: training plan of the project.
        evidence: evidence of the challenger.
        production: evidence of the version in production; None if there is none.
        names: the challenger's features, in its order.
        contacts: our own contacts; needed if the plan leaves contacted people out.

    Raises:
        ComparisonRowsError: a version may have been fitted on the rows.
        TooLittleDataError: there are no rows.
    """
    days, spec = comparison_dates(snapshots, evidence, production), snapshots.spec
    every = [feature.name for feature in spec.features]
    frame = read_frame([snapshots.path(day) for day in days], every, spec.entity, population.name)
    if validation(evidence["data"]) == BY_ENTITY:
        return _holdout_rows(frame, plan, evidence, production, names)
    if plan.without_contacted and contacts is not None:
        frame = contacts.leave_out(frame, population.label.reach)
    development = [date.fromisoformat(day) for day in _data_value(evidence, "challenger", "development")]
    later = {date.fromisoformat(day) for day in evidence["data"].get("calibration", ())}
    left_out = immature_seasonal_features(spec.features, [day for day in development if day not in later])
    seen = mask_features(_columns(frame, names), left_out)
    return ComparisonRows(frame, tuple(map(str, days)), seen.digest(), max(days) + population.label.reach)


def _holdout_rows(
    frame: Frame,
    plan: TrainingPlan,
    evidence: Mapping[str, Any],
    production: Mapping[str, Any] | None,
    names: Sequence[str],
) -> ComparisonRows:
    """The holdout parts, if the table is the one that both versions were trained on."""
    development_digest, parts_frame = (
        _data_value(evidence, "challenger", "digest"),
        split_stratified_holdout(frame, plan)[0],
    )
    if (
        _columns(parts_frame.at(_data_value(evidence, "challenger", "development")), names).digest()
        != development_digest
    ):
        raise ComparisonRowsError(
            "The table has changed since the challenger was trained, and its rows are in other parts: it may be fitted "
            "on rows of the comparison; train again."
        )
    if production is not None and _data_value(production, "version in production", "digest") != development_digest:
        raise ComparisonRowsError(
            "The version in production was fitted on other rows of the table than the challenger, and may be fitted "
            "on rows of the comparison: without dates they cannot be distinguished; train both on the same table."
        )
    parts = tuple(_data_value(evidence, "challenger", "out_of_time"))
    holdout = parts_frame.at(parts)
    return ComparisonRows(holdout, parts, _columns(holdout, names).digest(), None)


def _columns(frame: Frame, names: Sequence[str]) -> Frame:
    """Select these features, in this order."""
    return replace(frame, names=tuple(names), rows=frame.rows[:, [frame.names.index(name) for name in names]])


def _data_value(evidence: Mapping[str, Any], version: str, name: str) -> Any:
    try:
        return evidence["data"][name]
    except (KeyError, TypeError):
        raise ComparisonRowsError(f"The evidence of the {version} has no data.{name}: train it again.") from None
