"""Read the rows of one training and split them into development and out-of-time rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from training.data.folds import Split, count_last, time_series_split
from training.data.frame import Frame, TooLittleDataError, read_frame
from training.data.immature_seasonal_features import MONTHS, immature_seasonal_features, mask_features
from training.data.stratified_holdout import split_stratified_holdout
from training.request import TrainingRequest
from training.search.cross_validation import check_classes


@dataclass(frozen=True)
class RefitData:
    """Rows of the refit: the chosen procedure fitted again on every matured snapshot.

    Attributes:
        frame: rows of all matured dates, those between development and out of time included.
        split: their dates; the last ones are for calibration, as in the judged fit.
        left_out: features that are null in every row.
        latest: rows of the latest date, on which the judged model and the refit are compared. Neither was fitted on
            them, unless the latest date is matured.
    """

    frame: Frame
    split: Split
    left_out: tuple[str, ...]
    latest: Frame


@dataclass(frozen=True)
class TrainingData:
    """Rows of one training.

    Attributes:
        development: rows for cross validation, fit and calibration.
        out_of_time: rows for evaluation only.
        split: their dates; names of parts where rows carry no dates.
        left_out: features that are null in every row.
        refit: rows of the refit; None where the plan or a table without dates has none.
        contacted_rows: number of rows left out because the person was contacted; None where the plan keeps them.
    """

    development: Frame
    out_of_time: Frame
    split: Split
    left_out: tuple[str, ...] = ()
    refit: RefitData | None = None
    contacted_rows: int | None = None


def read_training_data(request: TrainingRequest) -> TrainingData:
    """Read the matured rows and split them by time, or by entity where rows carry no dates.

    Raises:
        TooLittleDataError: too few matured snapshots, or too few rows of a class.
    """
    if not request.snapshots.spec.dated:
        holdout, split = split_stratified_holdout(_read(request, request.dates), request.plan)
        return TrainingData(holdout.at(split.development), holdout.at(split.out_of_time), split)
    matured = _matured_dates(request)
    split = _split_dates(request, matured)
    left_out = immature_seasonal_features(request.snapshots.spec.features, split.fit)
    whole = _read(request, matured if request.plan.refit else (*split.development, *split.out_of_time))
    rows = _leave_out_contacted(request, whole)
    data = TrainingData(
        mask_features(rows.at(split.development), left_out),
        mask_features(rows.at(split.out_of_time), left_out),
        split,
        left_out,
        _refit_data(request, rows) if request.plan.refit else None,
        len(whole) - len(rows) if request.plan.without_contacted else None,
    )
    check_classes(data.out_of_time, "the out-of-time snapshots")
    return data


def report_left_out_features(request: TrainingRequest, data: TrainingData) -> None:
    """Report the yearly features that are left out, if there are any."""
    if data.left_out:
        request.report_progress(
            f"train · {request.population.name}: {', '.join(data.left_out)} left out; they come back once a year, and "
            f"the fitted snapshots, {_date_range(data.split.fit)}, span fewer than {MONTHS} months"
        )


def _leave_out_contacted(request: TrainingRequest, rows: Frame) -> Frame:
    """The rows of people whom we did not contact within the window of the label, if the plan asks for it."""
    if not request.plan.without_contacted or request.contacts is None:
        return rows
    others = request.contacts.leave_out(rows, request.population.label.reach)
    request.report_progress(
        f"train · {request.population.name}: {len(rows) - len(others):,} of {len(rows):,} rows left out, because we "
        "contacted the person within the window of the label"
    )
    return others


def _refit_data(request: TrainingRequest, rows: Frame) -> RefitData:
    """All matured rows, split into fit and calibration, and the rows of the latest date."""
    calibration = count_last(rows.dates, request.plan.calibration, request.population.every_days is not None)
    split = Split(rows.dates, (), (), calibration)
    left_out = immature_seasonal_features(request.snapshots.spec.features, split.fit)
    return RefitData(mask_features(rows, left_out), split, left_out, _latest_rows(request))


def _latest_rows(request: TrainingRequest) -> Frame:
    """Rows of the latest date on which the population has members."""
    for day in sorted(request.dates)[:0:-1]:
        try:
            return _read(request, [day], matured=False)
        except TooLittleDataError:
            continue
    return _read(request, [min(request.dates)], matured=False)


def _matured_dates(request: TrainingRequest) -> list[date]:
    label = request.population.label
    known_until = request.snapshots.known_until(request.as_of)
    matured = [day for day in request.dates if label.matured(day, known_until)]
    if not matured:
        raise TooLittleDataError(
            f"A horizon of {label.horizon_days} days and {label.grace_days} days of grace leave no matured snapshot: "
            f"the data ends before {known_until}, and the snapshots are {_date_range(request.dates)}; shorten the "
            f"horizon in projects/{request.snapshots.spec.project}/label.py, or ingest more data."
        )
    return matured


def _split_dates(request: TrainingRequest, matured: Sequence[date]) -> Split:
    label, plan = request.population.label, request.plan
    return time_series_split(
        matured, label.reach, plan.out_of_time, plan.folds, plan.calibration, plan.users_apart,
        in_periods=request.population.every_days is not None,
    )  # fmt: skip


def _read(request: TrainingRequest, dates: Sequence[date], *, matured: bool = True) -> Frame:
    spec = request.snapshots.spec
    names = [feature.name for feature in spec.features]
    folders = [request.snapshots.path(day) for day in dates]
    return read_frame(folders, names, spec.entity, request.population.name, matured=matured)


def _date_range(dates: Sequence[date]) -> str:
    return f"{min(dates)} to {max(dates)}" if dates else "none"
