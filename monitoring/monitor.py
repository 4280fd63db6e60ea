"""The monitors of one project on one day: drift, quality of matured scores, training/serving skew, and their alerts."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import mlflow
import pandas as pd
from mlflow.exceptions import MlflowException

from features import Engine, Population, Snapshots
from monitoring.alerts import drift_alerts, normal_range_sentence, promise_alerts, quality_alerts, skew_alerts
from monitoring.drift import FeatureDrift, measure_drift, write_report
from monitoring.drift_samples import samples_by_date, samples_by_label
from monitoring.quality import ScoreQuality, measure_quality
from monitoring.skew import days_to_compare, measure_skew
from monitoring.tables import store_drift, store_quality
from registry import model_evidence, production
from serving import FeatureLog, Mart, published_dates, published_scores
from training import LeakageCheck
from training.data.validation import OUT_OF_TIME, validation


@dataclass(frozen=True)
class MonitoringResult:
    """Drift by population, quality of the matured days, skew by logged day, and the alerts."""

    drift: dict[str, list[FeatureDrift]]
    quality: list[ScoreQuality]
    skew: dict[date, LeakageCheck]
    alerts: tuple[str, ...]


@dataclass(frozen=True)
class Monitor:
    """Measures one project on one day, inside an MLflow run.

    Attributes:
        snapshots: of the project.
        engine: builds missing snapshots.
        grid: returns the snapshot dates of a population up to the day.
        mart: with the published scores.
        feature_log: of the scored days.
        database_url: of the mart and of the tables in `ops`.
        lowest_auc: bound of the project's policy, for alerts.
        say: prints a line.
    """

    snapshots: Snapshots
    engine: Callable[[], Engine]
    day: date
    grid: Callable[[Population], Sequence[date]]
    mart: Mart
    feature_log: FeatureLog
    database_url: str
    lowest_auc: float
    say: Callable[[str], None]

    def run(self) -> MonitoringResult:
        """Measure everything, store it, log the alerts to the MLflow run and print them."""
        spec = self.snapshots.spec
        drift = {population.name: self.drift(population) for population in spec.populations}
        quality, skew = self.quality(), self.skew()
        alerts = (
            *drift_alerts(drift, spec.features),
            *quality_alerts(quality, self.lowest_auc),
            *promise_alerts(quality, self._promised(quality)),
            *skew_alerts(skew),
        )
        mlflow.set_tag("prichal.alerts", str(len(alerts)))
        mlflow.log_text("\n".join(alerts) or "no alert", "alerts.txt")
        self.say(f"monitor · {len(quality)} matured days measured, {len(alerts)} alerts")
        for alert in alerts:
            self.say(f"monitor · ALERT {alert}")
        within_range = normal_range_sentence([feature for features in drift.values() for feature in features])
        if within_range:
            self.say(f"monitor · {within_range}")
        return MonitoringResult(drift, quality, skew, alerts)

    def drift(self, population: Population) -> list[FeatureDrift]:
        """Compare today's features with those of the evidence, and store the result; empty without rows to compare."""
        if self.snapshots.spec.dated:
            dates = self._evidence_dates(population)
            snapshots, grid = self.snapshots.of(population), self.grid(population)
            samples = samples_by_date(snapshots, self.engine, population, self.day, grid, dates)
        else:
            samples = samples_by_label(self.snapshots, self.engine, population, self.day)
        if isinstance(samples, str):
            self.say(f"monitor · {population.name}: no drift measured, {samples}")
            return []
        calendar = [feature.name for feature in self.snapshots.spec.features if feature.source == "calendar"]
        drifts = measure_drift(samples.reference, samples.current, samples.normal, calendar)
        with tempfile.TemporaryDirectory() as scratch:
            report_path = Path(scratch) / f"drift_{population.name}.html"
            write_report(samples.reference, samples.current, drifts, report_path)
            if report_path.exists():
                mlflow.log_artifact(str(report_path))
        store_drift(self.database_url, self.day, population.model, population.name, drifts)
        return drifts

    def quality(self) -> list[ScoreQuality]:
        """Measure every published day whose labels have matured, and store the result."""
        snapshots = self.snapshots
        if not snapshots.spec.dated:
            self.say("monitor · no quality measured: without dates, new scores look like those of training rows")
            return []
        until, populations_by_day = snapshots.known_until(self.day), {}
        for day in filter(snapshots.covers, published_dates(self.database_url, self.mart)):
            matured = [
                population.name for population in snapshots.spec.populations if population.label.matured(day, until)
            ]
            if matured:
                populations_by_day[day] = matured
        snapshots.build(self.engine, list(populations_by_day))
        qualities, entity = [], self.mart.entity
        for day, names in populations_by_day.items():
            scores = published_scores(self.database_url, self.mart, day)
            labels = pd.read_parquet(snapshots.path(day), columns=[entity, "label"]).dropna()
            qualities += measure_quality(day, scores[scores["population"].isin(names)], labels, entity)
        store_quality(self.database_url, qualities)
        return qualities

    def skew(self) -> dict[date, LeakageCheck]:
        """Compare the logged features of earlier days with a backfill of those days."""
        logged_days = [day for day in self.feature_log.days() if self.snapshots.covers(day)]
        dates = days_to_compare(logged_days, self.day)
        if not dates:
            return {}
        names = [feature.name for feature in self.snapshots.spec.features]
        with tempfile.TemporaryDirectory() as scratch:
            folders = self.snapshots.backfill(self.engine(), dates, Path(scratch))
            findings = {
                day: measure_skew(self.feature_log.read(day), pd.read_parquet(folder), self.mart.entity, names)
                for day, folder in zip(dates, folders, strict=True)
            }
        for day, finding in findings.items():
            self.say(f"monitor · features logged on {day} against a backfill: {finding.sentence}")
        return findings

    def _promised(self, qualities: Sequence[ScoreQuality]) -> dict[tuple[str, str], dict[str, float]]:
        """The out-of-time AUC with its interval that the evidence of each version shows, by model and version."""
        promised = {}
        for key in sorted({(quality.model_name, quality.model_version) for quality in qualities}):
            try:
                promised[key] = model_evidence(*key)["metrics"]["auc"]
            except MlflowException as error:
                self.say(f"monitor · the evidence of {key[0]} version {key[1]} cannot be read: {error.error_code}")
        return promised

    def _evidence_dates(self, population: Population) -> list[date]:
        """The dates of the gate's evidence that the data still cover; empty for evidence without dates."""
        version = production(self.database_url, population.model)
        data = model_evidence(population.model, version)["data"]
        if validation(data) != OUT_OF_TIME:
            return []
        days = [date.fromisoformat(text) for text in data["out_of_time"]]
        return [day for day in days if self.snapshots.covers(day)]
