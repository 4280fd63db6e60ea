"""A simulated experiment whose true effects are known, a learner, and the plan of the policy's benchmark."""

from dataclasses import dataclass

import numpy as np

from actions.declare.action import Action, Channel, Offer
from actions.declare.plan import ActionPlan, ControlGroups
from actions.experiment import Experiment, Floats
from actions.policy.outcome_model import person_numbers, predict_outcomes

#: actions and the probability of each arm, control first.
ACTIONS = (("push", "none", 1), ("email", "discount", 1), ("sms", "gift", 1), ("sms", "discount", 2))
SHARES = (0.3, 0.2, 0.2, 0.15, 0.15)
FEATURES, CAMPAIGNS, PEOPLE = 8, 3, 6_000
VALUE, BUDGET_PER_PERSON = 2_000.0, 15.0
#: seed of the learner, and parts of the people of which each is predicted by a learner of the others.
LEARNER_SEED, PARTS = 1, 2


@dataclass(frozen=True)
class SimulatedPeople:
    """People and their truth.

    Attributes:
        rows: (n, features).
        stay: (n, 5) true probability to stay under each arm, control first.
        baseline: (n,) published churn probability: the risk with an error.
    """

    rows: Floats
    stay: Floats
    baseline: Floats


def policy_plan(people: int, value: float = VALUE) -> ActionPlan:
    """The plan for a campaign of so many people: the budget is enough for about a third of them."""
    return ActionPlan(
        channels=(
            Channel(name="push", cost=1, where="true"),
            Channel(name="email", cost=2, where="true", daily_capacity=int(0.3 * people)),
            Channel(name="sms", cost=8, where="true", daily_capacity=int(0.3 * people)),
        ),
        offers=(
            Offer(name="none", cost=0),
            Offer(name="discount", cost=40),
            Offer(name="gift", cost=60, daily_capacity=int(0.2 * people)),
        ),
        actions=tuple(Action(channel=channel, offer=offer, contacts=contacts) for channel, offer, contacts in ACTIONS),
        value=value, currency="rubles", basis="assumed", daily_budget=BUDGET_PER_PERSON * people,
        control=ControlGroups(salt="benchmark"), populations=("paid",),
    )  # fmt: skip


def draw_world(rng: np.random.Generator, people: int, has_effects: bool) -> SimulatedPeople:
    """Draw people. With effects, one action helps those of middle risk, one harms the riskiest, one does nothing."""
    rows = rng.normal(size=(people, FEATURES))
    rows[rng.random(people) < 0.1, FEATURES - 1] = np.nan
    risk = 1 / (1 + np.exp(1.5 - 0.9 * rows[:, 0] + 0.5 * rows[:, 1]))
    middle = np.exp(-(((risk - 0.25) / 0.12) ** 2))
    effects = np.column_stack(
        [
            np.zeros(people),
            0.22 * middle * (rows[:, 2] > 0),
            np.where(risk > 0.35, -0.12, 0.15 * (rows[:, 3] > 0.3)),
            0.10 * middle - 0.05 * (rows[:, 2] > 0),
        ]
    )
    effects = np.clip(has_effects * effects, risk[:, None] - 0.99, risk[:, None] - 0.005)
    stay = np.column_stack([1 - risk, (1 - risk)[:, None] + effects])
    return SimulatedPeople(rows, stay, np.clip(risk + rng.normal(0, 0.03, people), 0.001, 0.999))


def draw_experiment(rng: np.random.Generator, world: SimulatedPeople) -> Experiment:
    """Assign arms; a tenth of the people cannot get SMS; a tenth of the rows are of people who have another one."""
    count = len(world.rows)
    probability = np.tile(SHARES, (count, 1))
    probability[rng.random(count) < 0.1, 3:] = 0
    probability /= probability.sum(axis=1, keepdims=True)
    arm = (rng.random(count)[:, None] > np.cumsum(probability, axis=1)).sum(axis=1)
    people = np.arange(count)
    people[: count // 10] = people[-(count // 10) :]
    plan = policy_plan(count)
    return Experiment(
        names=tuple(f"feature_{number}" for number in range(FEATURES)), rows=world.rows,
        people=people.astype(str).astype(object),
        campaigns=np.array([f"c{row % CAMPAIGNS}" for row in range(count)], dtype=object),
        assigned_on=np.full(count, np.datetime64("2026-01-01")), arms=plan.arms, arm=arm, probability=probability,
        outcome=(rng.random(count) < world.stay[np.arange(count), arm]).astype(np.float64),
        cost=np.array([0.0, *(plan.cost(action) for action in plan.actions)]), baseline=world.baseline,
    )  # fmt: skip


def cross_fitted_effects(experiment: Experiment) -> Floats:
    """Effects (n, 4) by a doubly robust learner that was fitted on other people."""
    person = person_numbers(experiment.people)
    fold = np.random.default_rng(LEARNER_SEED).permutation(int(person.max()) + 1)[person] % PARTS
    effects = np.empty((len(experiment), len(experiment.arms) - 1))
    for part in range(PARTS):
        others = experiment.select(fold != part)
        effects[fold == part] = learn_effects(
            others, predict_outcomes(others, LEARNER_SEED), experiment.rows[fold == part]
        )
    return effects


def learn_effects(experiment: Experiment, predicted: Floats, rows: Floats) -> Floats:
    """Effects of each action on other rows: boosted trees on doubly robust pseudo-outcomes (Kennedy 2023).

    Args:
        experiment: the rows to learn from.
        predicted: (n, 5) of `predict_outcomes` for them.
        rows: (m, features) of other people.
    """
    from sklearn.ensemble import HistGradientBoostingRegressor

    errors = experiment.outcome - predicted[np.arange(len(experiment)), experiment.arm]
    weighted = errors / experiment.assigned_probability
    effects = np.empty((len(rows), len(experiment.arms) - 1))
    for arm in range(1, len(experiment.arms)):
        could = experiment.probability[:, arm] > 0
        sign = (experiment.arm == arm).astype(float) - (experiment.arm == 0)
        pseudo = predicted[:, arm] - predicted[:, 0] + weighted * sign
        model = HistGradientBoostingRegressor(
            max_iter=30, max_leaf_nodes=6, learning_rate=0.1, min_samples_leaf=150, early_stopping=False,
            random_state=LEARNER_SEED,
        )  # fmt: skip
        effects[:, arm - 1] = model.fit(experiment.rows[could], pseudo[could]).predict(rows)
    return effects
