"""Write a fitted candidate as the bundle folder of a registered model."""

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from features import Feature
from training.models.families import family
from training.search.candidate import Candidate


def write_bundle(
    folder: Path,
    candidate: Candidate,
    features: Sequence[Feature],
    provenance: Mapping[str, Any],
    judged: Candidate | None = None,
) -> None:
    """Write `model.json`, `family.py` and the native files into `folder`.

    Args:
        folder: replaced if it exists.
        candidate: the fitted model that scores.
        features: in the order of the fitted columns.
        provenance: data, code and package versions of the training.
        judged: the model of the evidence's figures, of the same family, if it is another fit; its native files are
            written to `judged/`.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    module = family(candidate.name)
    module.save(candidate.native, folder)
    shutil.copyfile(str(module.__file__), folder / "family.py")
    card: dict[str, Any] = {
        "schema": 1,
        "family": candidate.name,
        "params": dict(candidate.params),
        "features": [
            {
                "name": f.name,
                "type": "double",
                "unit": f.unit,
                "reason": f.reason,
                "description": f.description,
                "private": f.private,
            }
            for f in features
        ],
        "calibration": candidate.calibration,
        "provenance": dict(provenance),
    }
    if judged is not None:
        (folder / "judged").mkdir()
        module.save(judged.native, folder / "judged")
        card["judged"] = {"calibration": judged.calibration}
    (folder / "model.json").write_text(json.dumps(card, indent=1, sort_keys=True) + "\n")
