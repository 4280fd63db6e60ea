"""Each import rule of pyproject.toml refuses an import that breaks it."""

import os
import subprocess
import tomllib
from pathlib import Path

import pytest

from stack.settings import ROOT
from tests.unit.checkout import BINARIES, copy_sources

#: beginning of a contract's name -> statements that it must refuse, by the file that they are added to.
BREACHES = {
    "Data walks lake": {
        "stack/breach.py": "import lake",
        "lake/ingestion/breach.py": "import features",
        "features/breach.py": "import training",
        "training/data/breach.py": "import registry",
        "registry/gate/breach.py": "import serving",
        "serving/breach.py": "import actions",
        "actions/breach.py": "import monitoring",
        "monitoring/breach.py": "import projects",
        "projects/churn/breach.py": "import dashboards",
        "dashboards/breach.py": "import jobs",
        "jobs/runtime/breach.py": "import benchmarks",
    },
    "Features and lake know no MLflow": {
        "lake/breach.py": "import mlflow",
        "features/compile/breach.py": "from mlflow import MlflowClient",
    },
    "The registry knows no project and no Spark": {
        "registry/breach.py": "import pyspark",
        "registry/ledger/breach.py": "from lake import Table",
    },
    "Serving never imports training": {"serving/breach.py": "import training"},
    "Nothing imports a project but the loader": {
        "jobs/breach.py": "from projects.cdnow.project import PROJECT",
        "jobs/runtime/breach.py": "from projects.churn import label",
        "benchmarks/gate/breach.py": "import projects.new.project",
        "training/breach.py": "import projects.new",
    },
    "Projects import neither each other": {
        "projects/new/breach.py": "from projects.churn.label import LABEL",
        "projects/cdnow/breach.py": "import projects.new.project",
        "projects/project.py": "import projects.new.project",
    },
    "The simulator draws people": {
        "projects/churn/simulator/people/breach.py": "import projects.churn.simulator.contracts",
        "projects/churn/simulator/behaviour/breach.py": "import projects.churn.simulator.truth",
    },
}


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the packages with one project more, which no contract names."""
    folder = copy_sources(tmp_path_factory.mktemp("sources"))
    (folder / "projects" / "new").mkdir()
    for name in ("__init__.py", "project.py"):
        (folder / "projects" / "new" / name).touch()
    return folder


def check_contracts(sources: Path) -> tuple[list[str], str]:
    """The lines of the broken contracts, and the whole report."""
    checked = subprocess.run(
        [BINARIES / "lint-imports", "--no-cache"], cwd=sources, env={**os.environ, "COLUMNS": "500"}, text=True,
        capture_output=True, check=False,
    )  # fmt: skip
    assert "Contracts: " in checked.stdout, checked.stdout + checked.stderr
    broken = [line for line in checked.stdout.splitlines() if " BROKEN" in line]
    assert checked.returncode == (1 if broken else 0)
    return broken, checked.stdout


def test_the_sources_keep_every_contract(sources: Path):
    assert check_contracts(sources)[0] == []


@pytest.mark.parametrize("contract", BREACHES)
def test_imports_that_break_a_contract_are_refused(sources: Path, contract: str):
    before = {name: (sources / name).read_text() if (sources / name).exists() else None for name in BREACHES[contract]}
    for name, statement in BREACHES[contract].items():
        (sources / name).write_text(f"{before[name] or ''}\n{statement}\n")
    try:
        broken, report = check_contracts(sources)
    finally:
        for name, text in before.items():
            (sources / name).unlink() if text is None else (sources / name).write_text(text)
    assert [line for line in broken if line.startswith(contract)]
    modules = [name.removesuffix(".py").replace("/", ".") for name in BREACHES[contract]]
    assert [module for module in modules if f" {module} -> " not in report] == [], report


def test_every_contract_has_a_breach():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    assert [each["name"] for each in contracts if not each["name"].startswith(tuple(BREACHES))] == []
