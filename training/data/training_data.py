"""Read the rows of one training and split them into development and out-of-time rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from training.data.folds import Split, time_series_split
from training.data.frame import Frame, TooLittleDataError, read_frame
from training.data.immature_seasonal_features import MONTHS, immature_seasonal_features, mask_features
from training.data.stratified_holdout import split_stratified_holdout
from training.request import TrainingRequest
from training.search.cross_validation import check_classes


@dataclass(frozen=True)
class TrainingData:
    """Rows of one training.

    Attributes:
        development: rows for cross validation, fit and calibration.
        out_of_time: rows for evaluation only.
        split: their dates; names of parts where rows carry no dates.
        left_out: features that are null in every row.
    """

    development: Frame
    out_of_time: Frame
    split: Split
    left_out: tuple[str, ...] = ()


def read_training_data(request: TrainingRequest) -> TrainingData:
    """Read the matured rows and split them by time, or by entity where rows carry no dates.

    Raises:
        TooLittleDataError: too few matured snapshots, or too few rows of a class.
    """
    if not request.snapshots.spec.dated:
        holdout, split = split_stratified_holdout(_read(request, request.dates), request.plan)
        return TrainingData(holdout.at(split.development), holdout.at(split.out_of_time), split)
    split = _split_matured_dates(request)
    left_out = immature_seasonal_features(request.snapshots.spec.features, split.fit)
    frame = mask_features(_read(request, (*split.development, *split.out_of_time)), left_out)
    data = TrainingData(frame.at(split.development), frame.at(split.out_of_time), split, left_out)
    check_classes(data.out_of_time, "the out-of-time snapshots")
    return data


def report_left_out_features(request: TrainingRequest, data: TrainingData) -> None:
    """Report the yearly features that are left out, if there are any."""
    if data.left_out:
        request.report_progress(
            f"train · {request.population.name}: {', '.join(data.left_out)} left out; they come back once a year, and "
            f"the fitted snapshots, {_date_range(data.split.fit)}, span fewer than {MONTHS} months"
        )


def _split_matured_dates(request: TrainingRequest) -> Split:
    label, plan = request.population.label, request.plan
    known_until = request.snapshots.known_until(request.as_of)
    matured = [day for day in request.dates if label.matured(day, known_until)]
    if not matured:
        raise TooLittleDataError(
            f"A horizon of {label.horizon_days} days and {label.grace_days} days of grace leave no matured snapshot: "
            f"the data ends before {known_until}, and the snapshots are {_date_range(request.dates)}; shorten the "
            f"horizon in projects/{request.snapshots.spec.project}/label.py, or ingest more data."
        )
    return time_series_split(
        matured, label.reach, plan.out_of_time, plan.folds, plan.calibration, plan.users_apart
    )  # fmt: skip


def _read(request: TrainingRequest, dates: Sequence[date]) -> Frame:
    spec = request.snapshots.spec
    names = [feature.name for feature in spec.features]
    return read_frame([request.snapshots.path(day) for day in dates], names, spec.entity, request.population.name)


def _date_range(dates: Sequence[date]) -> str:
    return f"{min(dates)} to {max(dates)}" if dates else "none"
