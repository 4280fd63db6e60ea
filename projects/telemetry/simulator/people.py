"""Who the visitors are, when they come first, and how long they stay."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from projects.telemetry.simulator.plan import CITIES, Floats, Ints, generator

MEAN_STAY_DAYS = 270.0
MEAN_VISITS_A_MONTH = 1.9


@dataclass(frozen=True)
class Visitors:
    """One row per person.

    Attributes:
        columns: person_id, gender, city, age and child_age as exported; null where the person did not state it.
        is_parent: whether the person has a child.
        from_day, until_day: days since the first month; the person visits the shop between them.
        visits_a_month: the rate of visits.
    """

    columns: pa.Table
    is_parent: np.ndarray
    from_day: Floats
    until_day: Floats
    visits_a_month: Floats


def make_people(users: int, days: int, seed: int) -> Visitors:
    """Draw the people of a shop that is simulated for `days` days."""
    rng = generator(seed, "people")
    city = rng.choice(len(CITIES), size=users, p=np.array(list(CITIES.values())) / sum(CITIES.values()))
    age = np.clip(rng.normal(36, 12, users), 14, 80).astype(np.int64)
    is_parent = rng.random(users) < np.where((age >= 22) & (age <= 50), 0.55, 0.08)
    child_age = np.minimum(np.floor(rng.gamma(2.0, 3.0, users)), np.maximum(age - 18, 0)).astype(np.int64)
    is_woman = rng.random(users) < 0.58
    # A third of the people came before the log begins.
    from_day = np.where(rng.random(users) < 1 / 3, 0.0, rng.uniform(0, days, users))
    columns = pa.table(
        {
            "person_id": pa.array(np.arange(users) + 1_000_001),
            "gender": pa.array(np.where(is_woman, "F", "M"), mask=rng.random(users) < 0.02),
            "city": pa.array(np.array(list(CITIES))[city], mask=rng.random(users) < 0.01),
            "age": pa.array(age, mask=rng.random(users) < 0.03),
            "child_age": pa.array(child_age, mask=~is_parent),
        }
    )
    return Visitors(
        columns, is_parent, from_day, from_day + rng.exponential(MEAN_STAY_DAYS, users),
        rng.gamma(0.9, MEAN_VISITS_A_MONTH / 0.9, users),
    )  # fmt: skip


def draw_counts(rng: np.random.Generator, expected: Floats) -> Ints:
    """Poisson numbers with these expectations."""
    return rng.poisson(expected).astype(np.int64)
