"""What several unit tests build: sound evidence, a declared source and feature, a frame with a signal in it."""

import subprocess
import sys
import zlib
from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from features import Contract, Feature
from lake import Column, Source, Table
from lake.table import DayChecksum, IngestedFile, Manifest, Month
from stack.folders.owners import host_name
from training.data.frame import Frame

EVIDENCE: dict[str, Any] = {
    "schema": 2,
    "run_id": "f00d",
    "bundle_sha256": "b" * 64,
    "project": "shop",
    "population": "active",
    "model": "shop_churn",
    "family": "catboost",
    "code": "fedcba9876543210",
    "commit": "8861388",
    "packages": {"catboost": "1.2.10"},
    "data": {
        "digest": "0123456789abcdef",
        "out_of_time_digest": "abcdef0123456789",
        "development": ["1997-05-01", "1997-06-01"],
        "out_of_time": ["1998-03-01", "1998-04-01"],
        "embargo_days": 90,
        "windows": {
            "development": {"first": "1997-05-01", "last": "1997-06-01", "labels_until": "1997-08-30"},
            "out_of_time": {"first": "1998-03-01", "last": "1998-04-01", "labels_until": "1998-06-30"},
        },
        "out_of_time_rows": 10_000,
        "out_of_time_left": 6_000,
    },
    "metrics": {
        "auc": {"value": 0.78, "low": 0.77, "high": 0.79},
        "average_precision": {"value": 0.70, "low": 0.68, "high": 0.72},
        "log_loss": {"value": 0.52, "low": 0.50, "high": 0.54},
        "brier": {"value": 0.20, "low": 0.19, "high": 0.21},
        "calibration_error": {"value": 0.02, "low": 0.01, "high": 0.03},
        "calibration_gap": {"value": -0.01, "low": -0.02, "high": 0.0},
        "calibration_slope": {"value": 1.03, "low": 0.97, "high": 1.09},
        "calibration_intercept": {"value": 0.04, "low": -0.02, "high": 0.10},
    },
    "baselines": {
        "recency": {"value": 0.05, "low": 0.04, "high": 0.06},
        "logistic": {"value": 0.01, "low": 0.002, "high": 0.018},
    },
    "leaks": [
        {"check": name, "passed": True, "sentence": "Nothing was found."}
        for name in ("label_windows", "order", "single_feature", "label_permutation", "too_good_rules")
    ],
    "slices": [
        {
            "slice": "tenure",
            "range": "below 30",
            "rows": 4_000,
            "left": 2_500,
            "auc": {"value": 0.74, "low": 0.72, "high": 0.76},
            "sentence": None,
        },
        {"slice": "tenure", "range": "30 and more", "rows": 20, "left": 8, "sentence": "8 left: too few."},
    ],
}


#: of a refit that agrees with the judged model.
REFIT: dict[str, Any] = {
    "dates": ["1997-05-01", "1997-06-01", "1998-03-01", "1998-04-01"],
    "labels_until": "1998-06-30",
    "digest": "fedcba9876543210",
    "rows": 30_000,
    "sentence": "All figures are of the judged model.",
    "agreement": {
        "as_of": "1998-07-01", "rows": 5_000, "rank_correlation": 0.95, "judged_mean": 0.60, "refit_mean": 0.61,
        "shift": 0.04,
    },
    "slices": [{"slice": "tenure", "range": "below 30", "rows": 2_000, "shift": -0.3}],
    "calibration_gap": 0.004,
    "leaks": EVIDENCE["leaks"],
}  # fmt: skip

MEASURED: dict[str, Any] = {
    "schema": 1,
    "project": "shop",
    "population": "active",
    "version": "2",
    "digest": "0011223344556677",
    "as_of": "1998-07-01",
    "rows": {
        "dates": ["1998-03-01", "1998-04-01"],
        "digest": "abcdef0123456789",
        "rows": 10_000,
        "left": 6_000,
        "matured_until": "1998-06-30",
    },
    "auc": {"value": 0.78, "low": 0.77, "high": 0.79},
    "versus": {
        "version": "1",
        "digest": "7766554433221100",
        "auc": {"value": 0.775, "low": 0.765, "high": 0.785},
        "bootstrap": {"value": 0.005, "low": 0.001, "high": 0.009},
        "delong": {"value": 0.005, "low": 0.001, "high": 0.009},
        "slices": [
            {"slice": "tenure", "range": "below 30", "rows": 4_000, "left": 2_500,
             "difference": {"value": 0.004, "low": -0.002, "high": 0.010}},
            {"slice": "tenure", "range": "30 and more", "rows": 20, "left": 8, "difference": None},
        ],
    },
    "moved": {"rank_correlation": 0.97, "top": 1_000, "entered": 90, "withdrawn": 90},
    "features_missing": [],
    "outputs_missing": [],
    "parity": {"rows": 1_000, "pyfunc": 0.0, "spark": 0.0, "texts": []},
    "bytes": 2_000_000,
    "ms_per_1000_rows": 40.0,
}  # fmt: skip


def evidence(**changes: Any) -> dict[str, Any]:
    """Sound evidence with some values replaced, `metrics__auc__low=0.6` for `metrics.auc.low`."""
    return _changed(EVIDENCE, changes)


def measured(**changes: Any) -> dict[str, Any]:
    """What a promotion measures of a sound challenger beside a version in production, with some values replaced."""
    return _changed(MEASURED, changes)


def measured_first(**changes: Any) -> dict[str, Any]:
    """The same where there is no version in production."""
    return measured(versus=None, moved=None, **changes)


def _changed(sound: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    built = deepcopy(sound)
    for path, value in changes.items():
        *above, last = path.split("__")
        place = built
        for key in above:
            place = place[key]
        place[last] = value
    return built


def by_entity(**changes: Any) -> dict[str, Any]:
    """Evidence of a table without dates."""
    parts = {"development": ["part 1", "part 2"], "out_of_time": ["part 9", "part 10"]}
    values = {**parts, "embargo_days": None, "windows": None, "validation": "by entity, not out of time", **changes}
    leaks = [
        {**check, "check": check["check"].replace("label_windows", "entities_apart")} for check in evidence()["leaks"]
    ]
    return evidence(**{f"data__{name}": value for name, value in values.items()}, leaks=leaks)


def source(**changes: Any) -> Source:
    """A log of visits: whom, when, when we knew, how long."""
    columns = (
        Column("user_id", "bigint", "whom", lowest=1),
        Column("day", "date", "when"),
        Column("loaded", "timestamp", "when we knew"),
        Column("minutes", "double", "how long", nullable=True),
        Column("device", "string", "on what", nullable=True),
    )
    declared = {"name": "visits", "files": "visits*.csv", "entity": "user_id", "event_time": "day", "columns": columns}
    return Source(**{**declared, **changes})


def feature(aggregation: str = "count", **changes: Any) -> Feature:
    """A feature of the visits."""
    values = {"unit": "visits", "null": "never", "reason": "Comes rarely", "description": "visits in all"}
    return Feature(**{"source": "visits", "aggregation": aggregation, **values, **changes})


def contract_sources() -> tuple[Source, ...]:
    """Payments, subscriptions and auto-renew switches, as small as a contract needs them."""
    who = Column("user_id", "bigint", "whom")

    def at(name: str, what: str) -> Column:
        return Column(name, "timestamp", what, nullable=name in {"trial_until", "promo_until"})

    def log(name: str, *columns: Column) -> Source:
        times = (who, at("at", "when it happened"), at("loaded", "when we knew"))
        return Source(name, f"{name}.csv", "user_id", "at", (*times, *columns), known_time="loaded")

    return (
        log("payments", Column("status", "string", "how it ended"), at("begins", "period"), at("ends", "period")),
        log("subscriptions", Column("event", "string", "what happened"), Column("kind", "string", "auto or opt_in"),
            at("trial_until", "end of the trial"), at("promo_until", "end of the lower price")),
        log("switches", Column("renews", "bigint", "1 on, 0 off"), Column("by", "string", "by whom")),
    )  # fmt: skip


def contract(**changes: Any) -> Contract:
    """A contract over `contract_sources`."""
    values: dict[str, Any] = {
        "payments": "payments", "succeeded": "status = 'succeeded'", "period_start": "begins", "period_end": "ends",
        "trials": "subscriptions", "trial_started": "event = 'trial_started'", "trial_end": "trial_until",
        "auto_charging": "kind = 'auto'", "promo_end": "promo_until",
        "switches": "switches", "auto_renew": "renews", "by_user": "by = 'user'",
    }  # fmt: skip
    return Contract(**{**values, **changes})


def dead_owner() -> str:
    """The name of a process of this machine that is gone, as partial folders carry it."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    started = round(psutil.Process(process.pid).create_time() * 1000)
    process.wait()
    return f"{host_name()}-{process.pid}-{started}"


def publish(table: Table, digest: str, start: str, end: str) -> Path:
    """Make a folder that holds its digest as text the table's current one."""
    month = start[:7]
    folder = table.month(month, digest)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "rows").write_text(digest)
    checksum = DayChecksum(start, start, 2, zlib.crc32(digest.encode()))
    taken = IngestedFile(content="abc", batch="b", place=0, drop=None, rows_in=3, quarantined=0, months={month: 3})
    table.publish(Manifest(digest, "mark", start, end, {"visits.csv": taken}, {month: Month(digest, 0, (checksum,))}))
    return folder


def frame(dates: list[date], entities: int = 120, seed: int = 1) -> Frame:
    """Rows at every date: days of silence, which decides, then a number with nulls, then noise."""
    rng = np.random.default_rng(seed)
    n = entities * len(dates)
    silence = rng.integers(1, 200, n).astype(float)
    spent = rng.gamma(2.0, 10.0, n)
    labels = (rng.random(n) < 1 / (1 + np.exp(2.0 - silence / 50 + spent / 40))).astype(int)
    spent[rng.random(n) < 0.1] = np.nan
    return Frame(
        names=("silence", "spent", "noise"),
        rows=np.column_stack([silence, spent, rng.normal(size=n)]),
        labels=labels,
        entity=np.tile(np.arange(entities), len(dates)),
        as_of=np.repeat(np.array(dates, dtype="datetime64[D]"), entities),
    )


def is_one_sentence(error: BaseException) -> bool:
    """Whether a person can be told the error as it is: one line that ends in a full stop, for each mistake it has."""
    sentences = getattr(error, "sentences", (str(error),))
    return all("\n" not in sentence and sentence.endswith(".") for sentence in sentences)
