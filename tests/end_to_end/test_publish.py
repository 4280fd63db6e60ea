"""Publishing needs every member of the snapshot once, under a key that PostgreSQL can store."""

import uuid
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from serving import Mart, PopulationScores, ScoreFiles, publish, published_scores
from serving.publish import PublishError
from stack.folders.atomic import sha256_of_files
from tests.end_to_end.conftest import Clone
from tests.unit.builders import is_one_sentence

DAY = date(2026, 3, 1)


@pytest.fixture
def mart() -> Mart:
    return Mart(f"keys_{uuid.uuid4().hex[:8]}", "user_id", "text")


def scores_of(folder: Path, keys: list[Any], expected: int, population: str = "paid") -> PopulationScores:
    """Scores of entities with these keys."""
    rows = pd.DataFrame({"user_id": pd.Series(keys, dtype="string"), "churn_probability": 0.5})
    for place in (1, 2, 3):
        rows[f"reason_{place}"] = pd.Series([None] * len(rows), dtype="string")
    target = folder / population
    target.mkdir(exist_ok=True)
    rows.to_parquet(target / "part.parquet")
    files = ScoreFiles(target, len(rows), 0.0, sha256_of_files(target, "*.parquet"))
    return PopulationScores(population, files, "shop_churn", "1", DAY + timedelta(32), expected)


FAULTS: dict[str, tuple[list[Any], int, str]] = {
    "fewer rows than members": (["a", "b"], 10, "2 rows of population paid were scored, but its snapshot has 10"),
    "more rows than members": (["a", "b", "c"], 2, "3 rows of population paid were scored, but its snapshot has 2"),
    "an empty key": (["a", None], 2, "A user_id of population paid is empty"),
    "a key of no characters": (["a", ""], 2, "A user_id of population paid is empty"),
    "a key twice": (["a", "b", "a"], 3, "A user_id occurs twice in population paid"),
    "a key with NUL": (["a", "b\0c"], 2, "A user_id of population paid holds a NUL character"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_faulty_scores_are_one_sentence_and_the_mart_keeps_its_rows(
    fault: str, clone: Clone, mart: Mart, tmp_path: Path
) -> None:
    keys, expected, words = FAULTS[fault]
    assert publish(clone.url, mart, DAY, [scores_of(tmp_path, ["x", "y"], 2)]) == 2
    with pytest.raises(PublishError, match=words) as caught:
        publish(clone.url, mart, DAY, [scores_of(tmp_path, keys, expected)])
    assert is_one_sentence(caught.value)
    assert sorted(published_scores(clone.url, mart, DAY)["user_id"]) == ["x", "y"]


def test_an_entity_in_two_populations_is_an_error(clone: Clone, mart: Mart, tmp_path: Path) -> None:
    parts = [scores_of(tmp_path, ["a"], 1), scores_of(tmp_path, ["a"], 1, "trial")]
    with pytest.raises(PublishError, match="A user_id is in two populations"):
        publish(clone.url, mart, DAY, parts)
