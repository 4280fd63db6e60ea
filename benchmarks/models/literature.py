"""The protocol of the published studies of the CDNOW log, with our features and families.

One cut after 39 weeks, every customer, label "no purchase in the next 39 weeks", five folds over customers.
It is not out of time: fit and judge share the date. It shows that features and families are no worse than
what is known for this log, 0.7708 for a logistic regression.
"""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np

from benchmarks.pipeline.log import frame_at
from features import NoEvent, Population
from projects import load_project
from training import Frame, auc
from training.models.families import NAMES, family
from training.models.fit import fit_family

WEEKS_39 = timedelta(weeks=39)
CUT = date(1997, 1, 1) + WEEKS_39
FOLDS = 5
REPEATS = 5
KNOWN = {"recency": "0.759", "logistic": "0.7708 ± 0.0047", "catboost": "0.7669"}


def main() -> None:
    """Print mean and spread of the folds' AUC, over five ways to cut them."""
    project = load_project("cdnow")
    everyone = Population("everyone", "true", "none", "every customer", NoEvent("purchases", WEEKS_39.days))
    spec = replace(project.spec, populations=(everyone,))
    frame = frame_at(spec, [CUT])
    print(
        f"\nCDNOW, cut {CUT}, label: no purchase in 39 weeks, {len(frame):,} customers, {frame.labels.mean():.1%} left"
    )
    print(f"{FOLDS} folds over customers, {REPEATS} ways to cut them; AUC of all folds: mean ± standard deviation\n")
    print(f"{'family':12}{'ours':>20}{'known':>20}")
    for name in NAMES:
        params = {"recency": frame.names.index(project.training.recency)} if name == "recency" else {}
        values = [value for seed in range(REPEATS) for value in _folds(name, params, frame, seed)]
        ours = f"{np.mean(values):.4f} ± {np.std(values, ddof=1):.4f}"
        print(f"{name:12}{ours:>20}{KNOWN.get(name, ''):>20}", flush=True)


def _folds(name: str, params: dict[str, int], frame: Frame, seed: int) -> list[float]:
    from sklearn.model_selection import StratifiedKFold

    cuts = StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(frame.rows, frame.labels)
    found = []
    for fit, judge in cuts:
        native = fit_family(name, frame.rows[fit], frame.labels[fit], params, seed)
        found.append(auc(frame.labels[judge], family(name).margin(native, frame.rows[judge])))
    return found
