"""Measurements for a promotion, on its own day: both versions on the same rows, and how the challenger scores."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from features import Population
from jobs.runtime.context import Context
from registry import Contenders, PromotionOutcome, Version, VersionFiles, approved_files, verified_files
from serving import ScoringBenchmark, benchmark_scoring, predict_probabilities, signature_gap
from stack.errors import PrichalError
from training import (
    ComparisonRows,
    ModelComparison,
    Pair,
    compare_models,
    comparison_dates,
    comparison_gallery,
    pngs,
    read_comparison_rows,
)
from training.evaluate.bootstrap import Floats


class MeasureError(PrichalError):
    """A version has no readable files or no evidence, so nothing can be measured."""


@dataclass
class PromotionMeasurement:
    """Measures one population's contenders; a call returns the content of `measured.json`.

    Attributes:
        comparison: of the contenders, for the pictures; None before the call.
    """

    context: Context
    population: Population
    comparison: ModelComparison | None = None

    def __call__(self, contenders: Contenders) -> Mapping[str, Any]:
        """Score both versions on the comparison rows, and the challenger in three ways.

        Raises:
            PrichalError: a measurement failed; its sentence becomes the gate's reason.
        """
        challenger, incumbent = contenders.challenger, contenders.production
        if challenger.features is None:
            raise MeasureError(
                f"The files of version {challenger.number} cannot be read, so it cannot be scored: train it again."
            )
        with ExitStack() as opened:
            files = opened.enter_context(verified_files(challenger.model, challenger.number, challenger.files_sha256))
            identity = self._identity_and_gap(challenger, files)
            if identity["features_missing"] or identity["outputs_missing"]:
                return identity  # the version cannot be scored
            incumbent_files = None
            if incumbent is not None:
                approved = self._approved_sha256(incumbent)
                incumbent_files = opened.enter_context(verified_files(incumbent.model, incumbent.number, approved))
            return {**identity, **self._measure(challenger, incumbent, files, incumbent_files)}

    def pictures(self, outcome: PromotionOutcome) -> Mapping[str, bytes]:
        """PNGs of the comparison, by name; none for a first version."""
        comparison = self.comparison
        if comparison is None or comparison.production is None or outcome.measured is None:
            return {}
        names = (f"version {outcome.version}", f"version {outcome.replaced}")
        frame = comparison.frame
        pair = Pair(frame.labels, comparison.challenger, comparison.production, frame.entity, names)
        return pngs(comparison_gallery(pair, outcome.measured, self.context.project.policy.margin_of(outcome.model)))

    def _measure(
        self, challenger: Version, incumbent: Version | None, files: VersionFiles, incumbent_files: VersionFiles | None
    ) -> Mapping[str, Any]:
        rows = self._comparison_rows(challenger, incumbent)
        probability = self._predict(challenger, files, rows)
        incumbent_probability = None
        if incumbent is not None and incumbent_files is not None:
            incumbent_probability = self._predict(incumbent, incumbent_files, rows)
        plan = self.context.project.training
        self.comparison = compare_models(rows.frame, probability, incumbent_probability, plan.slices, plan.seed)
        return {
            "as_of": str(self.context.snapshots.coverage.end) if rows.matured_until else None,
            "rows": rows.json(),
            **_comparison_json(self.comparison, incumbent),
            **self._benchmark(files, rows).json(),
        }

    def _approved_sha256(self, incumbent: Version) -> str | None:
        url = self.context.settings.require_database()
        return approved_files(url, incumbent.model, incumbent.number) or incumbent.files_sha256

    def _identity_and_gap(self, challenger: Version, files: VersionFiles) -> dict[str, Any]:
        """The project, population and version measured, and the features and outputs that the version lacks."""
        project = self.context.project
        gap = signature_gap(files.signature, [feature.name for feature in project.features])
        return {
            "schema": 1,
            "project": project.name,
            "population": self.population.name,
            "version": challenger.number,
            "digest": challenger.files_sha256,
            "features_missing": list(gap.missing_features),
            "outputs_missing": list(gap.missing_outputs),
        }

    def _comparison_rows(self, challenger: Version, incumbent: Version | None) -> ComparisonRows:
        snapshots = self.context.snapshots.of(self.population)
        evidence = _evidence(challenger, "challenger")
        incumbent_evidence = None if incumbent is None else _evidence(incumbent, "version in production")
        snapshots.build(self.context.engine, comparison_dates(snapshots, evidence, incumbent_evidence))
        return read_comparison_rows(
            snapshots, self.population, self.context.project.training, evidence, incumbent_evidence,
            challenger.features or (), self.context.contacts_to_leave_out(),
        )  # fmt: skip

    def _predict(self, version: Version, files: VersionFiles, rows: ComparisonRows) -> Floats:
        """By the judged model where the version is a refit, because a refit is fitted on the comparison rows."""
        judged = (version.evidence or {}).get("refit") is not None
        return predict_probabilities(files, rows.frame.names, rows.frame.rows, judged=judged)

    def _benchmark(self, files: VersionFiles, rows: ComparisonRows) -> ScoringBenchmark:
        """On the last date of the comparison rows."""
        path = self.context.snapshots.of(self.population).path(rows.frame.as_of.max().item())
        spark, entity = self.context.spark(), self.context.project.entity
        return benchmark_scoring(spark, path, self.population.name, entity, files)


def _evidence(version: Version, role: str) -> Mapping[str, Any]:
    if version.evidence is None:
        raise MeasureError(f"The {role}, version {version.number}, has no evidence file: train it again.")
    return version.evidence


def _comparison_json(comparison: ModelComparison, incumbent: Version | None) -> dict[str, Any]:
    """The comparison, with the incumbent's number and digest."""
    content = comparison.json()
    if incumbent is not None:
        content["versus"] |= {"version": incumbent.number, "digest": incumbent.files_sha256}
    return content
