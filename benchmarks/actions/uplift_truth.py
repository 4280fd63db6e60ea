"""Response models against the truth: does targeting by the selected learner keep more people than simple rules?

For each seed an experiment is simulated, learners are chosen and judged as in `-e uplift`, and the selected policy is
valued by the true effects on new people. And where no action has any effect: how often is a difference called usable?
"""

from collections import Counter
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from actions.experiment import Floats
from actions.uplift.evaluation import Evaluation, evaluate_learners
from actions.uplift.learners import CONSTANT
from actions.uplift.pseudo_outcomes import stay_probability
from benchmarks.actions.simulated_experiments import SimulatedExperiment, simulate

#: seeds with effects, and seeds where all effects are null.
SEEDS, NULL_SEEDS = 20, 40
ROWS, NULL_ROWS, NEW_ROWS, ACTIONS, WIDTH = 10_000, 2_000, 20_000, 3, 10
#: a seed of the new people, far from those of the experiments.
NEW_SEED = 10_000


@dataclass(frozen=True)
class TrueGains:
    """True gains of policies in the share of new people who stay, averaged over all budgets."""

    selected: float
    riskiest_first: float
    random: float
    best_possible: float
    learner: str
    usable: bool


def main() -> None:
    """Print shares of seeds with their 95% intervals, and mean gains with their spread over seeds."""
    gains = [measure(seed) for seed in range(SEEDS)]
    print(f"{SEEDS} experiments of {ROWS:,} rows, {ACTIONS} actions: helping, harming and without effect\n")
    for name in ("selected", "riskiest_first", "random", "best_possible"):
        values = np.array([getattr(gain, name) for gain in gains])
        print(f"  {name:15} {_points(values)}")
    for name in ("riskiest_first", "random"):
        better = sum(gain.selected > getattr(gain, name) for gain in gains)
        print(f"  selected keeps more than {name} in {_share(better, SEEDS)}")
    print(f"  a difference between people is usable in {_share(sum(gain.usable for gain in gains), SEEDS)}")
    print(f"  selected learners: {dict(Counter(gain.learner for gain in gains))}\n")
    claims = [is_claimed(seed) for seed in range(NULL_SEEDS)]
    print(f"{NULL_SEEDS} experiments of {NULL_ROWS:,} rows without any effect")
    print(
        f"  a difference between people is called usable in {_share(sum(usable for usable, _ in claims), NULL_SEEDS)}"
    )
    print(f"  an average effect is called sure in {_share(sum(sure for _, sure in claims), NULL_SEEDS)}\n")
    compare_with_econml()


def measure(seed: int) -> TrueGains:
    """One experiment, its selected policy, and the true gains on new people."""
    simulated = simulate(seed, rows=ROWS, truth="mixed", actions=ACTIONS, width=WIDTH)
    evaluation = evaluate_learners(simulated.experiment, np.zeros(ACTIONS), seed)
    new = simulate(NEW_SEED + seed, rows=NEW_ROWS, truth="mixed", actions=ACTIONS, width=WIDTH)
    effects = evaluation.selected.bundle.effects(new.experiment.rows)
    average = np.array(evaluation.learners[CONSTANT.name].bundle.card["average"])
    always = np.full(NEW_ROWS, int(average.argmax()))
    risk = 1 - stay_probability(_log_odds(evaluation, new))
    order = np.random.default_rng(seed).random(NEW_ROWS)
    return TrueGains(
        true_area(new.effects, effects.max(axis=1), effects.argmax(axis=1)),
        true_area(new.effects, risk, always),
        float(np.mean([true_area(new.effects, order, np.full(NEW_ROWS, action)) for action in range(ACTIONS)])),
        true_area(new.effects, new.effects.max(axis=1), new.effects.argmax(axis=1)),
        evaluation.selected.learner.name,
        evaluation.is_usable,
    )


def is_claimed(seed: int) -> tuple[bool, bool]:
    """Whether a difference is called usable, and whether an average effect is called sure, without any effect."""
    from actions.uplift.evidence import measure as measure_results

    experiment = simulate(seed, rows=NULL_ROWS, truth="null", actions=ACTIONS, width=WIDTH).experiment
    evaluation = evaluate_learners(experiment, np.zeros(ACTIONS), seed)
    return evaluation.is_usable, bool(measure_results(experiment, evaluation, seed, 30, None).helpful)


def true_area(effects: Floats, score: Floats, action: np.ndarray) -> float:
    """True gain averaged over all budgets; people with a score of 0 or less get nothing, ties share their place."""
    from scipy.stats import rankdata

    gained = np.where(score > 0, effects[np.arange(len(effects)), action], 0.0)
    return float((gained * (1 - (rankdata(-score) - 0.5) / len(score))).mean())


def compare_with_econml() -> None:
    """Agreement of X and DR effects with econml's on one experiment; a sentence where econml is not installed."""
    try:
        from econml.dr import LinearDRLearner  # type: ignore[import-not-found]
    except ImportError as error:
        print(f"econml is not installed ({error.name}), so its effects are not compared.")
        return
    simulated = simulate(1, rows=12_000, truth="split", actions=1, width=8, treated_share=0.5)
    experiment, new = simulated.experiment, simulate(2, rows=5_000, truth="split", actions=1, width=8)
    oracle = LinearDRLearner(discrete_outcome=True, random_state=1)
    oracle.fit(experiment.outcome, experiment.arm, X=np.nan_to_num(experiment.rows), W=None)
    expected = oracle.effect(np.nan_to_num(new.experiment.rows))
    evaluation = evaluate_learners(experiment, np.zeros(1), 1)
    print("correlation of effects with those of econml's LinearDRLearner, and of both with the truth")
    print(f"  econml          {np.corrcoef(expected, new.effects[:, 0])[0, 1]:.3f} with the truth")
    for name in ("dr_linear", "x_linear", "dr_boosted"):
        effects = evaluation.learners[name].bundle.raw_effects(new.experiment.rows)[:, 0]
        values = [np.corrcoef(effects, other)[0, 1] for other in (expected, new.effects[:, 0])]
        print(f"  {name:15} {values[0]:.3f} with econml, {values[1]:.3f} with the truth")


def _log_odds(evaluation: Evaluation, new: SimulatedExperiment) -> Floats:
    """Predicted log-odds of leaving of new people, by the outcome model of a fitted learner."""
    bundle = evaluation.learners["risk"].bundle
    return bundle.log_odds("outcome", bundle.outcome_columns(new.experiment.rows))


def _points(values: Floats) -> str:
    return f"{100 * values.mean():+.2f} points (from {100 * values.min():+.2f} to {100 * values.max():+.2f} over seeds)"


def _share(count: int, total: int) -> str:
    """A count with the 95% Wilson interval of its share."""
    z, share = NormalDist().inv_cdf(0.975), count / total
    middle = (share + z**2 / (2 * total)) / (1 + z**2 / total)
    half = z * np.sqrt(share * (1 - share) / total + z**2 / (4 * total**2)) / (1 + z**2 / total)
    return f"{count} of {total} seeds ({100 * max(0.0, middle - half):.0f}% to {100 * min(1.0, middle + half):.0f}%)"


if __name__ == "__main__":
    main()
