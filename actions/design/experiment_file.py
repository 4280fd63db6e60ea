"""An experiment that exists already: a CSV or Parquet file with one row per person and campaign.

| column | content |
|---|---|
| `person` | key of the person |
| `treatment` | `control` or 0 for people who got nothing, otherwise the name of what they got, or 1 |
| `probability` | probability of this treatment for this person before the draw; `share` is another name for it |
| `outcome` | 1 if the person stayed, 0 if the person left |
| `campaign` | optional; a person occurs once in a campaign |
| `assigned_on` | optional; day of the assignment |
| `cost` | optional; expected cost of the treatment for the person |
| `baseline` | optional; churn probability that was known before the assignment |

Every other column is a feature: a number that was known before the assignment, or empty.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_bool_dtype, is_numeric_dtype
from pyarrow.lib import ArrowException

from actions.declare.plan import CONTROL
from actions.design.arm_probabilities import estimated_probabilities
from actions.experiment import Experiment, ExperimentError, Floats

REQUIRED = ("person", "treatment", "probability", "outcome")
OPTIONAL = ("campaign", "assigned_on", "cost", "baseline")
#: other name of the column `probability`.
SHARE = "share"
#: fewest rows of an arm.
MIN_ROWS = 30
#: texts of the treatment for control and, in a file with two arms, for the other one.
CONTROL_TEXTS, TREATED_TEXTS = ("0", "0.0", "False", "false"), ("1", "1.0", "True", "true")
#: name of the arm of a file of 0 and 1.
TREATMENT = "treatment"
#: day of rows without a date.
UNKNOWN_DAY: Final = np.datetime64("1970-01-01", "D")
#: probabilities of the arms of a campaign may miss the sum of 1 by this much, as they are often rounded.
ROUNDING = 0.02


def read_experiment_file(path: Path) -> Experiment:
    """Read and check the file of an experiment.

    Args:
        path: a file that ends in .csv or .parquet.

    Returns:
        Its rows; probabilities of the other arms are estimated as for a history (`actions.design.arm_probabilities`).

    Raises:
        ExperimentError: the file cannot be read or analysed; the sentence names the column and the first such row.
    """
    table = _read(path)
    if table.empty:
        raise ExperimentError(f"Experiment {path.name} has no row: give one row per person and campaign.")
    _refuse(path, _column_mistakes(table))
    table = table.assign(
        treatment=_arm_names(table["treatment"]),
        campaign=table["campaign"].astype(str) if "campaign" in table else path.stem,
    )
    _refuse(path, _value_mistakes(table))
    _refuse(path, _arm_mistakes(table))
    return _experiment(table)


def _read(path: Path) -> pd.DataFrame:
    readers = {".csv": _read_csv, ".parquet": pd.read_parquet}
    if path.suffix not in readers:
        raise ExperimentError(
            f"Experiment {path.name} is no CSV or Parquet file: its name must end in .csv or .parquet."
        )
    if not path.is_file():
        raise ExperimentError(f"Experiment {path} does not exist: give the path of a CSV or Parquet file.")
    try:
        table = readers[path.suffix](path)
    except (ValueError, OSError, ArrowException) as error:
        reason = str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
        raise ExperimentError(f"Experiment {path.name} cannot be read ({reason}): save it again.") from None
    return table.rename(columns={SHARE: "probability"} if "probability" not in table else {})


def _read_csv(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype={"person": "string", "treatment": "string", "campaign": "string"})


def _features(table: pd.DataFrame) -> list[str]:
    return [str(name) for name in table.columns if name not in {*REQUIRED, *OPTIONAL}]


def _refuse(path: Path, mistakes: Iterator[str]) -> None:
    """Raise the first mistake."""
    mistake = next(mistakes, None)
    if mistake is not None:
        raise ExperimentError(f"Experiment {path.name}: {mistake}.")


def _column_mistakes(table: pd.DataFrame) -> Iterator[str]:
    missing = [name for name in REQUIRED if name not in table]
    if missing:
        yield f"column {missing[0]} is missing; it needs {', '.join(REQUIRED)} and at least one feature"
    if not _features(table):
        yield "it has no feature; add columns of numbers that were known before the assignment"
    for name in (*_features(table), "probability", "outcome", *(name for name in OPTIONAL[2:] if name in table)):
        if not (is_numeric_dtype(table[name]) or is_bool_dtype(table[name]) or table[name].isna().all()):
            yield f"column {name} holds text; write numbers, or remove the column"


def _value_mistakes(table: pd.DataFrame) -> Iterator[str]:
    numbers = table[_features(table)].to_numpy(dtype=np.float64, na_value=np.nan)
    wrong = {
        "column person is empty": table["person"].isna() | (table["person"].astype(str).str.strip() == ""),
        f"column treatment is empty; write {CONTROL} or 0 for people who got nothing": table["treatment"].isna(),
        "outcome must be 1 (stayed) or 0 (left)": ~table["outcome"].isin([0, 1]),
        "probability must be above 0 and below 1, because a person with another one was not drawn at random": ~(
            (table["probability"] > 0) & (table["probability"] < 1)
        ),
        "a person is twice in a campaign; keep the row of the first assignment": table.duplicated(
            ["campaign", "person"]
        ),
        "a feature is infinite; write a number or leave it empty": pd.Series(np.isinf(numbers).any(axis=1)),
        "assigned_on is no day such as 2026-03-01": _days(table).isna(),
    }
    for sentence, mask in wrong.items():
        if mask.any():
            first = int(np.flatnonzero(mask.to_numpy(dtype=bool))[0]) + 1
            yield f"{sentence} ({int(mask.sum()):,} of {len(table):,} rows, the first is row {first:,})"


def _arm_mistakes(table: pd.DataFrame) -> Iterator[str]:
    counts = table["treatment"].value_counts()
    if len(counts) == 1:
        yield f"all rows have the treatment {counts.index[0]!r}, so there is nothing to compare; add the other arm"
    if CONTROL not in counts:
        names = ", ".join(sorted(counts.index))
        yield f"no row is control, the treatments are {names}; write {CONTROL} or 0 for people who got nothing"
    for name, count in counts.items():
        if count < MIN_ROWS:
            yield (
                f"treatment {name!r} has {count} of {len(table):,} rows ({count / len(table):.1%}), too few to "
                f"compare; it needs {MIN_ROWS} or more, or remove its rows"
            )
    yield from _single_arm_campaigns(table)
    yield from _probability_sums(table)


def _single_arm_campaigns(table: pd.DataFrame) -> Iterator[str]:
    arms = table.groupby("campaign")["treatment"].nunique()
    for name in arms.index[arms == 1]:
        yield f"campaign {name} has one treatment only, so nothing was drawn; remove its rows or add the other arm"


def _probability_sums(table: pd.DataFrame) -> Iterator[str]:
    """Campaigns whose arms have a fixed probability each, which do not sum to 1."""
    by_arm = table.groupby(["campaign", "treatment"])["probability"].agg(["min", "max"])
    is_fixed = (by_arm["max"] - by_arm["min"] < 1e-9).groupby("campaign").all()
    sums = by_arm["max"].groupby("campaign").sum()
    for name in sums.index[is_fixed & ((sums - 1).abs() > ROUNDING)]:
        yield f"the probabilities of the arms of campaign {name} sum to {sums[name]:.3g}; they must sum to 1"


def _arm_names(treatments: pd.Series) -> pd.Series:
    """Names of arms: control for 0, and the texts as they are; a file of 0 and 1 has the arm `treatment`."""
    texts = treatments.astype("string").str.strip()
    texts = texts.mask(texts == "")
    names = texts.mask(texts.isin(CONTROL_TEXTS), CONTROL)
    is_binary = set(names.dropna()) - {CONTROL} <= set(TREATED_TEXTS)
    return names.mask(names.isin(TREATED_TEXTS), TREATMENT) if is_binary else names


def _days(table: pd.DataFrame) -> pd.Series:
    if "assigned_on" not in table:
        return pd.Series(UNKNOWN_DAY, index=table.index)
    return pd.to_datetime(table["assigned_on"], errors="coerce")


def _experiment(table: pd.DataFrame) -> Experiment:
    arms = (CONTROL, *sorted({*table["treatment"]} - {CONTROL}))
    arm = table["treatment"].map({name: place for place, name in enumerate(arms)}).to_numpy(dtype=np.int_)
    campaigns = table["campaign"].to_numpy(dtype=object)
    return Experiment(
        names=tuple(_features(table)),
        rows=table[_features(table)].to_numpy(dtype=np.float64, na_value=np.nan),
        people=table["person"].astype(str).to_numpy(dtype=object),
        campaigns=campaigns,
        assigned_on=_days(table).to_numpy().astype("datetime64[D]"),
        arms=arms,
        arm=arm,
        probability=_probabilities(table, campaigns, arm, len(arms)),
        outcome=table["outcome"].to_numpy(dtype=np.float64),
        cost=_costs(table, arm, len(arms)),
        baseline=_optional(table, "baseline", np.nan),
    )


def _probabilities(table: pd.DataFrame, campaigns: NDArray[np.object_], arm: NDArray[np.int_], arms: int) -> Floats:
    recorded = table["probability"].to_numpy(dtype=np.float64)
    everything = np.ones((len(arm), arms), dtype=bool)
    return estimated_probabilities(campaigns, arm, recorded, everything).probability


def _costs(table: pd.DataFrame, arm: NDArray[np.int_], arms: int) -> Floats:
    """Mean cost of each arm; 0 for control and without the column."""
    costs = np.bincount(arm, weights=np.nan_to_num(_optional(table, "cost", 0.0)), minlength=arms) / np.bincount(arm)
    costs[0] = 0.0
    return np.asarray(costs, dtype=np.float64)


def _optional(table: pd.DataFrame, name: str, default: float) -> Floats:
    if name not in table:
        return np.full(len(table), default)
    return np.asarray(table[name].to_numpy(dtype=np.float64, na_value=np.nan), dtype=np.float64)
