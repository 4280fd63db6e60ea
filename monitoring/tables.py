"""`ops.drift` and `ops.model_quality`: a day measured again replaces its rows."""

from collections.abc import Sequence
from dataclasses import astuple
from datetime import date

from monitoring.drift import Drift
from monitoring.quality import Quality
from stack.postgres import connect


def store_drift(database_url: str, score_date: date, model: str, population: str, found: Sequence[Drift]) -> None:
    """Replace the drift of one day, model and population."""
    key = [score_date, model, population]
    with connect(database_url, role="prichal_writer") as connection:
        connection.execute("delete from ops.drift where score_date = %s and model_name = %s and population = %s", key)
        rows = [(*key, one.feature, one.distance, one.threshold, one.verdict, one.p_value, one.usual) for one in found]
        connection.cursor().executemany("insert into ops.drift values (%s, %s, %s, %s, %s, %s, %s, %s, %s)", rows)


def store_quality(database_url: str, found: Sequence[Quality]) -> None:
    """Replace the quality of each day, population and version in `found`."""
    with connect(database_url, role="prichal_writer") as connection:
        for one in found:
            connection.execute(
                "delete from ops.model_quality where score_date = %s and population = %s and model_name = %s "
                "and model_version = %s",
                [one.score_date, one.population, one.model_name, one.model_version],
            )
            connection.execute(
                "insert into ops.model_quality values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
                astuple(one),
            )
