"""The steps of the action loop that follow from each other in `main`."""

from dataclasses import dataclass
from typing import Any, cast

import pytest

from actions.design.campaign import OpenedCampaign
from jobs import main as job
from jobs.runtime.context import Context


@dataclass
class Result:
    """What a step returns: its sentence."""

    sentence: str

    def sentences(self) -> list[str]:
        return [self.sentence]


@pytest.mark.parametrize(
    ("design", "expected"),
    [
        ({"arms": 2}, ["lift", "assign", "target", "deliver", "feedback"]),
        (None, ["lift", "assign", "deliver", "feedback"]),
    ],
    ids=["campaign", "nobody may be contacted"],
)
def test_a_plan_is_made_only_for_a_campaign_and_contacts_that_wait_are_delivered_in_any_case(
    monkeypatch: pytest.MonkeyPatch, design: dict[str, Any] | None, expected: list[str]
):
    for step in ("lift", "target", "deliver", "feedback"):
        monkeypatch.setattr(job, step, lambda context, as_of, name=step: Result(name))
    opened = OpenedCampaign("shop-2026-01-01", 0, {}, design, "assign")
    monkeypatch.setattr(job, "assign", lambda context, as_of: opened)
    assert job._act(cast(Context, None), "latest") == expected
