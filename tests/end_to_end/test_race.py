"""Two promotions at once: one of them wins, whoever it is."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from registry import Contenders
from tests.end_to_end.conftest import Clone
from tests.end_to_end.proposals import aliases_match_ledger, measure, promote_one, propose, state

#: `python -m benchmarks race` does 200.
ROUNDS = 3


def test_two_promotions_at_once_have_one_winner(clone: Clone, model: str, sound: str) -> None:
    with ThreadPoolExecutor(2) as pool:
        for number in range(1, ROUNDS + 1):
            propose(model, sound)
            together = Barrier(2)

            def judged_together(contenders: Contenders, together: Barrier = together) -> dict[str, object]:
                together.wait(60)  # both have judged the same before either moves
                return measure(contenders)

            racing = [pool.submit(promote_one, clone, model, measure=judged_together) for _ in range(2)]
            assert sorted(item.result().act for item in racing) == ["keep", "promote"]
            assert state(clone, model).production == str(number)
            assert aliases_match_ledger(clone, model)
    rows = state(clone, model).rows
    assert [row.act for row in rows] == ["intent", "promote"] * ROUNDS
    assert [row.replaced for row in rows if row.act == "promote"] == [None, *map(str, range(1, ROUNDS))]
