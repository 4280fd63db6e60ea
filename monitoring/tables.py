"""The tables `ops.drift` and `ops.model_quality`: a second measurement of a day replaces its rows."""

from collections.abc import Sequence
from dataclasses import astuple
from datetime import date

from monitoring.drift import FeatureDrift
from monitoring.quality import ScoreQuality
from stack.postgres import connect


def store_drift(
    database_url: str, score_date: date, model: str, population: str, drifts: Sequence[FeatureDrift]
) -> None:
    """Replace the rows of one day, model and population."""
    key = [score_date, model, population]
    with connect(database_url, role="prichal_writer") as connection:
        connection.execute("delete from ops.drift where score_date = %s and model_name = %s and population = %s", key)
        rows = [
            (*key, drift.feature, drift.distance, drift.threshold, drift.verdict, drift.p_value, drift.normal_range)
            for drift in drifts
        ]
        connection.cursor().executemany("insert into ops.drift values (%s, %s, %s, %s, %s, %s, %s, %s, %s)", rows)


def store_quality(database_url: str, qualities: Sequence[ScoreQuality]) -> None:
    """Replace the rows of each day, population and version in `qualities`."""
    with connect(database_url, role="prichal_writer") as connection:
        for quality in qualities:
            connection.execute(
                "delete from ops.model_quality where score_date = %s and population = %s and model_name = %s "
                "and model_version = %s",
                [quality.score_date, quality.population, quality.model_name, quality.model_version],
            )
            connection.execute(
                "insert into ops.model_quality values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
                astuple(quality),
            )
