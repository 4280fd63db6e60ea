"""Measurements of a response model for its promotion: both versions on the same judged rows, parity, size, speed."""

from typing import Any

import numpy as np
import pandas as pd

from actions.experiment import Floats
from actions.uplift.effects import align, effects
from actions.uplift.evidence import estimate_json
from actions.uplift.judged_rows import JudgedRows
from actions.uplift.policy_gain import PolicyArea
from registry import Version, VersionFiles
from serving.local_scoring import benchmark_version
from training.evaluate.bootstrap import estimate

#: judged rows that are timed.
TIMED_ROWS = 1000


def compare_versions(
    judged: JudgedRows, files: VersionFiles, incumbent: tuple[Version, VersionFiles] | None, seed: int
) -> dict[str, Any]:
    """Gains of both versions on the judged rows, and how the challenger scores.

    Args:
        judged: rows of the challenger's evidence.
        files: of the challenger.
        incumbent: the version in production and its files; None if there is none.
        seed: random seed of the bootstrap.

    Raises:
        MissingFeatureError: the rows do not have a feature that a version needs.
        ModelProcessError: a version failed.
    """
    experiment = judged.experiment
    frame = pd.DataFrame(experiment.rows, columns=list(experiment.names))
    actions = experiment.arms[1:]
    scored = {"challenger": align(effects(files, frame), actions)}
    if incumbent is not None:
        scored["production"] = align(effects(incumbent[1], frame), actions)
    areas = {
        name: figures["area"]
        for name, figures in estimate(
            {name: PolicyArea(judged.targeting(predicted)) for name, predicted in scored.items()},
            experiment.people, seed,
        ).items()
    }  # fmt: skip
    production = None
    if incumbent is not None:
        production = {
            "version": incumbent[0].number, "digest": incumbent[0].files_sha256,
            "area": estimate_json(areas["production"]),
            "difference": estimate_json(areas["challenger"] - areas["production"]),
        }  # fmt: skip
    return {
        "rows": {
            "campaigns": sorted({str(campaign) for campaign in experiment.campaigns}),
            "digest": judged.digest, "rows": len(experiment),
        },
        "area": estimate_json(areas["challenger"]),
        "versus": production,
        "parity": {"rows": len(experiment), "pyfunc": _largest_difference(scored["challenger"], judged.effects)},
        "bytes": sum(map(len, files.contents().values())),
        "ms_per_1000_rows": benchmark_version(files, frame.head(TIMED_ROWS)),
    }  # fmt: skip


def _largest_difference(left: Floats, right: Floats) -> float:
    difference = np.abs(left - right)
    return float(difference.max()) if np.isfinite(difference).all() else 1.0
