"""The rows that judged a version, read again for a comparison: without those that production may have learnt from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from features import Population, Snapshots
from stack.errors import PrichalError
from training.data.frame import Frame, read_frame
from training.data.immature_seasonal_features import immature_seasonal_features, mask_features
from training.data.stratified_holdout import split_stratified_holdout
from training.data.validation import BY_ENTITY, validation
from training.plan import TrainingPlan


class ComparisonRowsError(PrichalError):
    """There are no rows on which two versions can be compared."""


@dataclass(frozen=True)
class ComparisonRows:
    """Matured rows that neither version has learnt from.

    Attributes:
        frame: with every feature of the project.
        parts: the snapshot dates, or where rows carry none the parts of the people, that they are of.
        digest: of the rows as the challenger's training saw them: that of its evidence, if they are the same.
        matured_until: the day up to which their labels look; None without dates.
    """

    frame: Frame
    parts: tuple[str, ...]
    digest: str
    matured_until: date | None

    def json(self) -> dict[str, Any]:
        """As `measured.json` holds it."""
        return {
            "dates": list(self.parts),
            "digest": self.digest,
            "rows": len(self.frame),
            "left": int(self.frame.labels.sum()),
            "matured_until": None if self.matured_until is None else str(self.matured_until),
        }


def comparison_dates(
    snapshots: Snapshots, proof: Mapping[str, Any], production: Mapping[str, Any] | None
) -> list[date]:
    """The snapshot dates to read.

    Args:
        snapshots: of the project.
        proof: evidence of the challenger.
        production: that of the version in production, None if there is none.

    Raises:
        ComparisonRowsError: no date is left, or the evidence does not tell.
    """
    judged = _told(proof, "challenger", "out_of_time")
    if validation(proof["data"]) == BY_ENTITY:
        return [snapshots.latest]
    days = [date.fromisoformat(day) for day in judged]
    if production is None:
        return days
    windows = _told(production, "version in production", "windows")
    if windows is None:
        raise ComparisonRowsError(
            "The version in production was not fitted by dates: train both on the same table first."
        )
    until = date.fromisoformat(windows["development"]["labels_until"])
    kept = [day for day in days if day >= until]
    if not kept:
        raise ComparisonRowsError(
            f"The version in production has learnt from labels up to {until}, and the challenger was judged on "
            f"{days[0]} to {days[-1]}: no row is left that neither has learnt from; train the challenger on later data."
        )
    return kept


def read_comparison_rows(
    snapshots: Snapshots,
    population: Population,
    plan: TrainingPlan,
    proof: Mapping[str, Any],
    production: Mapping[str, Any] | None,
    names: Sequence[str],
) -> ComparisonRows:
    """Read the rows; the snapshots of `comparison_dates` must be there.

    Args:
        snapshots: of the project.
        population: of both versions.
        plan: of the project.
        proof: evidence of the challenger.
        production: that of the version in production, None if there is none.
        names: the features that the challenger asks for, in its order; snapshots hold them.

    Raises:
        ComparisonRowsError: a version may have learnt from the rows.
        TooLittleDataError: there are none.
    """
    days, spec = comparison_dates(snapshots, proof, production), snapshots.spec
    every = [feature.name for feature in spec.features]
    frame = read_frame([snapshots.path(day) for day in days], every, spec.entity, population.name)
    if validation(proof["data"]) == BY_ENTITY:
        return _dealt(frame, plan, proof, production, names)
    learnt = [date.fromisoformat(day) for day in _told(proof, "challenger", "development")]
    later = {date.fromisoformat(day) for day in proof["data"].get("calibration", ())}
    left_out = immature_seasonal_features(spec.features, [day for day in learnt if day not in later])
    seen = mask_features(_columns(frame, names), left_out)
    return ComparisonRows(frame, tuple(map(str, days)), seen.digest(), max(days) + population.label.reach)


def _dealt(
    frame: Frame,
    plan: TrainingPlan,
    proof: Mapping[str, Any],
    production: Mapping[str, Any] | None,
    names: Sequence[str],
) -> ComparisonRows:
    """The parts that were held out, if the table is dealt as it was for both."""
    own, dealt = _told(proof, "challenger", "digest"), split_stratified_holdout(frame, plan)[0]
    if _columns(dealt.at(_told(proof, "challenger", "development")), names).digest() != own:
        raise ComparisonRowsError(
            "The table has changed since the challenger was trained, and its people are dealt anew: it may have learnt "
            "from the rows that would judge it; train again."
        )
    if production is not None and _told(production, "version in production", "digest") != own:
        raise ComparisonRowsError(
            "The version in production was fitted on other rows of the table than the challenger, and may have learnt "
            "from the rows that would judge both: without dates they cannot be told apart."
        )
    parts = tuple(_told(proof, "challenger", "out_of_time"))
    held = dealt.at(parts)
    return ComparisonRows(held, parts, _columns(held, names).digest(), None)


def _columns(frame: Frame, names: Sequence[str]) -> Frame:
    """The frame with these features only, in this order."""
    return replace(frame, names=tuple(names), rows=frame.rows[:, [frame.names.index(name) for name in names]])


def _told(proof: Mapping[str, Any], whose: str, name: str) -> Any:
    try:
        return proof["data"][name]
    except (KeyError, TypeError):
        raise ComparisonRowsError(f"The evidence of the {whose} does not tell data.{name}: train it again.") from None
