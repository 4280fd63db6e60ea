"""What the cinema's features are made of, and that a person can read them."""

import re
from collections import Counter

import pytest

from features import DuckEngine, Feature
from lake import Source, base, view_sql
from projects.churn.features import FEATURES
from projects.churn.sources import SOURCES

BY_NAME = {source.name: source for source in SOURCES}
WINDOWS = {1, 3, 7, 14, 30, 60, 90, 180, 365, None}
#: of these the first drop holds the past of whoever was there already; of all others it holds what happened since.
WITH_A_PAST = {"subscriptions", "payments", "auto_renew", "profiles", "identity_links"}
USED = WITH_A_PAST | {
    "contract", "calendar", "viewing", "hits", "visits", "app_events", "app_sessions", "messages", "contacts",
}  # fmt: skip
#: a model knows them by these names: a feature may be added, none renamed.
NAMES = """
contract_days_to_end contract_tenure_days contract_days_since_first_access contract_earlier_lapses contract_auto_renew
contract_days_since_switched_off contract_promo contract_days_to_promo_end contract_trial_age contract_trial_length
contract_trial_auto_charging subscriptions_monthly_price_last_all subscriptions_period_months_last_all
auto_renew_switched_off_count_all payments_failures_count_7d payments_failures_count_30d payments_failures_count_90d
payments_failures_days_since_last payments_card_expires_on_days_until payments_paid_last_all viewing_minutes_sum_1d
viewing_minutes_sum_7d viewing_minutes_sum_14d viewing_minutes_sum_30d viewing_minutes_sum_90d viewing_active_days_3d
viewing_active_days_7d viewing_active_days_14d viewing_active_days_30d viewing_active_days_90d
viewing_title_id_distinct_30d viewing_completion_mean_30d viewing_minutes_stddev_30d viewing_minutes_ratio_7d_30d
viewing_minutes_ratio_30d_90d viewing_days_since_last viewing_failures_count_30d viewing_tv_share_30d
viewing_profile_no_distinct_30d hits_tariffs_count_7d hits_tariffs_count_30d hits_cancel_count_7d hits_cancel_count_30d
hits_help_count_30d visits_count_7d visits_count_30d visits_minutes_sum_30d app_sessions_count_7d
app_sessions_active_days_30d app_sessions_days_since_last app_events_search_count_14d app_events_title_open_count_14d
app_events_paywall_count_14d app_events_cancel_count_7d app_events_cancel_count_30d messages_sends_count_30d
messages_opens_count_30d messages_unsubscribes_count_90d messages_opens_days_since_last profiles_household_size_last_all
profiles_has_kids_profile_last_all profiles_accepts_email_last_all profiles_accepts_push_last_all calendar_year_cosine
calendar_days_to_new_year
"""


def test_there_are_features_of_all_that_the_cinema_exports():
    assert len(FEATURES) >= 150
    assert {feature.source for feature in FEATURES} == USED
    assert {feature.ahead.source for feature in FEATURES if feature.ahead} == {"catalogue"}


def test_no_feature_has_lost_its_name():
    assert set(NAMES.split()) - {feature.name for feature in FEATURES} == set()


def test_a_reason_gathers_several_features_and_there_are_few_enough_to_remember():
    of_a_reason = Counter(feature.reason for feature in FEATURES)
    assert len(of_a_reason) == 10
    assert min(of_a_reason.values()) >= 2


def test_what_a_person_would_not_like_to_hear_is_not_said():
    """How the bank answered, who lives there, what is watched and when, and what our campaigns did."""
    delicate = re.compile("too little money|declined|exceeded|expired|people behind|child|Moscow|of minutes|chosen")
    assert {one.name for one in FEATURES if delicate.search(one.description) and not one.private} == set()
    assert 20 <= sum(one.private for one in FEATURES) <= len(FEATURES) / 4


def test_descriptions_tell_features_apart():
    told = Counter(feature.description for feature in FEATURES)
    assert [text for text, times in told.items() if times > 1 or not text.strip()] == []


def test_a_description_names_the_windows():
    unsaid = [
        feature.name
        for feature in FEATURES
        for window in (feature.window, feature.against)
        if window and not re.search(r"\bthe last day\b" if window == 1 else rf"\b{window}\b", feature.description)
    ]
    assert unsaid == []


def test_windows_are_the_standard_ones():
    assert {window for feature in FEATURES for window in (feature.window, feature.against)} <= WINDOWS


def test_only_what_has_a_past_is_looked_back_at_for_more_than_90_days():
    assert [one.name for one in FEATURES if (one.reach or 0) > 90 and one.source not in WITH_A_PAST] == []


def test_no_window_is_too_short_for_its_rows_to_be_known():
    lags = {source.name: source.known_lag_days for source in SOURCES}
    assert max(lags.values()) > 0
    assert [one.name for one in FEATURES if one.window is not None and one.window <= lags.get(one.source, 0)] == []


def test_a_trial_is_told_by_days():
    for source in ("viewing", "hits", "app_sessions"):
        assert {3, 7} <= {feature.window for feature in FEATURES if feature.source == source}


def read(feature: Feature, source: Source) -> set[str]:
    """Every word of the SQL that a feature reads of its source, texts in quotes left out."""
    measure = source.value(feature.measure) if feature.measure else ""
    return set(re.findall(r"\w+", re.sub(r"'[^']*'", "", f"{feature.where or ''} {measure}")))


def test_no_feature_reads_what_identifies_a_person():
    personal = {(source.name, one.name) for source in SOURCES for one in source.columns if one.personal}
    assert ("profiles", "birth_year") in personal
    features = [one for one in FEATURES if one.source in BY_NAME]
    assert personal & {(one.source, word) for one in features for word in read(one, BY_NAME[one.source])} == set()


def test_a_title_is_looked_up_where_plays_are_told_by_it():
    found = {column for one in BY_NAME["viewing"].lookups for column, _ in one.columns}
    words = set().union(*(read(one, BY_NAME["viewing"]) for one in FEATURES if one.source == "viewing"))
    assert found == {"genre", "kids_title", "released", "finale"} == found & words


@pytest.fixture(scope="module")
def duck() -> DuckEngine:
    """The cinema's sources without a row."""
    engine = DuckEngine("Europe/Moscow", threads=1)
    for source in SOURCES:
        columns = ", ".join(f"cast(null as {one.type}) as {one.name}" for one in source.columns)
        engine.keep(base(source), f"select {columns} where false")
    for source in SOURCES:
        engine.show(source.name, view_sql(source))
    return engine


@pytest.mark.parametrize("source", SOURCES, ids=lambda one: one.name)
def test_the_other_engine_can_read_conditions_measures_and_lookups(duck: DuckEngine, source: Source):
    conditions = {feature.where for feature in FEATURES if feature.where and feature.source == source.name}
    conditions |= {f"({sql}) is not null" for _, sql in source.measures}
    conditions |= {f"{column} is not null" for one in source.lookups for column, _ in one.columns}
    problems = {condition: duck.problem(source.name, condition) for condition in conditions}
    assert {condition: problem for condition, problem in problems.items() if problem} == {}
