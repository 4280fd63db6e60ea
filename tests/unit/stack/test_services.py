"""`.stack/env` tells every shell which state and lake to use."""

from pathlib import Path

import pytest

from stack.services import exported_settings
from stack.settings import ROOT, Settings, write_env_file
from tests.unit.stack.test_settings import source_env_file


@pytest.mark.parametrize("lake", [ROOT / ".stack" / "lake", Path("/data/it's a lake")])
def test_the_env_file_leads_code_of_another_clone_to_the_same_state_and_lake(lake: Path, tmp_path: Path):
    settings = Settings(state=ROOT / ".stack", lake=lake)
    write_env_file(tmp_path / "env", exported_settings(settings), [tmp_path])
    sourced = {name: source_env_file(tmp_path / "env", name) for name in ("PRICHAL_STATE", "PRICHAL_LAKE")}
    assert sourced["PRICHAL_STATE"] == str(ROOT / ".stack")
    loaded = Settings.load(sourced)
    assert (loaded.state, loaded.lake) == (settings.state, settings.lake)


def test_another_state_named_after_sourcing_brings_its_own_lake(tmp_path: Path):
    sourced = exported_settings(Settings(state=ROOT / ".stack", lake=ROOT / ".stack" / "lake"))
    loaded = Settings.load({**sourced, "PRICHAL_STATE": str(tmp_path)})
    assert loaded.lake == tmp_path / "lake"
