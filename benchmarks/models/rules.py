"""Rules too good to be true: whether a planted rule is found, and how often the check fails clean worlds.

A clean world is the features of real snapshots with labels drawn anew. For the cinema they are drawn from the
simulator's own probabilities, which no feature made before the date can better; for the record shop, which has none,
from a model of its features that was fitted on other people.
"""

from datetime import timedelta
from time import monotonic

import numpy as np
import pandas as pd
from scipy.special import expit

from benchmarks.models.honesty import out_of_fold
from benchmarks.models.oracle import probabilities, states
from benchmarks.pipeline.log import frame_at
from features import monthly
from jobs.runtime.context import Context
from projects import load_project
from training import Frame, read_frame
from training.leakage.rules import find_rules

WORLDS = 40
MOST_FALSE = 1


def main() -> None:
    """Print the results; end with an error if a planted rule is missed or the check fails too many clean worlds."""
    cases = {**_cinema(), "cdnow": _record_shop()}
    print("\n| rows | people | clean worlds | with a rule | seconds a check |\n|---|---|---|---|---|")
    false = {name: _false_alarms(name, *case) for name, case in cases.items()}
    rules = find_rules(_planted(cases["churn trial"][0]), 1)
    print(f"\nPlanted in the trials, a price that tells who bought: {rules[0].sentence if rules else 'NOT FOUND'}.")
    if not rules:
        raise SystemExit("The planted rule was not found.")
    if sum(false.values()) > MOST_FALSE * len(false):
        raise SystemExit(f"{sum(false.values())} of {WORLDS * len(false)} clean worlds have a rule: too many.")


def _cinema() -> dict[str, tuple[Frame, np.ndarray]]:
    context = Context.of("churn")
    truth = states(context.truth)
    dates = [day for day in context.grid(context.day("latest")) if context.snapshots.path(day).exists()]
    return {
        f"churn {population.name}": _with_truth(_frame(context, population.name, dates), truth)
        for population in context.project.populations
    }


def _frame(context: Context, population: str, dates: list) -> Frame:  # type: ignore[type-arg]
    spec, names = context.snapshots.spec, [feature.name for feature in context.snapshots.spec.features]
    return read_frame([context.snapshots.path(day) for day in dates], names, spec.entity, population)


def _with_truth(frame: Frame, truth: pd.DataFrame) -> tuple[Frame, np.ndarray]:
    probability = probabilities(truth, frame)
    return frame.only(~np.isnan(probability)), probability[~np.isnan(probability)]


def _record_shop() -> tuple[Frame, np.ndarray]:
    project = load_project("cdnow")
    last = project.first_snapshot + timedelta(days=300)
    frame = frame_at(project.spec, monthly(project.first_snapshot, last))
    return frame, expit(out_of_fold(frame, 1))


def _false_alarms(name: str, frame: Frame, probability: np.ndarray) -> int:
    false_alarms, began = 0, monotonic()
    for seed in range(WORLDS):
        labels = (np.random.default_rng(seed).random(len(frame)) < probability).astype(int)
        rules = find_rules(Frame(frame.names, frame.rows, labels, frame.entity, frame.as_of), seed)
        false_alarms += bool(rules)
        if rules:
            print(f"{name}, seed {seed}: {rules[0].sentence}.")
    print(f"| {name}, {len(frame):,} | {len(np.unique(frame.entity)):,} | {WORLDS} | {false_alarms} "
          f"| {(monotonic() - began) / WORLDS:.1f} |")  # fmt: skip
    return false_alarms


def _planted(frame: Frame) -> Frame:
    """The trials with the old price for those who will not buy, as if it had never risen."""
    rows = frame.rows.copy()
    never = (rows[:, frame.names.index("contract_trial_auto_charging")] == 0) & (frame.labels == 1)
    place = frame.names.index("subscriptions_monthly_price_last_all")
    rows[never & (frame.as_of >= np.datetime64("2026-02-01")), place] = 399.0
    return Frame(frame.names, rows, frame.labels, frame.entity, frame.as_of)
