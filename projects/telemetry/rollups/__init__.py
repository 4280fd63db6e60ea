"""The rollups of the shop: SQL files in this folder, in the order in which they are computed."""

from pathlib import Path

from serving import Rollups

ROLLUPS = Rollups(
    folder=Path(__file__).parent,
    views=("visitors", "category_values", "purchases", "person_days", "activity_cells", "hour_cells", "visits",
           "session_cells"),
    tables=("activity", "hours", "sessions", "checks", "children", "coordinates", "double_events"),
)  # fmt: skip
