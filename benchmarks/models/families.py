"""Every model family against the defaults of its library, on three tables: none may be worse by `MAX_LOSS` in AUC.

The tables are breast cancer (scikit-learn), the CDNOW purchase log with this project's features, and simulated calls of
a telephone company with 51 words in one column. The recency baseline is no library's model and is left out.
"""

from collections.abc import Callable, Mapping

import numpy as np
from catboost import CatBoostClassifier
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from xgboost import XGBClassifier

from benchmarks.models.literature import published_frame
from training import auc
from training.evaluate.metrics import Floats
from training.models.families import family
from training.models.fit import fit_family

Ints = NDArray[np.int_]
Table = tuple[Floats, Ints]

FOLDS, REPEATS = 5, 2
MAX_LOSS = 0.005
#: customers of the log that are compared: enough for the difference, few enough for CatBoost's 1,000 default trees.
CUSTOMERS = 5_000
#: family -> title and model with the library's defaults; the comparison is with the best of the family's.
LIBRARIES: Mapping[str, Mapping[str, Callable[[], object]]] = {
    "logistic": {
        "scikit-learn": lambda: LogisticRegression(max_iter=5000),
        "scikit-learn, standardised": lambda: make_pipeline(StandardScaler(), LogisticRegression(max_iter=5000)),
    },
    "catboost": {"CatBoost": lambda: CatBoostClassifier(verbose=False, allow_writing_files=False, thread_count=1)},
    "xgboost": {"XGBoost": lambda: XGBClassifier(n_jobs=1)},
}


def main() -> None:
    """Print AUCs and paired differences over repeated folds; exit with an error if a family is too much worse."""
    cancer = load_breast_cancer()
    tables: dict[str, Table] = {
        "breast cancer": (cancer.data, cancer.target),
        "cdnow": _customers(),
        "calls, 51 words": draw_calls(3_333, 1),
    }
    worse = []
    print(f"\n{FOLDS} folds, {REPEATS} partitions: mean AUC, and the mean difference ± its standard deviation\n")
    print("| table | family | ours | library's defaults | difference |\n|---|---|---|---|---|")
    for title, table in tables.items():
        for name, models in LIBRARIES.items():
            ours = fold_aucs(table, lambda rows, labels, test, name=name: score_with_family(name, rows, labels, test))  # type: ignore[misc]
            by_model = {library: fold_aucs(table, score_with_library(model)) for library, model in models.items()}
            library = max(by_model, key=lambda key: float(by_model[key].mean()))
            difference = ours - by_model[library]
            print(f"| {title} | {name} | {ours.mean():.4f} | {library} {by_model[library].mean():.4f} "
                  f"| {difference.mean():+.4f} ± {difference.std(ddof=1):.4f} |", flush=True)  # fmt: skip
            if difference.mean() < -MAX_LOSS:
                worse.append(f"{name} on {title}")
    if worse:
        raise SystemExit(f"Worse than the library's defaults by more than {MAX_LOSS}: {', '.join(worse)}.")


def fold_aucs(table: Table, score: Callable[[Floats, Ints, Floats], Floats], repeats: int = REPEATS) -> Floats:
    """AUC of each fold of each of `repeats` partitions; `score` fits on rows and labels, and scores other rows."""
    rows, labels = table
    aucs = []
    for seed in range(repeats):
        for fit, test in StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(rows, labels):
            aucs.append(auc(labels[test], score(rows[fit], labels[fit], rows[test])))
    return np.array(aucs)


def draw_calls(customers: int, seed: int) -> Table:
    """Draw calls, plans and a state of 51, and who leaves; effects are linear in the value, not in its logarithm.

    Args:
        customers: number of rows.
        seed: seed of all random numbers.
    """
    rng = np.random.default_rng(seed)
    state, effect = rng.integers(0, 51, customers), rng.normal(0, 0.3, 51)
    day, evening, night = (np.clip(rng.normal(mean, 52, customers), 0, None) for mean in (180, 200, 200))
    abroad, complaints = np.clip(rng.normal(10.2, 2.8, customers), 0, None), rng.poisson(1.56, customers)
    foreign_plan, voice_mail = rng.random(customers) < 0.1, rng.random(customers) < 0.27
    log_odds = (
        -2.9 + effect[state] + 0.012 * (day - 180) + 0.006 * (evening - 200) + 0.004 * (night - 200)
        + 0.08 * (abroad - 10) + 0.5 * (complaints - 1.5) + 2.0 * foreign_plan - 0.9 * voice_mail
    )  # fmt: skip
    columns = (day, evening, night, abroad, complaints, foreign_plan, voice_mail, np.eye(51)[state])
    return np.column_stack(columns).astype(np.float64), (rng.random(customers) < expit(log_odds)).astype(np.int_)


def _customers() -> Table:
    frame = published_frame()
    chosen = np.random.default_rng(1).permutation(len(frame))[:CUSTOMERS]
    return frame.rows[chosen], frame.labels[chosen]


def score_with_family(name: str, rows: Floats, labels: Ints, test: Floats) -> Floats:
    """Log-odds of the rows `test` by a family with its defaults."""
    margin: Floats = family(name).margin(fit_family(name, rows, labels, {}, 1), test)
    return margin


def score_with_library(model: Callable[[], object]) -> Callable[[Floats, Ints, Floats], Floats]:
    """A function that fits the library's model and scores other rows; null counts as 0."""

    def score(rows: Floats, labels: Ints, test: Floats) -> Floats:
        fitted = model().fit(np.nan_to_num(rows), labels)  # type: ignore[attr-defined]
        return np.asarray(fitted.predict_proba(np.nan_to_num(test))[:, 1], dtype=np.float64)

    return score
