"""The value of a policy from randomised rows: unbiased, with intervals that count people, against other policies."""

from dataclasses import replace

import numpy as np
import pytest

from actions.experiment import Experiment, ExperimentError, Floats
from actions.policy.constraints import Constraints
from actions.policy.outcome_model import predict_outcomes
from actions.policy.reference_policies import plan_arms, rank_actions, reference_policies, spend_in_order
from actions.policy.value import (
    clustered_interval,
    doubly_robust_scores,
    ips_scores,
    policy_evidence,
)
from tests.unit.actions.plans import PLAN, plan
from tests.unit.builders import is_one_sentence

ARMS = ("control", "email_none_1", "email_discount_2", "sms_discount_1")
COST = np.array([0.0, 1.0, 22.0, 24.0])
SHARES = np.array([0.4, 0.3, 0.2, 0.1])
VALUE = 1_000.0
BIG = plan(daily_budget=1e9)


def simulated(seed: int, rows: int = 4_000, effect: float = 0.2) -> tuple[Experiment, Floats]:
    """An experiment, and the true probability (n, 4) to stay: e-mail helps where the first feature is above 0."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(rows, 3))
    stay = np.clip(0.7 + 0.1 * features[:, 1], 0.05, 0.75)
    truth = np.column_stack([stay, stay + effect * (features[:, 0] > 0), stay - 0.05, stay])
    arm = rng.choice(4, rows, p=SHARES)
    experiment = Experiment(
        names=("a", "b", "c"), rows=features, people=np.array([f"p{row // 2}" for row in range(rows)], dtype=object),
        campaigns=np.array([f"c{row % 2}" for row in range(rows)], dtype=object),
        assigned_on=np.full(rows, np.datetime64("2026-01-01")), arms=ARMS, arm=arm,
        probability=np.tile(SHARES, (rows, 1)), outcome=(rng.random(rows) < truth[np.arange(rows), arm]).astype(float),
        cost=COST, baseline=1 - stay,
    )  # fmt: skip
    return experiment, truth


def true_value(truth: Floats, policy: np.ndarray) -> float:
    return float((VALUE * truth[np.arange(len(policy)), policy] - COST[policy]).mean())


def test_both_estimates_hold_the_true_value_and_agree_with_it_on_average():
    errors, covered = {"ips": [], "doubly robust": []}, {"ips": 0, "doubly robust": 0}
    for seed in range(12):
        experiment, truth = simulated(seed, rows=2_000)
        policy = (experiment.rows[:, 0] > 0).astype(int) + (experiment.rows[:, 2] > 1)
        people = np.arange(len(experiment)) // 2
        scores = {
            "ips": ips_scores(experiment, policy, VALUE),
            "doubly robust": doubly_robust_scores(experiment, policy, VALUE, predict_outcomes(experiment, seed)),
        }
        for name, values in scores.items():
            interval = clustered_interval(values, people)
            errors[name].append(interval.value - true_value(truth, policy))
            covered[name] += interval.low <= true_value(truth, policy) <= interval.high
    for name, values in errors.items():
        assert covered[name] >= 10, name
        assert abs(np.mean(values)) < 3 * np.std(values) / np.sqrt(len(values)), name


def test_the_doubly_robust_interval_is_shorter_where_features_tell_who_stays():
    experiment, _ = simulated(11)
    stay = np.where(experiment.rows[:, 1] > 0, 0.95, 0.2)
    clear = replace(experiment, outcome=(np.random.default_rng(11).random(len(stay)) < stay).astype(float))
    policy, people = np.full(len(stay), 2), np.arange(len(stay)) // 2
    scores = ips_scores(clear, policy, VALUE), doubly_robust_scores(clear, policy, VALUE, predict_outcomes(clear))
    widths = [interval.high - interval.low for interval in (clustered_interval(values, people) for values in scores)]
    assert widths[1] < 0.8 * widths[0]


def test_a_wrong_outcome_model_leaves_the_doubly_robust_estimate_unbiased():
    errors = []
    for seed in range(12):
        experiment, truth = simulated(seed, rows=2_000)
        policy = np.ones(len(experiment), dtype=int)
        scores = doubly_robust_scores(experiment, policy, VALUE, np.full((len(experiment), 4), 0.1))
        errors.append(scores.mean() - true_value(truth, policy))
    assert abs(np.mean(errors)) < 3 * np.std(errors) / np.sqrt(len(errors))


def test_the_interval_counts_a_person_once():
    scores = np.random.default_rng(1).normal(size=500)
    single = clustered_interval(scores, np.arange(500))
    repeated = clustered_interval(np.repeat(scores, 4), np.repeat(np.arange(500), 4))
    assert (repeated.low, repeated.high) == pytest.approx((single.low, single.high))
    assert single.high - single.low == pytest.approx(2 * 1.965 * scores.std(ddof=1) / np.sqrt(500), rel=0.01)


def test_the_interval_of_a_single_person_is_without_end():
    interval = clustered_interval(np.array([1.0, 2.0]), np.array([0, 0]))
    assert (interval.value, interval.low, interval.high) == (1.5, -np.inf, np.inf)


def test_the_outcome_model_has_not_seen_the_persons_outcomes():
    """A feature that names the person would give away the outcome of a person seen in training."""
    experiment, _ = simulated(1, rows=1_000)
    person = np.arange(1_000) // 2
    noise = np.repeat(np.random.default_rng(2).integers(0, 2, 500), 2).astype(float)
    leaking = replace(experiment, rows=person[:, None].astype(float), names=("person",), outcome=noise)
    predicted = predict_outcomes(leaking)[:, 0]
    assert abs(np.corrcoef(predicted, noise)[0, 1]) < 0.15


def test_a_helping_policy_is_surely_better_than_nobody_and_the_evidence_says_by_how_much():
    experiment, truth = simulated(3)
    effects = truth[:, 1:] - truth[:, :1]
    evidence = policy_evidence(experiment, effects, BIG)
    assert evidence["surely_better"] is True
    assert "surely better than nobody" in evidence["sentence"]
    assert evidence["counts"]["email_none_1"] == int((experiment.rows[:, 0] > 0).sum())
    difference = evidence["differences"]["doubly robust"]["nobody"]
    assert difference["low"] < 0.5 * (0.2 * VALUE - 1) < difference["high"]
    assert set(evidence["differences"]["ips"]) == {"nobody", "everybody", "riskiest first", "random"}
    assert evidence["values"]["ips"]["nobody"]["value"] == pytest.approx(VALUE * 0.7, rel=0.1)
    assert (evidence["rows"], evidence["people"], evidence["campaigns"]) == (4_000, 2_000, 2)


def test_a_past_campaign_gets_the_share_of_the_budget_that_its_people_are_of_a_usual_campaign():
    """Two campaigns of 2,000 people and a budget for 1,000 of 20,000 people: 100 people of each campaign."""
    experiment, truth = simulated(3)
    effects, scarce = truth[:, 1:] - truth[:, :1], plan(daily_budget=1_000 * float(COST[1]))
    scaled = policy_evidence(experiment, effects, scarce, campaign_people=20_000)["counts"]
    whole = policy_evidence(experiment, effects, scarce)["counts"]
    assert scaled["email_none_1"] == 200
    assert whole["email_none_1"] > 1_000


def test_a_policy_of_noise_is_not_surely_better_and_the_sentence_says_so():
    experiment, _ = simulated(4, effect=0.0)
    effects = np.random.default_rng(4).normal(0.03, 0.03, (len(experiment), 3))
    evidence = policy_evidence(experiment, effects, BIG)
    assert evidence["surely_better"] is False
    assert evidence["sentence"].endswith("it is not surely better than contacting nobody.")


def test_effects_without_a_prediction_choose_nobody():
    experiment, _ = simulated(5, rows=500)
    evidence = policy_evidence(experiment, np.full((500, 3), np.nan), BIG)
    assert evidence["counts"]["control"] == 500
    assert evidence["differences"]["doubly robust"]["nobody"] == {"value": 0.0, "low": 0.0, "high": 0.0}
    assert evidence["surely_better"] is False


def test_budget_and_capacities_are_scaled_to_the_rows_of_a_past_campaign():
    experiment, truth = simulated(6, rows=1_000)
    effects = truth[:, 1:] - truth[:, :1]
    small = plan(daily_budget=30)
    assert (plan_arms(experiment, effects, small) > 0).sum() == 60, "two campaigns, 30 e-mails each"
    assert (plan_arms(experiment, effects, small, campaign_people=5_000) > 0).sum() == 6


def test_a_policy_chooses_only_arms_that_the_row_could_get_and_the_plan_still_has():
    experiment, _ = simulated(7, rows=400)
    probability = experiment.probability.copy()
    probability[:200, 1] = 0
    arms = ("control", "email_none_1", "letter_none_1", "sms_discount_1")
    limited = replace(experiment, probability=probability, arms=arms)
    chosen = plan_arms(limited, np.tile([0.3, 0.9, -0.1], (400, 1)), BIG)
    assert chosen.tolist() == [0] * 200 + [1] * 200


def test_riskiest_first_and_random_spend_the_same_budget_on_other_people():
    experiment, _ = simulated(8)
    policies = reference_policies(experiment, predict_outcomes(experiment), plan(daily_budget=500), seed=1)
    riskiest, random = (policies[name] for name in ("riskiest first", "random"))
    assert COST[riskiest].sum() == COST[random].sum() == 1_000
    assert experiment.baseline[riskiest > 0].min() >= np.median(experiment.baseline)
    assert (riskiest > 0).tolist() != (random > 0).tolist()
    assert set(policies["everybody"]) == {1}
    assert not policies["nobody"].any()


def test_actions_are_ranked_by_their_average_gain():
    experiment, _ = simulated(9)
    assert rank_actions(experiment, predict_outcomes(experiment), VALUE, np.ones((4_000, 3), bool))[0] == 0


def test_people_in_order_get_the_next_action_when_the_best_is_used_up():
    limits = Constraints(("action 0", "action 1"), np.eye(2), np.array([2.0, 1.0]))
    allowed = np.array([[True, True]] * 3 + [[False, True]] + [[True, True]])
    assert spend_in_order([4, 3, 2, 1, 0], [0, 1], allowed, limits).tolist() == [-1, -1, 0, 1, 0]


@pytest.mark.parametrize(
    ("act", "words"),
    [
        pytest.param(
            lambda e: ips_scores(replace(e, probability=np.tile([1.0, 1.0, 0, 0], (300, 1))), np.full(300, 2), VALUE),
            "chooses email_discount_2 for people who could not be assigned to it", id="an arm that rows cannot get",
        ),
        pytest.param(
            lambda e: ips_scores(e.select(e.arm != 3), np.full(int((e.arm != 3).sum()), 3), VALUE),
            "No row was assigned to the arm", id="an arm without rows",
        ),
        pytest.param(lambda e: policy_evidence(e, np.zeros((3, 3)), PLAN), r"shape \(3, 3\)", id="shape of effects"),
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_measured_is_one_sentence(act, words: str):
    with pytest.raises(ExperimentError, match=words) as caught:
        act(simulated(10, rows=300)[0])
    assert is_one_sentence(caught.value)
