"""Places in S3, and where their objects may be written."""

from pathlib import Path

import pytest

from stack.bucket import _below, _split
from stack.errors import PrichalError
from tests.unit.builders import is_one_sentence


@pytest.mark.parametrize(
    ("url", "place"),
    [("s3://exports", ("exports", "")), ("s3://exports/raw/churn/", ("exports", "raw/churn"))],
)
def test_a_place_is_a_bucket_and_a_prefix(url: str, place: tuple[str, str]):
    assert _split(url) == place


@pytest.mark.parametrize("url", ["s3://", "s3:///raw", "s3://Exports/raw", "s3://a/raw"])
def test_an_invalid_s3_url_is_an_error(url: str):
    with pytest.raises(PrichalError, match="is not an S3 URL") as caught:
        _split(url)
    assert is_one_sentence(caught.value)


def test_an_object_is_written_below_the_folder_only(tmp_path: Path):
    assert _below(tmp_path, "/2026-03-01/payments.csv") == tmp_path / "2026-03-01" / "payments.csv"
    with pytest.raises(PrichalError, match="would be written outside") as caught:
        _below(tmp_path, "/2026-03-01/../../payments.csv")
    assert is_one_sentence(caught.value)
