"""The task with Feast, in its own environment: `with_feast.py job.json`.

Feast joins feature rows to requested moments and does not aggregate over windows. So a job first writes the values of
every user for every day into the batch source, here one Parquet file; it is timed separately. Timed here is
`get_historical_features(...).to_df()` for every user at the date, from one feature view with all columns in the file
offline store, which needs only Feast.
"""

import json
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import feast  # type: ignore[import-not-found]
import pandas as pd
from feast.types import Float64, Int64  # type: ignore[import-not-found]


def main(job: dict[str, Any]) -> None:
    """Write the seconds, the release of the library and the values of all users."""
    store = _store(Path(job["scratch"]))
    view = _apply_view(store, job["rows"], job["names"])
    requested = pd.read_parquet(job["users"])
    requested["event_timestamp"] = pd.Timestamp(job["as_of"], tz="UTC")
    seconds = []
    for _ in range(job["rounds"]):
        began = time.monotonic()
        numbers = store.get_historical_features(requested, [f"{view}:{name}" for name in job["names"]]).to_df()
        seconds.append(time.monotonic() - began)
    numbers.drop(columns="event_timestamp").to_parquet(job["values"])
    Path(job["answer"]).write_text(json.dumps({"seconds": seconds, "release": feast.__version__}))


def _store(scratch: Path) -> Any:
    return feast.FeatureStore(
        config=feast.RepoConfig(
            project="speed",
            provider="local",
            registry=str(scratch / "registry.db"),
            offline_store={"type": "file"},
            online_store={"type": "sqlite", "path": str(scratch / "online.db")},
            entity_key_serialization_version=3,
        )
    )


def _apply_view(store: Any, rows: str, names: list[str]) -> str:
    user = feast.Entity(name="user", join_keys=["user_id"], value_type=feast.ValueType.INT64)
    view = feast.FeatureView(
        name="events",
        entities=[user],
        # There is one row per day; an older row belongs to a user without later rows.
        ttl=timedelta(days=1),
        schema=[feast.Field(name="user_id", dtype=Int64), *(feast.Field(name=name, dtype=Float64) for name in names)],
        source=feast.FileSource(name="rows", path=rows, timestamp_field="as_of"),
        online=False,
    )
    store.apply([user, view])
    return "events"


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text()))
