"""A review page shows all data, escapes foreign text, and is complete when data is missing."""

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
from stack.markdown import MAX_DESCRIPTION
from tests.unit.builders import evidence, measured, measured_first
from tests.unit.uplift_evidence import UPLIFT_EVIDENCE, UPLIFT_MEASURED, changed

HOSTILE = "<script>alert('1')</script> a|b `c` \"d\" $1\n\n## x\n[y](http://z) ![w](http://w) **v** <b onclick='u'>"
PNG = b"\x89PNG not really"
PICTURE = f"data:image/png;base64,{b64encode(PNG).decode()}"


@dataclass(frozen=True)
class Version:
    model: str = "shop_churn"
    number: str = "2"
    run_id: str | None = "run2"
    author: str | None = "anna"
    evidence: Mapping[str, Any] | None = field(default_factory=lambda: evidence_file())
    evidence_sha256: str | None = "e2" * 32
    files_sha256: str | None = "f2" * 32
    features: tuple[str, ...] | None = ("recency", "visits", "minutes")
    params: Mapping[str, Any] | None = field(default_factory=lambda: {"depth": 4, "rate": 0.1, "rounds": 300})


@dataclass(frozen=True)
class Contenders:
    challenger: Version
    production: Version | None


def evidence_file(**changes: Any) -> dict[str, Any]:
    """Evidence with the fields that only the page shows."""
    part = {"slice": "tenure", "range": "below 30", "rows": 4_000, "left": 2_500}
    content = evidence(**changes)
    content["metrics"] |= {"recall_at_10pct": figure(0.31), "lift_at_10pct": figure(3.1)}
    return {
        **content, "project": "shop", "population": "paid",
        "reasons": [{"reason": "Comes rarely", "share": 0.6}, {"reason": "Spends little", "share": 0.4}],
        "slices": [{**part, "auc": figure(0.75), "calibration_gap": figure(-0.01)}],
    }  # fmt: skip


def figure(value: float) -> dict[str, float]:
    return {"value": value, "low": value - 0.01, "high": value + 0.01}


OLD = Version(
    number="1", run_id="run1", author="boris", features=("recency", "visits", "pages"), evidence_sha256="e1" * 32,
    evidence={**evidence_file(data__development=["1997-04-01"], code="0123456789abcdef"),
              "reasons": [{"reason": "Comes rarely", "share": 0.7}]},
    params={"depth": 3, "rate": 0.1, "leaves": 8},
)  # fmt: skip
BOTH = Contenders(Version(), OLD)
FIRST = Contenders(Version(), None)


def decision_of(accepted: bool, *checks: Check) -> Decision:
    return Decision(accepted, 3, checks)


YES = decision_of(True, Check("auc", True, 0.77, 0.7, "Its lower end is at or above the minimum of 0.70."))
NO = decision_of(False, *YES.checks, Check("parity", False, 8.637e-5, 1e-9, "Spark says something else."))


def both(contenders: Contenders = BOTH, result: Any = None, decision: Decision = YES, **others: Any) -> Review:
    usual = measured() if contenders.production else measured_first()
    return review(contenders, usual if result is None else result, decision, **{"needs_approval": True, **others})


def plain(built: Review) -> list[str]:
    return built.markdown.replace("&ensp;", "").replace("\\_", "_").splitlines()


@pytest.mark.parametrize(
    ("contenders", "decision", "needs_approval", "begins", "ends"),
    [
        pytest.param(BOTH, YES, True, "APPROVAL NEEDED: the gate accepts",
                     " in place of version 1; somebody other than anna must decide.", id="waits"),
        pytest.param(BOTH, YES, False, "ACCEPTED: the gate accepts", " in place of version 1.", id="accepted"),
        pytest.param(FIRST, YES, False, "ACCEPTED: the gate accepts", " as the first in production.", id="first"),
        pytest.param(BOTH, NO, True, "REFUSED: the gate refuses", "; 1 of 2 checks failed (parity). "
                     "Version 1 stays in production.", id="refused"),
        pytest.param(FIRST, NO, True, "REFUSED: the gate refuses", "; 1 of 2 checks failed (parity). "
                     "No version is in production.", id="no first"),
    ],
)  # fmt: skip
def test_the_page_begins_with_the_decision_and_the_next_step(
    contenders: Contenders, decision: Decision, needs_approval: bool, begins: str, ends: str
):
    built = both(contenders, decision=decision, needs_approval=needs_approval)
    expected = f"{begins} version 2 of shop_churn by policy version 3{ends}"
    assert plain(built)[0] == f"**{expected}**"
    assert f">{expected}</p>" in built.html
    assert ("-e approve" in built.markdown) == (begins.startswith("APPROVAL"))


def test_one_command_decides_on_all_models_of_a_release():
    command = "-e approve -P project=shop -P population=all -P name=YOU"
    assert [command in both(together=together).markdown for together in (True, False)] == [True, False]


@pytest.mark.parametrize(
    "line",
    [
        "mlflow run . --env-manager local -e approve -P project=shop -P population=paid -P name=YOU -P reason='WHY'",
        "| auc | 0.77 | 0.7 | yes | Its lower end is at or above the minimum of 0.70. |",
        "| parity | 0.0000864 | 1e-09 | **NO** | Spark says something else. |",
        "| version 2 | 0.7800 (0.7700 to 0.7900) |",
        "| version 1 | 0.7750 (0.7650 to 0.7850) |",
        "| difference, by bootstrap | +0.0050 (+0.0010 to +0.0090) |",
        "| difference, by DeLong | +0.0050 (+0.0010 to +0.0090) |",
        "| recall in the riskiest 10% | 0.310 (0.300 to 0.320) | 0.310 (0.300 to 0.320) |",
        "- Of the 1,000 rows in the riskiest tenth, 90 enter (9.0%) and 90 leave it.",
        "| family | catboost | the same |",
        "| training rows | 1997-05-01 to 1997-06-01 (2) | 1997-04-01 |",
        "| code | fedcba987654 | 0123456789ab |",
        "2 features are in both versions.",
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
def test_the_page_shows(line: str):
    decision = replace(NO, accepted=True)  # passed and failed checks, and the commands of a review
    assert line in plain(both(decision=decision))


@pytest.mark.parametrize(
    ("value", "expected"),
    [(7209, "7,209"), (12345.6, "12,346"), (86.8234, "86.82"), (0.0, "0"), (-0.0038471, "-0.003847"),
     (0.00008637, "0.0000864"), (1e-9, "1e-09"), (None, ""), (float("nan"), "")],
)  # fmt: skip
def test_a_number_has_four_significant_digits(value: float | None, expected: str):
    lines = plain(both(decision=decision_of(True, Check("size", True, value, value, ""))))
    assert f"| size | {expected} | {expected} | yes |  |" in lines


def test_metrics_on_different_rows_are_marked_as_such():
    other = replace(OLD, evidence=evidence_file(data__out_of_time_digest="99" * 8))
    assert "both on the same rows" in both().html
    assert "on different rows: compare by the difference above" in both(Contenders(Version(), other)).html


def test_the_page_of_a_first_version_says_that_nothing_was_compared():
    built = both(FIRST)
    assert "First version: nothing was in production, so it was judged by its own metrics alone." in built.markdown
    assert "| log-loss | 0.5200 (0.5000 to 0.5400) |" in plain(built)
    assert "- Parameters: depth 4, rate 0.1, rounds 300." in plain(built)
    assert not [title for title in ("Score shift", "Comparison with production") if title in built.html]


def test_equal_models_have_no_differences():
    zero = {"value": 0.0, "low": 0.0, "high": 0.0}
    result = measured(versus__bootstrap=zero, moved={"rank_correlation": 1, "top": 9, "entered": 0, "withdrawn": 0})
    lines = plain(both(Contenders(Version(), replace(Version(), number="1")), result))
    assert "3 features are in both versions; none was added or removed." in lines
    assert "3 parameters with the same value; none differ." in lines
    assert "- Of the 9 rows in the riskiest tenth, 0 enter (0.0%) and 0 leave it." in lines


def test_the_chosen_parameters_of_a_run_are_shown():
    params = {"model_params": '{"depth": 4, "rate": 0.1}', "depth": "4", "seed": "7", "as_of": "1998-07-01"}
    before = replace(OLD, params={**params, "seed": "8", "as_of": "1998-06-01"})
    lines = plain(both(Contenders(Version(params=params), before)))
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
@pytest.mark.parametrize("result", [{}, measured()], ids=["nothing measured", "measured"])
def test_missing_data_is_shown_as_not_known(contenders: Contenders, result: dict[str, Any]):
    built = both(contenders, result)
    assert "not known" in built.markdown
    assert "nan" not in built.html
    assert ("This promotion has no measurements" in built.html) == (not result)


def filled(text: str) -> Contenders:
    """Contenders whose foreign texts are all `text`."""
    part = {"slice": text, "range": text, "rows": 1, "left": 1}
    content = {
        **evidence_file(), "family": text, "packages": {text: text}, "project": text, "population": text,
        "commit": text, "reasons": [{"reason": text, "share": 1}], "slices": [part],
        "leaks": [{"check": text, "passed": False, "sentence": text}],
    }  # fmt: skip
    fields: dict[str, Any] = {"evidence": content, "author": text, "features": (text,)}
    return Contenders(Version(**fields, params={text: text}), Version(**fields, number="1", params={}))


def decision_on(text: str) -> Decision:
    return decision_of(True, Check(text, True, 1.0, 1.0, text), Check(text, False, None, None, text))


class Tags(HTMLParser):
    """Tags in their order, with attributes; requires that every open tag is closed."""

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


def test_html_is_well_formed_and_loads_no_other_file():
    tags = Tags(both(filled(HOSTILE), pictures={"moved": PNG, HOSTILE: PNG}, decision=decision_on(HOSTILE)).html)
    assert tags.open == []
    assert not {"script", "link", "a", "iframe", "object", "form", "b"} & {tag for tag, _ in tags.seen}
    assert not [name for _, names in tags.seen for name in names if name.startswith("on") or name in {"href", "srcset"}]
    assert [value for value in tags.values if value.startswith(("data:", "http"))] == [PICTURE, PICTURE]


def test_foreign_text_adds_no_tag_to_the_html():
    strange, mild = (both(filled(text), decision=decision_on(text)).html for text in (HOSTILE, "mild"))
    assert Tags(strange).seen == Tags(mild).seen


@pytest.mark.parametrize(
    "text",
    ["<b onclick='u'>", "<script>u</script>", "a|b", "`c`", "```", "x\n\n## y", "[y](//z)", "![w](//u)", "**v** _w_",
     "~~d~~", "# h", "- i", "1. j", "---", "\\", "\\|", "<!--", "&lt;b&gt;", "[x]: //y"],
)  # fmt: skip
def test_foreign_text_adds_nothing_to_the_markdown(text: str):
    def kinds(word: str) -> list[str]:
        tokens = reader.parse(both(filled(word), decision=decision_on(word)).markdown)
        types = [item.type for token in tokens for item in (token, *(token.children or []))]
        return [item for item in types if item not in {"text", "text_special"}]

    reader = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    assert kinds(text) == kinds("mild")


def test_a_long_description_loses_whole_sections_the_least_important_first():
    many = tuple(Check(f"check{place}", place > 0, 1.0, 1.0, "A sentence of some length. " * 6) for place in range(20))
    built = both(decision=decision_of(False, *many))
    titles = [line for line in built.markdown.splitlines() if line.startswith("## ")]
    assert len(built.markdown) <= MAX_DESCRIPTION
    assert built.markdown.endswith(f"\n\n{REST}")
    assert titles[:2] == ["## Checks of the gate", "## Comparison with production"]
    assert "## Leakage checks" not in titles
    assert "| check19 | 1 | 1 | yes |  |" in plain(built)
    assert "| check0 | 1 | 1 | **NO** | A sentence" in "\n".join(plain(built))
    assert built.html.count("<td>A sentence of some length. ") == 20


def test_a_long_verdict_is_cut_too():
    names = tuple(Check("_" * 900, False, None, None, "x") for _ in range(9))
    assert len(both(decision=decision_of(False, *names)).markdown) <= MAX_DESCRIPTION


def test_the_description_names_and_links_the_whole_review():
    where = "review/shop_churn_version_2.html"
    assert both().file == where
    assert f"The whole review, with pictures: `{where}` of the promotion's run." in both().markdown
    linked = both(address=f"#/experiments/1/runs/r/artifacts/{where}").markdown
    assert f"(#/experiments/1/runs/r/artifacts/{where})" in linked


def test_the_page_shows_the_time_of_the_decision():
    when = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    assert "Decided by the gate on 2026-01-02 03:04 UTC." in both(when=when).markdown


def test_an_outcome_is_put_on_top_once():
    first = with_outcome("**Verdict.**\n\n## Rest\n", "vera approved it: <good> & sound.")
    assert first == "**vera approved it: &lt;good&gt; &amp; sound.**\n\nVerdict.\n\n## Rest\n"
    assert with_outcome(first, "vera approved it: <good> & sound.") == first
    assert with_outcome(first, "olga rolled it back.").splitlines()[:3] == [
        "**olga rolled it back.**", "", "vera approved it: &lt;good&gt; &amp; sound.",
    ]  # fmt: skip


def test_after_an_approval_no_approval_is_requested():
    waiting = both(needs_approval=True).markdown
    assert "APPROVAL NEEDED" in waiting
    assert "-e approve" in waiting
    approved = with_outcome(waiting, "Version 2 approved by vera")
    requests = ("APPROVAL", "-e approve", "-e reject", "No version is in production")
    assert not [words for words in requests if words in approved]
    assert [line for line in approved.splitlines() if line.startswith("**")] == ["**Version 2 approved by vera**"]
    assert approved.count("## ") == waiting.count("## ")


def test_outcomes_replace_the_least_important_sections():
    text = both().markdown
    for place in range(60):
        text = with_outcome(text, f"{place} " + "$" * 90)
        assert len(text) <= MAX_DESCRIPTION
        assert text.startswith(f"**{place} &#36;")
    assert text.count(REST) == 1
    assert len(with_outcome("", "$" * 9_000)) <= MAX_DESCRIPTION


def test_a_request_of_an_earlier_release_is_removed_too():
    request = "**WAITS FOR APPROVAL: somebody has to decide.**\n\nThe whole review.\n"
    command = "\n```\nmlflow run . -e approve -P name=YOU\n```\n"
    approved = with_outcome(f"{request}{command}\n## Rest\n", "Version 2 approved by vera")
    assert approved == "**Version 2 approved by vera**\n\nThe whole review.\n\n## Rest\n"


def response_model(production: bool, **changes: Any) -> Review:
    challenger = Version(model="shop_uplift", evidence=changed(UPLIFT_EVIDENCE, **changes))
    before = Version(model="shop_uplift", number="1", evidence=UPLIFT_EVIDENCE) if production else None
    measurements = UPLIFT_MEASURED if production else {**UPLIFT_MEASURED, "versus": None}
    return both(Contenders(challenger, before), measurements, pictures={"qini": PNG})


@pytest.mark.parametrize("production", [True, False])
def test_the_page_of_a_response_model_shows_gain_effects_and_pictures(production: bool):
    page = response_model(production)
    assert PICTURE in page.html
    assert UPLIFT_EVIDENCE["sentence"] in page.html
    for text in ("+1.20 (+0.40 to +2.00)", "sms_discount_1", "+2.00 (+0.20 to +3.80)", "dr_linear", "c1, c2, c3"):
        assert text in page.html
    assert ("On the same judged rows" in page.html) == production
    assert "ROC-AUC" not in page.html
    assert "population=uplift" in page.markdown


def test_the_page_of_a_response_model_without_figures_says_not_known():
    bare = {"kind": "uplift", "project": "shop", "population": "uplift"}
    page = review(Contenders(Version(evidence=bare), None), None, NO, needs_approval=True)
    assert "not known" in page.html
    assert len(page.markdown) <= MAX_DESCRIPTION
