"""The judged rows of an experiment, kept in the lake until their version was judged by the gate.

A promotion scores both versions on exactly these rows, whatever was assigned since.
"""

import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from actions.experiment import Experiment, Floats
from actions.uplift.policy_gain import Targeting, choose_actions
from stack.folders.atomic import fresh_partial, publish_directory
from stack.folders.checked_folder import check, seal

#: newest sets of rows that are kept for each model.
KEPT_SETS = 3
_REPAIR = "run `-e uplift` again, which writes it again"
_FILE = "rows.parquet"


@dataclass(frozen=True)
class JudgedRows:
    """Judged rows and what the learner predicted for them.

    Attributes:
        experiment: n rows.
        log_odds: (n,) of leaving, by the outcome model of the development rows.
        effects: (n, actions) by the learner as it was fitted.
        price: (actions,) cost of each action divided by the value of a person kept.
    """

    experiment: Experiment
    log_odds: Floats
    effects: Floats
    price: Floats

    @property
    def digest(self) -> str:
        """SHA-256 of the experiment's rows."""
        return experiment_digest(self.experiment)

    def targeting(self, effects: Floats) -> Targeting:
        """Best actions by some effects, and what they change."""
        return choose_actions(self.experiment, effects, self.log_odds, self.price)

    def write(self, folder: Path) -> None:
        """Write the rows below a model's folder, and remove sets that newer ones replaced."""
        target = folder / self.digest
        partial = fresh_partial(target)
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        pq.write_table(_table(self), partial / _FILE)
        seal(partial)
        publish_directory(partial, target)
        target.touch()
        sets = sorted((path for path in folder.iterdir() if path.is_dir()), key=lambda path: path.stat().st_mtime)
        for path in sets[:-KEPT_SETS]:
            shutil.rmtree(path, ignore_errors=True)

    @classmethod
    def read(cls, folder: Path, digest: str) -> "JudgedRows":
        """Read the set with this digest.

        Raises:
            BrokenFolderError: it is missing or was changed.
        """
        check(folder / digest, _REPAIR)
        return _read(pq.read_table(folder / digest / _FILE))


def experiment_digest(experiment: Experiment) -> str:
    """SHA-256 of names, arms, costs and all rows of an experiment."""
    total = hashlib.sha256(json.dumps([experiment.names, experiment.arms]).encode())
    for array in (
        experiment.rows, experiment.probability, experiment.outcome, experiment.cost, experiment.baseline,
        experiment.arm.astype(np.int64), experiment.assigned_on.astype("datetime64[D]").astype(np.int64),
    ):  # fmt: skip
        total.update(str(array.shape).encode() + np.ascontiguousarray(array).tobytes())
    for texts in (experiment.people, experiment.campaigns):
        total.update("\n".join(map(str, texts)).encode())
    return total.hexdigest()


def _table(judged: JudgedRows) -> pa.Table:
    experiment = judged.experiment
    matrices = {
        "feature": experiment.rows,
        "probability": experiment.probability,
        "effect": judged.effects,
        "other": np.column_stack([experiment.outcome, experiment.baseline, judged.log_odds]),
    }
    columns: dict[str, pa.Array] = {
        "person": pa.array([str(person) for person in experiment.people]),
        "campaign": pa.array([str(campaign) for campaign in experiment.campaigns]),
        "assigned_on": pa.array(experiment.assigned_on.astype("datetime64[D]").astype(np.int64)),
        "arm": pa.array(experiment.arm.astype(np.int64)),
    }
    for name, matrix in matrices.items():
        columns |= {f"{name}_{place}": pa.array(matrix[:, place]) for place in range(matrix.shape[1])}
    facts = {
        "names": experiment.names, "arms": experiment.arms, "cost": experiment.cost.tolist(),
        "price": judged.price.tolist(),
    }  # fmt: skip
    return pa.table(columns).replace_schema_metadata({"experiment": json.dumps(facts)})


def _read(table: pa.Table) -> JudgedRows:
    facts = json.loads(table.schema.metadata[b"experiment"])

    def matrix(name: str, width: int) -> Floats:
        parts = [table[f"{name}_{place}"].to_numpy() for place in range(width)]
        return np.column_stack(parts).astype(np.float64) if parts else np.zeros((table.num_rows, 0))

    actions = len(facts["arms"])
    outcome, baseline, log_odds = matrix("other", 3).T
    experiment = Experiment(
        names=tuple(facts["names"]), rows=matrix("feature", len(facts["names"])),
        people=np.array(table["person"].to_pylist(), dtype=object),
        campaigns=np.array(table["campaign"].to_pylist(), dtype=object),
        assigned_on=table["assigned_on"].to_numpy().astype("datetime64[D]"),
        arms=tuple(facts["arms"]), arm=table["arm"].to_numpy().astype(np.int_),
        probability=matrix("probability", actions), outcome=outcome, cost=np.array(facts["cost"], dtype=np.float64),
        baseline=baseline,
    )  # fmt: skip
    price = np.array(facts["price"], dtype=np.float64)
    return JudgedRows(experiment, log_odds, matrix("effect", actions - 1), price)
