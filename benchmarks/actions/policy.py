"""`python -m benchmarks policy`: speed of the allocation, distance to the bound, and truth of the policy's value."""

import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

import numpy as np
from threadpoolctl import threadpool_limits

from actions.experiment import Experiment, Floats
from actions.policy.allocation import action_gains, allocate
from actions.policy.constraints import Constraints, plan_constraints
from actions.policy.exact import linear_program
from actions.policy.outcome_model import predict_outcomes
from actions.policy.reference_policies import Arms, plan_arms, rank_actions, spend_in_order
from actions.policy.value import DOUBLY_ROBUST, IPS, score_policies
from benchmarks.actions.policy_case import (
    PEOPLE,
    cross_fitted_effects,
    draw_experiment,
    draw_world,
    learn_effects,
    policy_plan,
)
from benchmarks.pipeline.memory import run_and_measure_peak
from benchmarks.timing import elapsed_seconds

SIZES, LP_PEOPLE = (100_000, 1_000_000), 10_000
SEEDS = 100
#: processes of the simulation, and people of the campaign that follows the experiment.
PROCESSES, NEXT_PEOPLE = 2, 20_000
ESTIMATORS = (IPS, DOUBLY_ROBUST)
#: policies that the policy is compared with, beside nobody.
OTHERS = ("everybody", "riskiest first", "random")


def main() -> None:
    """Print speed and truth."""
    for people in SIZES:
        peak, text = run_and_measure_peak("benchmarks.actions.policy", str(people))
        print(f"{text.strip()}, peak memory {peak / 2**20:,.0f} MB")
    _compare_with_linear_program()
    for has_effects in (True, False):
        with ProcessPoolExecutor(PROCESSES, get_context("spawn")) as pool:
            _print_truth(list(pool.map(run_seed, range(SEEDS), [has_effects] * SEEDS)), has_effects)


def allocation_case(people: int, seed: int) -> tuple[Floats, Constraints]:
    """Gains (n, 6) of people with effects that grow with the risk, and seven constraints of which several bind."""
    rng = np.random.default_rng(seed)
    risk = rng.beta(1.5, 6, people)
    effects = rng.normal(0.01, 0.03, (people, 6)) + 0.1 * risk[:, None] * rng.uniform(0, 1, 6)
    cost = np.array([0.1, 0.5, 3.0, 30.0, 60.0, 90.0])
    allowed = rng.random((people, 6)) >= 0.2
    names = ("budget", "channel push", "channel email", "channel sms", "offer gift", "offer discount", "action 1")
    usage = np.array(
        [cost, [1, 1, 0, 0, 0, 0], [0, 0, 1, 2, 0, 0], [0, 0, 0, 0, 1, 3], [0, 1, 0, 1, 0, 1], [0, 0, 1, 0, 1, 0],
         [1, 0, 0, 0, 0, 0]]
    )  # fmt: skip
    shares = np.array([2.0, 0.3, 0.2, 0.2, 0.2, 0.2, 0.1])
    return action_gains(effects, 1500, cost, allowed), Constraints(names, usage, shares * people)


def measure_speed(people: int) -> None:
    """Print the seconds of one allocation and its distance to the bound."""
    gains, constraints = allocation_case(people, 1)
    plans: list[float] = []
    seconds = elapsed_seconds(lambda: plans.append(allocate(gains, constraints).gap))
    print(f"{people:,} people x 6 actions x 7 constraints: {seconds:.1f} s, {plans[0]:.5%} below the bound")


def _compare_with_linear_program() -> None:
    gaps = []
    for seed in range(5):
        gains, constraints = allocation_case(LP_PEOPLE, seed)
        exact, _ = linear_program(gains, constraints)
        gaps.append(1 - allocate(gains, constraints).gain / exact)
    print(f"{LP_PEOPLE:,} people against the exact linear program, 5 seeds: at most {max(gaps):.4%} below")


@dataclass(frozen=True)
class SeedResult:
    """One simulated experiment and the campaign after it.

    Attributes:
        covered: by estimator: whether the interval of the policy's value held the truth.
        covered_difference: the same of the difference to nobody.
        widths: by estimator: half width of the difference to nobody, in money per person.
        better: by estimator: whether the policy was surely better than nobody.
        earned: true money per person of the next campaign, by policy, nobody's taken off.
    """

    covered: dict[str, bool]
    covered_difference: dict[str, bool]
    widths: dict[str, float]
    better: dict[str, bool]
    earned: dict[str, float]


def run_seed(seed: int, has_effects: bool) -> SeedResult:
    """Draw an experiment, learn effects, estimate the policy's value, and run the policy on new people."""
    rng = np.random.default_rng((seed, int(has_effects)))
    world = draw_world(rng, PEOPLE, has_effects)
    experiment, plan = draw_experiment(rng, world), policy_plan(PEOPLE)
    with threadpool_limits(1):
        predicted = predict_outcomes(experiment, seed)
        policy = plan_arms(experiment, cross_fitted_effects(experiment), plan, PEOPLE)
        earned = _next_campaign(experiment, predicted, rng, has_effects)
    policies = {"policy": policy, "nobody": np.zeros(PEOPLE, dtype=np.int_)}
    scores = score_policies(experiment, policies, plan.value, predicted)
    true = {name: _true_money(world.stay, arms, experiment.cost, plan.value) for name, arms in policies.items()}
    values = {name: scores.value(name, "policy") for name in ESTIMATORS}
    differences = {name: scores.difference(name, "policy", "nobody") for name in ESTIMATORS}
    more = true["policy"] - true["nobody"]
    return SeedResult(
        {name: value.low <= true["policy"] <= value.high for name, value in values.items()},
        {name: difference.low <= more <= difference.high for name, difference in differences.items()},
        {name: (difference.high - difference.low) / 2 for name, difference in differences.items()},
        {name: difference.low > 0 for name, difference in differences.items()},
        earned,
    )


def _next_campaign(
    experiment: Experiment, predicted: Floats, rng: np.random.Generator, has_effects: bool
) -> dict[str, float]:
    """True money per person more than nobody, by policy, for new people and a plan of their size."""
    world, plan = draw_world(rng, NEXT_PEOPLE, has_effects), policy_plan(NEXT_PEOPLE)
    allowed, constraints = np.ones((NEXT_PEOPLE, 4), dtype=np.bool_), plan_constraints(plan)

    def allocated(effects: Floats) -> Arms:
        gains = action_gains(effects, plan.value, experiment.cost[1:], allowed)
        return allocate(gains, constraints).choice + 1

    arms = {
        "policy": allocated(learn_effects(experiment, predicted, world.rows)),
        "true effects": allocated(world.stay[:, 1:] - world.stay[:, :1]),
    }
    ranking = rank_actions(experiment, predicted, plan.value, experiment.probability[:, 1:] > 0)
    for name, key in (("riskiest first", world.baseline), ("random", rng.random(NEXT_PEOPLE))):
        arms[name] = spend_in_order(np.argsort(-key), ranking, allowed, constraints) + 1
    arms["everybody"] = np.full(NEXT_PEOPLE, ranking[0] + 1)
    nobody = _true_money(world.stay, np.zeros(NEXT_PEOPLE, dtype=np.int_), experiment.cost, plan.value)
    return {
        name: _true_money(world.stay, chosen, experiment.cost, plan.value) - nobody for name, chosen in arms.items()
    }


def _true_money(stay: Floats, arms: Arms, cost: Floats, value: float) -> float:
    return float((value * stay[np.arange(len(arms)), arms] - cost[arms]).mean())


def _print_truth(results: Sequence[SeedResult], has_effects: bool) -> None:
    count = len(results)
    print(f"{count} experiments of {PEOPLE:,} people, {'with effects' if has_effects else 'all effects null'}:")
    for name in ESTIMATORS:
        print(
            f"  {name}: the 95% interval holds the true value {sum(result.covered[name] for result in results)} times, "
            f"the true difference to nobody {sum(result.covered_difference[name] for result in results)} times; half "
            f"width {_spread([result.widths[name] for result in results])}; surely better than nobody "
            f"{sum(result.better[name] for result in results)} times"
        )
    for name in ("policy", *OTHERS, "true effects"):
        print(f"  true money a person more than nobody, {name}: {_spread([result.earned[name] for result in results])}")
    for name in OTHERS:
        wins = sum(result.earned["policy"] > result.earned[name] for result in results)
        print(f"  the policy truly earns more than {name}: {wins} times")
    gains = sum(result.earned["policy"] > 0 for result in results)
    print(f"  the policy truly earns more than nobody: {gains} times")


def _spread(values: Sequence[float]) -> str:
    low, middle, high = np.percentile(values, [5, 50, 95])
    return f"{middle:.2f} ({low:.2f} to {high:.2f})"


if __name__ == "__main__":
    measure_speed(int(sys.argv[1]))
