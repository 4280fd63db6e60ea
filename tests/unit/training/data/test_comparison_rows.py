"""The rows that judged a version are read again as its training saw them, and none that production knows."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from features import DuckEngine, PrecomputedSnapshots
from tests.unit.builders import is_one_sentence
from tests.unit.ready_tables import TABLE, UNDATED, ingest_source, project
from tests.unit.ready_tables import rows as customers
from training import ComparisonRowsError, TrainingPlan, comparison_dates, read_comparison_rows, read_frame
from training.data.folds import Split
from training.data.frame import Frame
from training.data.provenance import describe_provenance
from training.data.stratified_holdout import split_stratified_holdout
from training.data.training_data import TrainingData
from training.request import TrainingRequest

MONTHS = tuple(date(2026, month, 1) for month in range(1, 7))
PLAN = TrainingPlan(recency="silence")
NAMES = ["silence", "plan_basic", "plan_plus"]


def snapshots_of(lake: Path, table: Any, rows: list[Any], days: tuple[date, ...]) -> PrecomputedSnapshots:
    ingest_source(lake, rows, project="cdnow")
    built = PrecomputedSnapshots(lake, project(table).spec, today=date(2027, 1, 1))
    built.build(lambda: DuckEngine("UTC", threads=1), days)
    return built


@pytest.fixture(scope="module")
def monthly(tmp_path_factory: pytest.TempPathFactory) -> PrecomputedSnapshots:
    return snapshots_of(tmp_path_factory.mktemp("lake"), TABLE, customers(*map(str, MONTHS)), MONTHS)


def one_day(lake: Path, silence: float = 1.0) -> PrecomputedSnapshots:
    """A table of one day: 240 customers, every second of whom left."""
    rows = [(user, "2026-03-01", str(user % 2), silence * user, "Basic") for user in range(240)]
    return snapshots_of(lake, UNDATED, rows, (date(2026, 3, 1),))


def frame(snapshots: PrecomputedSnapshots, days: tuple[date, ...]) -> Frame:
    return read_frame([snapshots.path(day) for day in days], NAMES, "user_id", "active")


def provenance(snapshots: PrecomputedSnapshots, rows: Frame, split: Split) -> dict[str, Any]:
    """Provenance as a training on this split writes it into its evidence."""
    data = TrainingData(rows.at(split.development), rows.at(split.out_of_time), split)
    population = snapshots.spec.populations[0]
    request = TrainingRequest(snapshots, population, PLAN, rows.dates, date(2027, 1, 1), "0123456789", lambda _: None)
    return describe_provenance(request, data)


def evidence(
    snapshots: PrecomputedSnapshots, development: tuple[date, ...], judging: tuple[date, ...]
) -> dict[str, Any]:
    """Provenance of a training on these dates."""
    return provenance(snapshots, frame(snapshots, (*development, *judging)), Split(development, (), judging))


def proof_of_parts(snapshots: PrecomputedSnapshots) -> dict[str, Any]:
    return provenance(snapshots, *split_stratified_holdout(frame(snapshots, (snapshots.latest,)), PLAN))


def repeated(
    snapshots: PrecomputedSnapshots,
    expected: dict[str, Any],
    its: dict[str, Any] | None,
    names: list[str] | None = None,
):  # type: ignore[no-untyped-def]
    return read_comparison_rows(snapshots, snapshots.spec.populations[0], PLAN, expected, its, names or NAMES)


def test_without_overlap_the_comparison_rows_are_all_rows_of_the_evidence(monthly: PrecomputedSnapshots):
    expected, older = evidence(monthly, MONTHS[:3], MONTHS[4:]), evidence(monthly, MONTHS[:2], MONTHS[3:5])
    for its in (None, older):
        result = repeated(monthly, expected, its)
        assert result.json() == {
            "dates": ["2026-05-01", "2026-06-01"], "digest": expected["data"]["out_of_time_digest"],
            "rows": 4, "left": 2,
            "matured_until": "2026-07-01",
        }  # fmt: skip


def test_dates_that_productions_labels_look_into_are_left_out(monthly: PrecomputedSnapshots):
    expected, newer = evidence(monthly, MONTHS[:3], MONTHS[4:]), evidence(monthly, MONTHS[:5], MONTHS[5:])
    result = repeated(monthly, expected, newer)
    assert result.parts == ("2026-06-01",)
    assert result.digest != expected["data"]["out_of_time_digest"]
    assert comparison_dates(monthly, expected, newer) == [date(2026, 6, 1)]


def test_features_come_in_the_order_of_the_challenger_for_its_digest_only(monthly: PrecomputedSnapshots):
    expected = evidence(monthly, MONTHS[:3], MONTHS[4:])
    turned = repeated(monthly, expected, None, NAMES[::-1])
    assert turned.frame.names == tuple(NAMES)
    assert turned.digest != expected["data"]["out_of_time_digest"]


def test_parts_are_dealt_as_they_were(tmp_path: Path):
    snapshots = one_day(tmp_path)
    expected = proof_of_parts(snapshots)
    for its in (None, expected):
        result = repeated(snapshots, expected, its)
        assert (result.parts, result.matured_until) == (("part 9", "part 10"), None)
        assert result.digest == expected["data"]["out_of_time_digest"]
        assert len(result.frame) == 48


def test_parts_that_a_version_was_fitted_on_are_not_compared(tmp_path: Path):
    snapshots, changed = one_day(tmp_path / "one"), one_day(tmp_path / "two", silence=2.0)
    expected, other = proof_of_parts(snapshots), proof_of_parts(changed)
    for built, its, expected_text in (
        (changed, None, "in other parts"),
        (snapshots, other, "fitted on other rows of the table"),
    ):
        with pytest.raises(ComparisonRowsError, match=expected_text) as caught:
            repeated(built, expected, its)
        assert is_one_sentence(caught.value)


LATEST = object()


@pytest.mark.parametrize(
    ("expected", "its", "expected_text"),
    [
        pytest.param({}, LATEST, "labels up to 2026-07-01.*no row is left", id="all known"),
        pytest.param({}, {"data": {}}, "version in production has no data.windows", id="an old one"),
        pytest.param({}, {"data": {"windows": None}}, "not fitted by dates", id="fitted on parts"),
        pytest.param({"data": {}}, None, "challenger has no data.out_of_time", id="an old challenger"),
    ],
)
def test_without_common_rows_the_error_states_the_reason(
    monthly: PrecomputedSnapshots, expected: dict[str, Any], its: Any, expected_text: str
):
    challenger = {**evidence(monthly, MONTHS[:3], MONTHS[4:]), **expected}
    beside = evidence(monthly, MONTHS, MONTHS[5:]) if its is LATEST else its
    with pytest.raises(ComparisonRowsError, match=expected_text) as caught:
        repeated(monthly, challenger, beside)
    assert is_one_sentence(caught.value)
