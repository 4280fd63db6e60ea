"""Wall time of `make run`: from a fresh clone, repeated, and repeated without earlier results."""

import os
import subprocess
import tempfile
import time
from pathlib import Path

from stack.settings import ROOT


def main() -> None:
    """Print the wall times of three consecutive runs of `make run` in one fresh clone."""
    print(f"\n`make run` on {os.cpu_count()} cores, one run each, seconds of wall time\n")
    with tempfile.TemporaryDirectory() as scratch:
        clone = Path(scratch) / "clone"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        try:
            print(f"{'cold: fresh clone, no environment, no services':60}{_time_make_run(clone):8.0f}", flush=True)
            print(f"{'repeated: nothing changed, nothing to fit':60}{_time_make_run(clone):8.0f}", flush=True)
            _remove_results(clone)
            print(
                f"{'warm: services and exports exist, every step runs again':60}{_time_make_run(clone):8.0f}",
                flush=True,
            )
        finally:
            subprocess.run(["make", "--no-print-directory", "down"], cwd=clone, env=_environment(), check=False)


def _time_make_run(clone: Path) -> float:
    began = time.monotonic()
    process = subprocess.run(
        ["make", "--no-print-directory", "run"],
        cwd=clone,
        env=_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if process.returncode != 0:
        raise SystemExit(f"`make run` failed:\n{process.stdout[-3000:]}{process.stderr[-3000:]}")
    return time.monotonic() - began


def _remove_results(clone: Path) -> None:
    """Remove the lake, the fingerprints and the trials, so that no step is skipped as done."""
    subprocess.run(["rm", "-rf", str(clone / ".stack" / "lake")], check=True)
    delete_results = (
        "import mlflow; c = mlflow.MlflowClient(); "
        "[c.delete_model_version_tag(v.name, v.version, 'fingerprint') for v in c.search_model_versions()]; "
        "[c.delete_run(r.info.run_id) for e in c.search_experiments() "
        "for r in c.search_runs([e.experiment_id]) if r.data.tags.get('prichal.kind') == 'trial']"
    )
    command = f'. .stack/env && python -c "{delete_results}"'
    subprocess.run(["bash", "-c", command], cwd=clone, env=_environment(), check=True)


def _environment() -> dict[str, str]:
    """The environment without settings of services, so that the clone starts its own."""
    prefixes = (
        "DATABASE_URL",
        "MLFLOW_",
        "AWS_ACCESS",
        "AWS_SECRET",
        "AWS_DEFAULT",
        "PRICHAL_",
        "MAKE",
        "MFLAGS",
        "VIRTUAL_ENV",
    )
    return {name: value for name, value in os.environ.items() if not name.startswith(prefixes)}
