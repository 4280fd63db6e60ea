"""A copy of the code with projects of a test's own; its jobs use the services of the other tests."""

import shutil
import subprocess
from pathlib import Path

import pandas as pd

from tests.end_to_end.conftest import ROOT, Clone

#: purchases of the record shop, the raw data of these projects.
PURCHASES = ROOT / "projects/cdnow/data/purchases.csv.gz"


def copy_code(target: Path) -> Path:
    """Copy the code without tests and docs."""
    return Path(shutil.copytree(ROOT, target, ignore=shutil.ignore_patterns(".*", "tests", "docs", "mlruns")))


def write_project(code: Path, name: str, text: str) -> Path:
    """Write `project.py` of a new project and return the folder of its raw data."""
    folder = code / "projects" / name
    (folder / "data").mkdir(parents=True)
    (folder / "__init__.py").touch()
    (folder / "project.py").write_text(text)
    return folder / "data"


def run_job(clone: Clone, code: Path, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a job of the copy to its end. DuckDB makes the snapshots; other tests compare it with Spark."""
    command = ["python", "-m", f"jobs.{name}", *arguments]
    return subprocess.run(
        command, cwd=code, env={**clone.environment, "ENGINE": "duckdb"}, text=True, capture_output=True, timeout=1800,
        check=False,
    )  # fmt: skip


def undated_customers(day: str, every: int = 1) -> pd.DataFrame:
    """One row for each customer (or every n-th) on one day; the label says whether nothing is bought in 90 days.

    The label of every tenth customer is null: it is not known yet.
    """
    log = pd.read_csv(PURCHASES, parse_dates=["date"])
    log = log[log["customer_id"] % every == 0]
    as_of, is_later = pd.Timestamp(day), log["date"] >= day
    earlier = log[~is_later].groupby("customer_id")
    last, first = earlier["date"].max(), earlier["date"].min()
    buyers = log[is_later & (log["date"] < as_of + pd.Timedelta(days=90))]["customer_id"]
    table = pd.DataFrame({
        "days_since_last": (as_of - last).dt.days,
        "days_as_customer": (as_of - first).dt.days,
        "purchases": earlier.size(),
        "spent": earlier["value"].sum(),
        "last_order": earlier["n_cds"].last().gt(1).map({True: "several discs", False: "one disc"}),
    })  # fmt: skip
    table["churned"] = (~table.index.isin(buyers.unique())).astype(int)
    table["churned"] = table["churned"].where(table.index // every % 10 != 0).astype("Int64")
    return table.reset_index()
