"""Foreign text shows as it is in the MLflow UI and on a repository's page, and stays on its line."""

from typing import Any

import pytest

from stack.markdown import escape, figure, table


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("days in a row", "days in a row"),
        ("a|b", r"a\|b"),
        ("<script>alert(1)</script> & co", "&lt;script&gt;alert(1)&lt;/script&gt; &amp; co"),
        ("[link](http://x)", r"\[link\](http&#58;//x)"),
        ("HTTPS://x and www.x.org", "HTTPS&#58;//x and www&#46;x.org"),
        ("`code` *bold* _it_ ~no~ \\", r"\`code\` \*bold\* \_it\_ \~no\~ \\"),
        ("two\n# lines", "two # lines"),
        ("# no heading", r"\# no heading"),
        ("- no list", r"\- no list"),
        ("3. no list", r"3\. no list"),
        ("---", r"\---"),
        ("-0.1 and 3.5", "-0.1 and 3.5"),
        (":smile: at 10:30, $5 to a@b", "&#58;smile: at 10:30, &#36;5 to a&#64;b"),
        ("€ and 日本", "€ and 日本"),
    ],
)
def test_text_shows_as_it_is_and_stays_on_its_line(text: str, shown: str):
    assert escape(text) == shown


def test_a_table_has_a_line_for_its_heads_and_one_for_each_row():
    assert table(["a", "b"], [["1", "2"]]) == ["| a&ensp; | b |", "| --- | --- |", "| 1&ensp; | 2 |"]


@pytest.mark.parametrize(
    ("sentence", "digits", "sign", "expected_text"),
    [
        ({"value": 0.12345}, 4, "", "0.1235"),
        ({"value": 0.5, "low": 0.4, "high": 0.61}, 2, "", "0.50 (0.40 to 0.61)"),
        ({"value": -0.5}, 1, "+", "-0.5"),
        ({"value": 1}, 2, "+", "+1.00"),
    ],
)
def test_a_figure_is_written_with_its_digits_and_interval(sentence: Any, digits: int, sign: str, expected_text: str):
    assert figure(sentence, digits, sign) == expected_text
