"""The CDNOW log as a training frame, built in a temporary folder."""

import tempfile
from datetime import date
from pathlib import Path

from features import Snapshots, SnapshotSpec, SparkEngine
from lake import Table, ingest
from projects import load_project
from stack.engines import spark_session
from stack.settings import Settings
from training import Frame, read_frame


def frame_at(spec: SnapshotSpec, dates: list[date]) -> Frame:
    """Ingest the log and return the matured rows of the first population of `spec` at these dates."""
    project, settings = load_project("cdnow"), Settings.load()

    def engine() -> SparkEngine:
        return SparkEngine(spark_session.session(settings, project.time_zone))

    with tempfile.TemporaryDirectory() as scratch:
        lake = Path(scratch)
        assert project.raw is not None  # noqa: S101  # the log is in the repository
        ingest(engine, project.sources[0], project.raw, Table(lake, spec.project, project.sources[0].name))
        snapshots = Snapshots(lake, spec)
        snapshots.build(engine, dates)
        names = [feature.name for feature in spec.features]
        return read_frame([snapshots.path(day) for day in dates], names, spec.entity, spec.populations[0].name)
