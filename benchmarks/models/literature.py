"""The protocol of the published studies of the CDNOW log, with the features and families of this project.

One date after 39 weeks, every customer, label "no purchase in the next 39 weeks", five folds over customers.
It is not out of time: training and test rows share the date. It shows that features and families are not worse than
the published results for this log, 0.7708 for a logistic regression.
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
SPLIT_DATE = date(1997, 1, 1) + WEEKS_39
FOLDS = 5
REPEATS = 5
PUBLISHED = {"recency": "0.759", "logistic": "0.7708 ± 0.0047", "catboost": "0.7669"}


def main() -> None:
    """Print mean and standard deviation of the folds' AUC, over five random partitions into folds."""
    recency, frame = load_project("cdnow").training.recency, published_frame()
    print(
        f"\nCDNOW, date {SPLIT_DATE}, label: no purchase in 39 weeks, {len(frame):,} customers, "
        f"{frame.labels.mean():.1%} left"
    )
    print(f"{FOLDS} folds over customers, {REPEATS} partitions; AUC of all folds: mean ± standard deviation\n")
    print(f"{'family':12}{'ours':>20}{'published':>20}")
    for name in NAMES:
        params = {"recency": frame.names.index(recency)} if name == "recency" else {}
        values = [value for seed in range(REPEATS) for value in _fold_aucs(name, params, frame, seed)]
        ours = f"{np.mean(values):.4f} ± {np.std(values, ddof=1):.4f}"
        print(f"{name:12}{ours:>20}{PUBLISHED.get(name, ''):>20}", flush=True)


def published_frame() -> Frame:
    """Every customer of the log on the date of the studies, with features and label of this protocol."""
    everyone = Population("everyone", "true", "none", "every customer", NoEvent("purchases", WEEKS_39.days))
    return frame_at(replace(load_project("cdnow").spec, populations=(everyone,)), [SPLIT_DATE])


def _fold_aucs(name: str, params: dict[str, int], frame: Frame, seed: int) -> list[float]:
    from sklearn.model_selection import StratifiedKFold

    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(frame.rows, frame.labels)
    aucs = []
    for fit, held_out in folds:
        native = fit_family(name, frame.rows[fit], frame.labels[fit], params, seed)
        aucs.append(auc(frame.labels[held_out], family(name).margin(native, frame.rows[held_out])))
    return aucs
