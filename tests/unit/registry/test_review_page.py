"""A review tells what was found, shows foreign text as it is, and is made whatever is missing."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import pytest
from markdown_it import MarkdownIt

from registry.gate.gate import Check, Decision
from registry.review_page import Review, review, with_outcome
from registry.review_page.markdown import REST
from stack.markdown import LONGEST
from tests.unit.builders import evidence, measured, measured_first

HOSTILE = "<script>alert('1')</script> a|b `c` \"d\" $1\n\n## x\n[y](http://z) ![w](http://w) **v** <b onclick='u'>"
PNG = b"\x89PNG not really"
PICTURE = f"data:image/png;base64,{b64encode(PNG).decode()}"


@dataclass(frozen=True)
class Version:
    model: str = "shop_churn"
    number: str = "2"
    run_id: str | None = "run2"
    author: str | None = "anna"
    evidence: Mapping[str, Any] | None = field(default_factory=lambda: proof())
    evidence_sha256: str | None = "e2" * 32
    files_sha256: str | None = "f2" * 32
    features: tuple[str, ...] | None = ("recency", "visits", "minutes")
    params: Mapping[str, Any] | None = field(default_factory=lambda: {"depth": 4, "rate": 0.1, "rounds": 300})


@dataclass(frozen=True)
class Contenders:
    challenger: Version
    production: Version | None


def proof(**changes: Any) -> dict[str, Any]:
    """Evidence with what a page tells beyond the gate's fields."""
    part = {"slice": "tenure", "range": "below 30", "rows": 4_000, "left": 2_500}
    told = evidence(**changes)
    told["metrics"] |= {"recall_at_10pct": figure(0.31), "lift_at_10pct": figure(3.1)}
    return {
        **told,
        "project": "shop",
        "population": "paid",
        "reasons": [{"reason": "Comes rarely", "share": 0.6}, {"reason": "Spends little", "share": 0.4}],
        "slices": [{**part, "auc": figure(0.75), "calibration_gap": figure(-0.01)}],
    }


def figure(value: float) -> dict[str, float]:
    return {"value": value, "low": value - 0.01, "high": value + 0.01}


OLD = Version(
    number="1", run_id="run1", author="boris", features=("recency", "visits", "pages"), evidence_sha256="e1" * 32,
    evidence={**proof(data__development=["1997-04-01"], code="0123456789abcdef"),
              "reasons": [{"reason": "Comes rarely", "share": 0.7}]},
    params={"depth": 3, "rate": 0.1, "leaves": 8},
)  # fmt: skip
BOTH = Contenders(Version(), OLD)
FIRST = Contenders(Version(), None)


def decided(accepted: bool, *checks: Check) -> Decision:
    return Decision(accepted, 3, checks)


YES = decided(True, Check("auc", True, 0.77, 0.7, "Its lower end reaches 0.70."))
NO = decided(False, *YES.checks, Check("parity", False, 8.637e-5, 1e-9, "Spark says something else."))


def both(contenders: Contenders = BOTH, found: Any = None, decision: Decision = YES, **others: Any) -> Review:
    usual = measured() if contenders.production else measured_first()
    return review(contenders, usual if found is None else found, decision, **{"waits": True, **others})


def plain(made: Review) -> list[str]:
    return made.markdown.replace("&ensp;", "").replace("\\_", "_").splitlines()


@pytest.mark.parametrize(
    ("contenders", "decision", "waits", "begins", "ends"),
    [
        pytest.param(BOTH, YES, True, "WAITS FOR APPROVAL: the gate accepts",
                     " in place of version 1; somebody other than anna has to decide.", id="waits"),
        pytest.param(BOTH, YES, False, "ACCEPTED: the gate accepts",
                     " in place of version 1; nothing is waited for.", id="accepted"),
        pytest.param(FIRST, YES, False, "ACCEPTED: the gate accepts",
                     " as the first in production; nothing is waited for.", id="first"),
        pytest.param(BOTH, NO, True, "REFUSED: the gate refuses", "; 1 of 2 checks not passed (parity). "
                     "Production stays version 1, and nothing is waited for.", id="refused"),
        pytest.param(FIRST, NO, True, "REFUSED: the gate refuses", "; 1 of 2 checks not passed (parity). "
                     "Nothing is in production, and nothing is waited for.", id="no first"),
    ],
)  # fmt: skip
def test_it_begins_with_what_the_gate_says_and_what_is_waited_for(
    contenders: Contenders, decision: Decision, waits: bool, begins: str, ends: str
):
    made = both(contenders, decision=decision, waits=waits)
    said = f"{begins} version 2 of shop_churn by policy version 3{ends}"
    assert plain(made)[0] == f"**{said}**"
    assert f">{said}</p>" in made.html
    assert ("-e approve" in made.markdown) == (begins.startswith("WAITS"))


def test_models_of_one_release_are_decided_on_together():
    command = "-e approve -P project=shop -P population=all -P name=YOU"
    assert [command in both(together=together).markdown for together in (True, False)] == [True, False]


@pytest.mark.parametrize(
    "line",
    [
        "mlflow run . --env-manager local -e approve -P project=shop -P population=paid -P name=YOU -P reason='WHY'",
        "| auc | 0.77 | 0.7 | yes | Its lower end reaches 0.70. |",
        "| parity | 0.0000864 | 1e-09 | **NO** | Spark says something else. |",
        "| version 2 | 0.7800 (0.7700 to 0.7900) |",
        "| version 1 | 0.7750 (0.7650 to 0.7850) |",
        "| difference, by drawing people | +0.0050 (+0.0010 to +0.0090) |",
        "| difference, by DeLong | +0.0050 (+0.0010 to +0.0090) |",
        "| found in the riskiest 10% | 0.310 (0.300 to 0.320) | 0.310 (0.300 to 0.320) |",
        "- Of the 1,000 rows in the riskiest tenth, 90 enter (9.0%) and 90 leave it.",
        "| family | catboost | the same |",
        "| development | 1997-05-01 to 1997-06-01 (2) | 1997-04-01 |",
        "| code | fedcba987654 | 0123456789ab |",
        "2 features are in both.",
        "- Added 1: minutes.",
        "- Removed 1: pages.",
        "1 parameter with the same value; 3 differ.",
        "| depth | 4 | 3 |",
        "| leaves | absent | 8 |",
        "| rounds | 300 | absent |",
        "1 package with the same value; none differ.",
        "| tenure: below 30 | 4,000 | 2,500 | 0.750 (0.740 to 0.760) | -0.010 (-0.020 to 0.000) "
        "| +0.004 (-0.002 to +0.010) |",
        "| tenure: 30 and more | 20 | 8 | not known | not known | too few |",
        "| Comes rarely | 60.0% | 70.0% | -10.0 |",
        "| Spends little | 40.0% | 0.0% | +40.0 |",
        "| author | anna | boris |",
        "| evidence, sha256 | e2e2e2e2e2e2 | e1e1e1e1e1e1 |",
    ],
)
def test_the_page_tells_what_was_found(line: str):
    decision = replace(NO, accepted=True)  # both kinds of check, and the commands of one that waits
    assert line in plain(both(decision=decision))


@pytest.mark.parametrize(
    ("value", "said"),
    [(7209, "7,209"), (12345.6, "12,346"), (86.8234, "86.82"), (0.0, "0"), (-0.0038471, "-0.003847"),
     (0.00008637, "0.0000864"), (1e-9, "1e-09"), (None, ""), (float("nan"), "")],
)  # fmt: skip
def test_a_number_has_as_many_digits_as_it_is_decided_by(value: float | None, said: str):
    assert f"| one | {said} | {said} | yes |  |" in plain(
        both(decision=decided(True, Check("one", True, value, value, "")))
    )


def test_figures_of_two_trainings_are_not_read_across_different_rows():
    other = replace(OLD, evidence=proof(data__out_of_time_digest="99" * 8))
    assert "both on the same rows" in both().html
    assert "on rows that differ: read the difference above, not across" in both(Contenders(Version(), other)).html


def test_the_first_model_has_nothing_beside_it_and_that_is_said():
    made = both(FIRST)
    assert (
        "First version: no other was in production when it was judged, so it was judged by its own figures alone."
        in made.markdown
    )
    assert "| log-loss | 0.5200 (0.5000 to 0.5400) |" in plain(made)
    assert "- Parameters: depth 4, rate 0.1, rounds 300." in plain(made)
    assert not [title for title in ("Who is scored differently", "Side by side") if title in made.html]


def test_equal_models_differ_in_nothing():
    zero = {"value": 0.0, "low": 0.0, "high": 0.0}
    found = measured(versus__bootstrap=zero, moved={"rank_correlation": 1, "top": 9, "entered": 0, "withdrawn": 0})
    lines = plain(both(Contenders(Version(), replace(Version(), number="1")), found))
    assert "3 features are in both, none was added and none removed." in lines
    assert "3 parameters with the same value; none differ." in lines
    assert "- Of the 9 rows in the riskiest tenth, 0 enter (0.0%) and 0 leave it." in lines


def test_of_a_runs_parameters_those_are_told_that_were_chosen():
    own = {"model_params": '{"depth": 4, "rate": 0.1}', "depth": "4", "seed": "7", "as_of": "1998-07-01"}
    lines = plain(
        both(Contenders(Version(params=own), replace(OLD, params={**own, "seed": "8", "as_of": "1998-06-01"})))
    )
    assert "2 parameters with the same value; 1 differs." in lines
    assert "| seed | 7 | 8 |" in lines


NOTHING = Version(run_id=None, author=None, evidence=None, evidence_sha256=None, files_sha256=None, features=None,
                  params=None)  # fmt: skip


@pytest.mark.parametrize(
    "contenders",
    [
        pytest.param(Contenders(Version(), replace(NOTHING, number="1")), id="production left nothing"),
        pytest.param(Contenders(NOTHING, OLD), id="the challenger left nothing"),
        pytest.param(Contenders(NOTHING, None), id="the first left nothing"),
        *(
            pytest.param(Contenders(replace(Version(), evidence=content), OLD), id=str(content))
            for content in ({}, {"metrics": 1}, {"metrics": {"auc": {"value": float("nan"), "low": 0, "high": 1}}},
                         {"data": {"development": 5, "out_of_time": []}}, {"leaks": [1], "reasons": "x"},
                         {"slices": [{"auc": "x"}], "reasons": [{"share": True}]}, {"packages": ["x"]})
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize("found", [{}, measured()], ids=["nothing measured", "measured"])
def test_a_page_is_made_of_whatever_there_is_and_says_what_is_not_known(contenders: Contenders, found: dict[str, Any]):
    made = both(contenders, found)
    assert "not known" in made.markdown
    assert "nan" not in made.html
    assert ("Nothing was measured for this promotion" in made.html) == (not found)


def filled(text: str) -> Contenders:
    """Every text that comes from elsewhere is this one."""
    part = {"slice": text, "range": text, "rows": 1, "left": 1}
    told = {
        **proof(), "family": text, "packages": {text: text}, "project": text, "population": text, "commit": text,
        "reasons": [{"reason": text, "share": 1}], "slices": [part],
        "leaks": [{"check": text, "passed": False, "sentence": text}],
    }  # fmt: skip
    alike: dict[str, Any] = {"evidence": told, "author": text, "features": (text,)}
    return Contenders(Version(**alike, params={text: text}), Version(**alike, number="1", params={}))


def judged(text: str) -> Decision:
    return decided(True, Check(text, True, 1.0, 1.0, text), Check(text, False, None, None, text))


class Tags(HTMLParser):
    """Tags in their order, with attributes; sees that all that opens is closed."""

    EMPTY = ("meta", "img", "br")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, tuple[str, ...]]] = []
        self.values: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, tuple(name for name, _ in attrs)))
        self.values += [str(value) for _, value in attrs]
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_html_is_well_formed_and_needs_nothing_from_elsewhere():
    tags = Tags(both(filled(HOSTILE), pictures={"moved": PNG, HOSTILE: PNG}, decision=judged(HOSTILE)).html)
    assert tags.open == []
    assert not {"script", "link", "a", "iframe", "object", "form", "b"} & {tag for tag, _ in tags.seen}
    assert not [name for _, names in tags.seen for name in names if name.startswith("on") or name in {"href", "srcset"}]
    assert [value for value in tags.values if value.startswith(("data:", "http"))] == [PICTURE, PICTURE]


def test_foreign_text_adds_no_tag_to_the_html():
    strange, mild = (both(filled(text), decision=judged(text)).html for text in (HOSTILE, "mild"))
    assert Tags(strange).seen == Tags(mild).seen


@pytest.mark.parametrize(
    "text",
    ["<b onclick='u'>", "<script>u</script>", "a|b", "`c`", "```", "x\n\n## y", "[y](//z)", "![w](//u)", "**v** _w_",
     "~~d~~", "# h", "- i", "1. j", "---", "\\", "\\|", "<!--", "&lt;b&gt;", "[x]: //y"],
)  # fmt: skip
def test_foreign_text_adds_nothing_to_the_markdown(text: str):
    def kinds(word: str) -> list[str]:
        tokens = reader.parse(both(filled(word), decision=judged(word)).markdown)
        told = [one.type for token in tokens for one in (token, *(token.children or []))]
        return [one for one in told if one not in {"text", "text_special"}]

    reader = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    assert kinds(text) == kinds("mild")


def test_a_description_keeps_to_its_length_by_whole_sections_the_most_important_first():
    many = tuple(Check(f"check{place}", place > 0, 1.0, 1.0, "A sentence of some length. " * 6) for place in range(20))
    made = both(decision=decided(False, *many))
    titles = [line for line in made.markdown.splitlines() if line.startswith("## ")]
    assert len(made.markdown) <= LONGEST
    assert made.markdown.endswith(f"\n\n{REST}")
    assert titles[:2] == ["## Checks of the gate", "## Side by side with production"]
    assert "## Checks for leaks" not in titles
    assert "| check19 | 1 | 1 | yes |  |" in plain(made)
    assert "| check0 | 1 | 1 | **NO** | A sentence" in "\n".join(plain(made))
    assert made.html.count("<td>A sentence of some length. ") == 20


def test_a_verdict_that_fills_a_page_is_cut_too():
    names = tuple(Check("_" * 900, False, None, None, "x") for _ in range(9))
    assert len(both(decision=decided(False, *names)).markdown) <= LONGEST


def test_where_the_whole_review_lies_is_told_and_linked_where_that_is_known():
    where = "review/shop_churn_version_2.html"
    assert both().file == where
    assert f"The whole review, with pictures: `{where}` of the promotion's run." in both().markdown
    linked = both(address=f"#/experiments/1/runs/r/artifacts/{where}").markdown
    assert f"(#/experiments/1/runs/r/artifacts/{where})" in linked


def test_the_moment_is_told():
    when = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    assert "Decided by the gate on 2026-01-02 03:04 UTC." in both(when=when).markdown


def test_what_became_of_it_comes_on_top_once():
    first = with_outcome("**Verdict.**\n\n## Rest\n", "vera approved it: <good> & sound.")
    assert first == "**vera approved it: &lt;good&gt; &amp; sound.**\n\nVerdict.\n\n## Rest\n"
    assert with_outcome(first, "vera approved it: <good> & sound.") == first
    assert with_outcome(first, "olga rolled it back.").splitlines()[:3] == [
        "**olga rolled it back.**", "", "vera approved it: &lt;good&gt; &amp; sound.",
    ]  # fmt: skip


def test_after_an_approval_nothing_waits():
    waiting = both(waits=True).markdown
    assert "WAITS FOR APPROVAL" in waiting
    assert "-e approve" in waiting
    approved = with_outcome(waiting, "Version 2 approved by vera")
    assert not [
        words for words in ("WAITS", "-e approve", "-e reject", "No version is in production") if words in approved
    ]
    assert [line for line in approved.splitlines() if line.startswith("**")] == ["**Version 2 approved by vera**"]
    assert approved.count("## ") == waiting.count("## ")


def test_outcomes_push_the_least_important_sections_out():
    text = both().markdown
    for place in range(60):
        text = with_outcome(text, f"{place} " + "$" * 90)
        assert len(text) <= LONGEST
        assert text.startswith(f"**{place} &#36;")
    assert text.count(REST) == 1
    assert len(with_outcome("", "$" * 9_000)) <= LONGEST
