"""The value of a policy, estimated from randomised assignments: money per person, with honest intervals.

A policy names an arm for each row. Its value is value x stayed - cost per row. Two estimates:

- IPS, by inverse propensity: the rows that were assigned to the policy's arm, each weighted by one over the probability
  of its arm; self-normalised (Hájek 1971), because weights that sum to n make the interval much shorter.
- Doubly robust (Robins, Rotnitzky and Zhao 1994; Dudík, Langford and Li 2011): the prediction of a cross-fitted outcome
  model, corrected by the weighted errors of the rows that were assigned to the policy's arm.

Both rest on the design's own probabilities. The policy must not have seen the outcomes of the rows that judge it: give
effects that were predicted out of time or cross-fitted. Otherwise the value is too high, and no interval shows it.
Intervals count each person once: rows of one person are summed before the variance is computed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actions.declare.plan import ActionPlan
from actions.experiment import Experiment, ExperimentError, Floats
from actions.policy.outcome_model import person_numbers, predict_outcomes
from actions.policy.reference_policies import Arms, plan_arms, reference_policies
from training.evaluate.bootstrap import Interval

IPS, DOUBLY_ROBUST = "ips", "doubly robust"
#: names of the policies that a policy is compared with.
NOBODY = "nobody"


@dataclass(frozen=True)
class PolicyScores:
    """Scores of each policy, (n,) by estimator and policy: their mean is the value, their spread its error."""

    scores: Mapping[str, Mapping[str, Floats]]
    people: NDArray[np.int_]

    def value(self, estimator: str, policy: str) -> Interval:
        """Money per row with its 95% interval."""
        return clustered_interval(self.scores[estimator][policy], self.people)

    def difference(self, estimator: str, policy: str, other: str) -> Interval:
        """Money per row more than the other policy, on the same rows."""
        scores = self.scores[estimator]
        return clustered_interval(scores[policy] - scores[other], self.people)


def ips_scores(experiment: Experiment, policy: Arms, value: float) -> Floats:
    """Scores (n,) whose mean is the self-normalised estimate by inverse propensity.

    Args:
        experiment: the rows.
        policy: (n,), arm of each row.
        value: of a person kept.

    Raises:
        ExperimentError: the policy takes an arm with probability 0, or no row was assigned to its arm.
    """
    weights = _weights(experiment, policy)
    if not weights.any():
        raise ExperimentError(
            "No row was assigned to the arm that the policy chooses, so its value cannot be measured; explore these "
            "arms first."
        )
    money = value * experiment.outcome
    mean = float(weights @ money / weights.sum())
    scores: Floats = mean + weights * (money - mean) / weights.mean() - experiment.cost[policy]
    return scores


def doubly_robust_scores(experiment: Experiment, policy: Arms, value: float, predicted: Floats) -> Floats:
    """Scores (n,) whose mean is the doubly robust estimate.

    Args:
        experiment: the rows.
        policy: (n,), arm of each row.
        value: of a person kept.
        predicted: (n, k), probability to stay under each arm, by a model that has not seen the row's person.

    Raises:
        ExperimentError: the policy takes an arm with probability 0.
    """
    rows = np.arange(len(experiment))
    errors = experiment.outcome - predicted[rows, experiment.arm]
    return np.asarray(
        value * (predicted[rows, policy] + _weights(experiment, policy) * errors) - experiment.cost[policy]
    )


def _weights(experiment: Experiment, policy: Arms) -> Floats:
    """One over the probability of the policy's arm where the row was assigned to it, else 0."""
    probability = experiment.probability[np.arange(len(experiment)), policy]
    if (probability <= 0).any():
        arm = experiment.arms[int(policy[int(np.argmax(probability <= 0))])]
        raise ExperimentError(
            f"The policy chooses {arm} for people who could not be assigned to it, so its value cannot be measured; "
            "choose among their allowed actions."
        )
    return np.where(experiment.arm == policy, 1.0 / probability, 0.0)


def clustered_interval(scores: Floats, people: NDArray[np.int_]) -> Interval:
    """Mean of scores (n,) with its 95% interval by Student's t; rows of one person count as one observation.

    Args:
        scores: (n,).
        people: (n,), number of each row's person, from 0.
    """
    from scipy.stats import t

    mean, clusters = float(scores.mean()), int(people.max()) + 1
    if clusters < 2:
        return Interval(mean, -np.inf, np.inf)
    sums = np.bincount(people, weights=scores - mean, minlength=clusters)
    error = float(np.sqrt(clusters / (clusters - 1) * (sums @ sums)) / len(scores))
    reach = error * float(t.ppf(0.975, clusters - 1))
    return Interval(mean, mean - reach, mean + reach)


def score_policies(
    experiment: Experiment, policies: Mapping[str, Arms], value: float, predicted: Floats
) -> PolicyScores:
    """Scores of several policies on the same rows.

    Args:
        experiment: the rows.
        policies: name -> (n,), arm of each row.
        value: of a person kept.
        predicted: (n, k) of `predict_outcomes`.
    """
    scores = {
        IPS: {name: ips_scores(experiment, policy, value) for name, policy in policies.items()},
        DOUBLY_ROBUST: {
            name: doubly_robust_scores(experiment, policy, value, predicted) for name, policy in policies.items()
        },
    }
    return PolicyScores(scores, person_numbers(experiment.people))


def policy_evidence(
    experiment: Experiment, effects: Floats, plan: ActionPlan, campaign_people: int | None = None, seed: int = 1
) -> dict[str, Any]:
    """What the policy of these effects would have earned in past campaigns, against four other policies.

    Args:
        experiment: rows that judge, m arms with control.
        effects: (n, m - 1), rise of the probability to stay by each arm but control; predicted by models that have not
            seen the outcomes of these rows. NaN where there is no prediction: the action is not chosen.
        plan: value, costs, budget and capacities.
        campaign_people: people of a usual campaign. The budget and the capacities are scaled to the rows of each past
            campaign; None to give each past campaign the whole of both.
        seed: random seed of the outcome model and of the random policy.

    Returns:
        `rows`, `people`, `campaigns`, `currency`, `value_of_person`; `counts` of rows by arm of the policy; `values`
        and `differences` by estimator (`ips`, `doubly robust`) and other policy (`nobody`, `everybody`,
        `riskiest first`, `random`), each with value, low and high in money per row; `surely_better` than nobody, which
        is that the lower bound of the doubly robust difference is above 0; `surely_better_than`, names; one `sentence`.

    Raises:
        ExperimentError: the effects have another shape than the experiment.
    """
    if effects.shape != (len(experiment), len(experiment.arms) - 1):
        raise ExperimentError(
            f"Effects have the shape {effects.shape}, but the experiment has {len(experiment)} rows and "
            f"{len(experiment.arms) - 1} actions."
        )
    predicted = predict_outcomes(experiment, seed)
    policy = plan_arms(experiment, effects, plan, campaign_people)
    policies = {"policy": policy, **reference_policies(experiment, predicted, plan, campaign_people, seed)}
    scores = score_policies(experiment, policies, plan.value, predicted)
    others = [name for name in policies if name != "policy"]
    differences = {
        estimator: {name: scores.difference(estimator, "policy", name).json() for name in others}
        for estimator in scores.scores
    }
    better = [name for name in others if differences[DOUBLY_ROBUST][name]["low"] > 0]
    return {
        "rows": len(experiment),
        "people": int(scores.people.max()) + 1,
        "campaigns": len(np.unique(experiment.campaigns.astype(str))),
        "currency": plan.currency,
        "value_of_person": plan.value,
        "counts": {name: int((policy == arm).sum()) for arm, name in enumerate(experiment.arms)},
        "values": {
            estimator: {name: scores.value(estimator, name).json() for name in policies} for estimator in scores.scores
        },
        "differences": differences,
        "surely_better": NOBODY in better,
        "surely_better_than": better,
        "sentence": _sentence(differences[DOUBLY_ROBUST][NOBODY], plan.currency, others, better),
    }


def _sentence(difference: Mapping[str, float], currency: str, others: list[str], better: list[str]) -> str:
    figures = (
        f"In past campaigns the policy earned {difference['value']:+.2f} {currency} a person against contacting nobody "
        f"(95% interval {difference['low']:+.2f} to {difference['high']:+.2f}, doubly robust)"
    )
    if NOBODY not in better:
        return f"{figures}: it is not surely better than contacting nobody."
    rest = [name for name in others if name not in better]
    return f"{figures}: it is surely better than {', '.join(better)}" + (
        f", but not surely better than {', '.join(rest)}." if rest else "."
    )
