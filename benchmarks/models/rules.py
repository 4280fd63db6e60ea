"""The leakage check of too good rules: whether it finds a planted rule, and how often it fails clean data.

Clean data are the features of real snapshots with newly drawn labels. Labels of the cinema are drawn from the true
probabilities, so no feature can be better. Labels of the record shop, which has no true probabilities, are drawn from
a model fitted on other people.
"""

from datetime import timedelta
from time import monotonic

import numpy as np
import pandas as pd
from scipy.special import expit

from benchmarks.models.frames import population_frame
from benchmarks.models.honesty import out_of_fold
from benchmarks.models.oracle import probabilities, states
from benchmarks.pipeline.log import frame_at
from features import monthly
from jobs.runtime.context import Context
from projects import load_project
from training import Frame
from training.leakage.rules import find_rules

WORLDS = 40
MAX_FALSE_ALARMS = 1


def main() -> None:
    """Print the results; exit with an error if the planted rule is missed or too many clean worlds fail."""
    cases = {**_cinema(), "cdnow": _record_shop()}
    print("\n| rows | people | clean worlds | with a rule | seconds a check |\n|---|---|---|---|---|")
    false_alarms_by_case = {name: _false_alarms(name, *case) for name, case in cases.items()}
    rules = find_rules(_plant_rule(cases["churn trial"][0]), 1)
    print(f"\nPlanted in the trials, a price that reveals who bought: {rules[0].sentence if rules else 'NOT FOUND'}.")
    if not rules:
        raise SystemExit("The planted rule was not found.")
    if sum(false_alarms_by_case.values()) > MAX_FALSE_ALARMS * len(false_alarms_by_case):
        raise SystemExit(
            f"{sum(false_alarms_by_case.values())} of {WORLDS * len(false_alarms_by_case)} clean worlds have a rule: "
            "too many."
        )


def _cinema() -> dict[str, tuple[Frame, np.ndarray]]:
    context = Context.of("churn")
    truth = states(context.truth)
    dates = [day for day in context.grid(context.day("latest")) if context.snapshots.path(day).exists()]
    return {
        f"churn {population.name}": _with_truth(population_frame(context.snapshots, population.name, dates), truth)
        for population in context.project.populations
    }


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


def _plant_rule(frame: Frame) -> Frame:
    """The trials, with the price before the rise for people who will not buy."""
    rows = frame.rows.copy()
    never = (rows[:, frame.names.index("contract_trial_auto_charging")] == 0) & (frame.labels == 1)
    column = frame.names.index("subscriptions_monthly_price_last_all")
    rows[never & (frame.as_of >= np.datetime64("2026-02-01")), column] = 399.0
    return Frame(frame.names, rows, frame.labels, frame.entity, frame.as_of)
