"""Files from which others make the environment name no package of their own: the lock does."""

import yaml

from stack.settings import ROOT


def test_the_conda_environment_takes_its_packages_from_the_lock():
    """`make test-slow` makes this environment and runs a step in it."""
    project = yaml.safe_load((ROOT / "MLproject").read_text())
    conda = yaml.safe_load((ROOT / project["conda_env"]).read_text())
    assert conda["dependencies"] == ["python=3.11", "openjdk=17", "pip", {"pip": ["-r requirements.lock"]}]
    locked = (ROOT / "requirements.lock").read_text()
    for package in ("mlflow", "pyspark", "uv"):
        assert f"\n{package}==" in locked
