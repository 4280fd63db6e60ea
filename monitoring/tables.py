"""The tables `ops.drift` and `ops.model_quality`: a second measurement of a day replaces its rows."""

from collections.abc import Sequence
from dataclasses import astuple
from datetime import date

from monitoring.drift import FeatureDrift
from monitoring.quality import ScoreQuality
from stack.postgres import connect, migrate

DDL = """
create schema if not exists ops;
create table if not exists ops.drift (
  score_date date not null, model_name text not null, population text not null, feature text not null,
  distance double precision not null, threshold double precision not null, verdict text not null,
  primary key (score_date, model_name, population, feature)
);
alter table ops.drift add column if not exists p_value double precision;
alter table ops.drift add column if not exists usual double precision;
create table if not exists ops.model_quality (
  score_date date not null, population text not null, model_name text not null, model_version text not null,
  rows bigint not null, left_count bigint not null, auc double precision, auc_low double precision,
  auc_high double precision, log_loss double precision, calibration_error double precision,
  primary key (score_date, model_name, population, model_version)
);
grant usage on schema ops to prichal_writer;
grant select, insert, delete on ops.drift, ops.model_quality to prichal_writer;
"""


def store_drift(
    database_url: str, score_date: date, model: str, population: str, drifts: Sequence[FeatureDrift]
) -> None:
    """Replace the rows of one day, model and population."""
    _prepare(database_url)
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
    _prepare(database_url)
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


def _prepare(database_url: str) -> None:
    with connect(database_url) as connection:
        migrate(connection, DDL)
