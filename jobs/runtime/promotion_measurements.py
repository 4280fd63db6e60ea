"""What a promotion measures on its own day: both versions on the same rows, and how the challenger scores."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from features import Population
from jobs.runtime.context import Context
from registry import Contenders, Version, VersionFiles, approved_files, verified_files
from serving import Usable, lacking, probabilities, usable
from stack.errors import PrichalError
from training import Again, Versus, days_again, rows_again, versus
from training.evaluate.bootstrap import Floats


class MeasureError(PrichalError):
    """Nothing can be measured."""


@dataclass
class Measuring:
    """Called with a standing it gives the content of `measured.json`; `versus` is what the pictures are drawn from."""

    context: Context
    population: Population
    versus: Versus | None = None

    def __call__(self, contenders: Contenders) -> Mapping[str, Any]:
        """Score both versions on the rows that judge, and the challenger the three ways.

        Raises:
            PrichalError: it cannot be measured; the sentence is the gate's reason.
        """
        own, its = contenders.challenger, contenders.production
        if own.features is None:
            raise MeasureError(
                f"The files of version {own.number} cannot be read: it cannot be scored; train it again."
            )
        with ExitStack() as loaded:
            files = loaded.enter_context(verified_files(own.model, own.number, own.files_sha256))
            supply = self._supply(own, files)
            if supply["features_missing"] or supply["outputs_missing"]:
                return supply
            its_files = None
            if its is not None:
                its_files = loaded.enter_context(verified_files(its.model, its.number, self._approved(its)))
            return self._measured(own, its, files, its_files, supply)

    def _measured(
        self, own: Version, its: Version | None, files: VersionFiles, its_files: VersionFiles | None,
        supply: dict[str, Any],
    ) -> Mapping[str, Any]:  # fmt: skip
        again = self._rows(own, its)
        said = self._said(files, again)
        theirs = None if its_files is None else self._said(its_files, again)
        plan = self.context.project.training
        self.versus = versus(again.frame, said, theirs, plan.slices, plan.seed)
        return {
            **supply,
            "as_of": str(self.context.snapshots.coverage.end) if again.matured_until else None,
            "rows": again.json(),
            **_against(self.versus, its),
            **self._usable(files, again).json(),
        }

    def _approved(self, its: Version) -> str | None:
        return approved_files(self.context.settings.require_database(), its.model, its.number) or its.files_sha256

    def _supply(self, own: Version, files: VersionFiles) -> dict[str, Any]:
        """For whom it is measured, and what scoring lacks; where it lacks something, there is no more to measure."""
        project = self.context.project
        lost = lacking(files.signature, [feature.name for feature in project.features])
        missing = {"features_missing": list(lost.features), "outputs_missing": list(lost.outputs)}
        whose = {"project": project.name, "population": self.population.name}
        return {"schema": 1, **whose, "version": own.number, "digest": own.files_sha256, **missing}

    def _rows(self, own: Version, its: Version | None) -> Again:
        snapshots = self.context.snapshots
        proof = _evidence(own, "challenger")
        other = None if its is None else _evidence(its, "version in production")
        snapshots.build(self.context.engine, days_again(snapshots, proof, other))
        return rows_again(snapshots, self.population, self.context.project.training, proof, other, own.features or ())

    def _said(self, files: VersionFiles, again: Again) -> Floats:
        return probabilities(files, again.frame.names, again.frame.rows)

    def _usable(self, files: VersionFiles, again: Again) -> Usable:
        """On the last of the dates."""
        path = self.context.snapshots.path(again.frame.as_of.max().item())
        return usable(self.context.spark(), path, self.population.name, self.context.project.entity, files)


def _evidence(version: Version, whose: str) -> Mapping[str, Any]:
    if version.evidence is None:
        raise MeasureError(f"The {whose}, version {version.number}, left no evidence file: train it again.")
    return version.evidence


def _against(found: Versus, its: Version | None) -> dict[str, Any]:
    """The comparison, and with which version it is."""
    told = found.json()
    if its is not None:
        told["versus"] |= {"version": its.number, "digest": its.files_sha256}
    return told
