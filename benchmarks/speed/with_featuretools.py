"""The task with featuretools, in its own environment: `with_featuretools.py job.json`.

Timed is one `dfs` per window, with the date as cutoff time and the window as training window, over an existing entity
set of users and events. The set contains only rows known before the date, because featuretools hides values that are
not known yet, but not their rows.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

import featuretools as ft  # type: ignore[import-not-found]
import numpy as np
import pandas as pd


def main(job: dict[str, Any]) -> None:
    """Write the seconds, the release of the library and the values of all users."""
    as_of = pd.Timestamp(job["as_of"])
    entities = _entities(job["log"], as_of)
    seconds = []
    for _ in range(job["rounds"]):
        began = time.monotonic()
        windows = [_window(entities, as_of, window, window == max(job["windows"])) for window in job["windows"]]
        seconds.append(time.monotonic() - began)
    numbers = pd.concat(windows, axis=1).rename_axis("user_id").reset_index()
    numbers.to_parquet(job["values"])
    Path(job["answer"]).write_text(json.dumps({"seconds": seconds, "release": ft.__version__}))


def _entities(log: str, as_of: pd.Timestamp) -> Any:
    events = pd.read_parquet(log)
    for moment in ("at", "known"):
        events[moment] = events[moment].dt.tz_localize(None)
    events = events[(events["at"] < as_of) & (events["known"] < as_of)].drop(columns="known")
    events["day"] = (as_of - events["at"].dt.normalize()).dt.days
    entities = ft.EntitySet("log")
    entities.add_dataframe(
        dataframe_name="events",
        dataframe=events.rename_axis("event_id").reset_index(),
        index="event_id",
        time_index="at",
        logical_types={"day": "Categorical", "kind": "Categorical"},
    )
    entities.normalize_dataframe("events", "users", "user_id", make_time_index=False)
    entities.add_interesting_values(dataframe_name="events", values={"kind": ["play_finished"]})
    return entities


def _window(entities: Any, as_of: pd.Timestamp, window: int, longest: bool) -> pd.DataFrame:
    """The columns of a window, with the names of the task; the longest window also gives the last event."""
    names = {
        "COUNT(events)": f"events_count_{window}d",
        "SUM(events.minutes)": f"events_minutes_sum_{window}d",
        "NUM_UNIQUE(events.day)": f"events_active_days_{window}d",
        "COUNT(events WHERE kind = play_finished)": f"events_finished_count_{window}d",
        "MEAN(events.minutes)": f"events_minutes_mean_{window}d",
        "SUM(events.minutes WHERE kind = play_finished)": f"events_finished_sum_{window}d",
    }
    last = {"TIME_SINCE_LAST(events.at, unit=days)": "events_days_since_last"} if longest else {}
    matrix, _ = ft.dfs(
        entityset=entities,
        target_dataframe_name="users",
        agg_primitives=["count", "sum", "num_unique", "mean", *([ft.primitives.TimeSinceLast("days")] if last else [])],
        trans_primitives=[],
        where_primitives=["count", "sum"],
        primitive_options={"num_unique": {"include_columns": {"events": ["day"]}}},
        cutoff_time=as_of,
        training_window=f"{window} days",
        include_cutoff_time=False,
        max_depth=1,
    )
    numbers: pd.DataFrame = matrix[[*names, *last]].rename(columns=names | last).astype(float)
    days = f"events_active_days_{window}d"
    numbers[days] = numbers[days].fillna(0)  # without an event the value is null, but 0 in the task
    if last:
        # An event a fraction of a day ago counts as one day ago.
        numbers["events_days_since_last"] = np.ceil(numbers["events_days_since_last"])
    return numbers


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text()))
