"""Churn probabilities that were published before assignments: the baseline of their outcomes."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import psycopg
from numpy.typing import NDArray
from psycopg import sql

from serving import Mart, published_dates
from stack.postgres import connect

#: a score that is older than this is not used.
MAX_AGE_DAYS = 7


def published_before(database_url: str, mart: Mart, rows: pd.DataFrame) -> NDArray[np.float64]:
    """The last published churn probability of each row's person, not younger than the assignment.

    A score that was computed after the assignment is not used, whatever its date: its model may know the outcome.

    Args:
        database_url: database of the mart.
        mart: table of the scores.
        rows: assignments, with `person`, `assigned_on` and `assigned_at`.

    Returns:
        Array (n,), NaN without a score.
    """
    dates = published_dates(database_url, mart)
    baseline = pd.Series(np.nan, index=rows.index)
    with connect(database_url) as connection:
        for moment, people in rows.groupby("assigned_on"):
            day = pd.Timestamp(str(moment)).date()
            if any(day - timedelta(days=MAX_AGE_DAYS) < published <= day for published in dates):
                scores = _scores(connection, mart, day, people)
                baseline[people.index] = people["person"].map(scores).astype(float)
    return np.asarray(baseline, dtype=np.float64)


def _scores(connection: psycopg.Connection, mart: Mart, day: date, people: pd.DataFrame) -> dict[str, float]:
    query = sql.SQL(
        "select distinct on ({entity}) {entity}::text, churn_probability from {scores} "
        "where score_date > %s and score_date <= %s and scored_at < %s and {entity}::text = any(%s) "
        "order by {entity}, score_date desc"
    ).format(entity=sql.Identifier(mart.entity), scores=mart.scores)
    first = people["assigned_at"].min().to_pydatetime()
    values = [day - timedelta(days=MAX_AGE_DAYS), day, first, people["person"].tolist()]
    return {str(person): float(probability) for person, probability in connection.execute(query, values)}
