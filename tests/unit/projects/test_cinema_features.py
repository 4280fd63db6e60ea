"""The declarations of the cinema's features, and their readable descriptions."""

import re
from collections import Counter

import pytest

from features import DuckEngine, Feature
from lake import Source, base, view_sql
from projects.churn.features import FEATURES
from projects.churn.sources import SOURCES

BY_NAME = {source.name: source for source in SOURCES}
WINDOWS = {1, 3, 7, 14, 30, 60, 90, 180, 365, None}
#: sources whose first batch holds the full history; the first batch of all others holds the window only.
WITH_HISTORY = {"subscriptions", "payments", "auto_renew", "profiles", "identity_links"}
USED = WITH_HISTORY | {
    "contract", "calendar", "viewing", "hits", "visits", "app_events", "app_sessions", "messages", "contacts",
}  # fmt: skip
#: registered models use these names: a feature may be added, but none renamed.
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


def test_features_cover_all_exports_of_the_cinema():
    assert len(FEATURES) >= 150
    assert {feature.source for feature in FEATURES} == USED
    assert {feature.ahead.source for feature in FEATURES if feature.ahead} == {"catalogue"}


def test_no_feature_was_renamed():
    assert set(NAMES.split()) - {feature.name for feature in FEATURES} == set()


def test_there_are_ten_reasons_with_several_features_each():
    counts = Counter(feature.reason for feature in FEATURES)
    assert len(counts) == 10
    assert min(counts.values()) >= 2


def test_sensitive_features_are_private():
    """Sensitive are answers of the bank, the household, viewing habits, and our campaigns."""
    sensitive = re.compile("too little money|declined|exceeded|expired|people behind|child|Moscow|of minutes|chosen")
    assert {
        feature.name for feature in FEATURES if sensitive.search(feature.description) and not feature.private
    } == set()
    assert 20 <= sum(feature.private for feature in FEATURES) <= len(FEATURES) / 4


def test_descriptions_are_unique():
    descriptions = Counter(feature.description for feature in FEATURES)
    assert [text for text, times in descriptions.items() if times > 1 or not text.strip()] == []


def test_a_description_states_its_windows():
    missing = [
        feature.name
        for feature in FEATURES
        for window in (feature.window, feature.against)
        if window and not re.search(r"\bthe last day\b" if window == 1 else rf"\b{window}\b", feature.description)
    ]
    assert missing == []


def test_windows_are_the_standard_ones():
    assert {window for feature in FEATURES for window in (feature.window, feature.against)} <= WINDOWS


def test_only_sources_with_history_have_windows_over_90_days():
    assert [
        feature.name for feature in FEATURES if (feature.reach or 0) > 90 and feature.source not in WITH_HISTORY
    ] == []


def test_every_window_is_longer_than_the_lag_of_its_source():
    lags = {source.name: source.known_lag_days for source in SOURCES}
    assert max(lags.values()) > 0
    assert [
        feature.name
        for feature in FEATURES
        if feature.window is not None and feature.window <= lags.get(feature.source, 0)
    ] == []


def test_short_windows_exist_for_trials():
    for source in ("viewing", "hits", "app_sessions"):
        assert {3, 7} <= {feature.window for feature in FEATURES if feature.source == source}


def sql_words(feature: Feature, source: Source) -> set[str]:
    """Every word of the SQL that a feature reads from its source, without quoted texts."""
    measure = source.value(feature.measure) if feature.measure else ""
    return set(re.findall(r"\w+", re.sub(r"'[^']*'", "", f"{feature.where or ''} {measure}")))


def test_no_feature_reads_a_personal_column():
    personal = {(source.name, column.name) for source in SOURCES for column in source.columns if column.personal}
    assert ("profiles", "birth_year") in personal
    features = [feature for feature in FEATURES if feature.source in BY_NAME]
    assert (
        personal
        & {(feature.source, word) for feature in features for word in sql_words(feature, BY_NAME[feature.source])}
        == set()
    )


def test_every_looked_up_column_is_used_by_a_viewing_feature():
    looked_up = {column for lookup in BY_NAME["viewing"].lookups for column, _ in lookup.columns}
    words = set().union(
        *(sql_words(feature, BY_NAME["viewing"]) for feature in FEATURES if feature.source == "viewing")
    )
    assert looked_up == {"genre", "kids_title", "released", "finale"} == looked_up & words


@pytest.fixture(scope="module")
def duck() -> DuckEngine:
    """DuckDB with empty tables of the cinema's sources."""
    engine = DuckEngine("Europe/Moscow", threads=1)
    for source in SOURCES:
        columns = ", ".join(f"cast(null as {column.type}) as {column.name}" for column in source.columns)
        engine.keep(base(source), f"select {columns} where false")
    for source in SOURCES:
        engine.show(source.name, view_sql(source))
    return engine


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_duckdb_can_read_conditions_measures_and_lookups(duck: DuckEngine, source: Source):
    conditions = {feature.where for feature in FEATURES if feature.where and feature.source == source.name}
    conditions |= {f"({sql}) is not null" for _, sql in source.measures}
    conditions |= {f"{column} is not null" for lookup in source.lookups for column, _ in lookup.columns}
    problems = {condition: duck.problem(source.name, condition) for condition in conditions}
    assert {condition: problem for condition, problem in problems.items() if problem} == {}
