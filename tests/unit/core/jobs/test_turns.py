from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from wenshu.core.jobs.turns import Turns


def test_fewest_running_goes_first():
    assert Turns(3).next({"a", "b"}, Counter(a=2, b=1)) == "b"


def test_who_has_its_share_waits():
    turns = Turns(2)
    assert turns.next({"a"}, Counter(a=2)) is None
    assert turns.next({"a", "b"}, Counter(a=1, b=2)) == "a"


def test_nobody_waits():
    assert Turns(2).next(set(), Counter()) is None


def test_equals_take_turns():
    turns = Turns(1)
    served = []
    for _ in range(6):
        tenant = turns.next({"a", "b", "c"}, Counter())
        turns.serve(tenant)
        served.append(tenant)
    assert served == ["a", "b", "c"] * 2


@given(
    waiting=st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 60), min_size=2),
    places=st.integers(1, 4),
    most=st.integers(1, 3),
)
def test_nobody_is_served_twice_while_another_who_may_waits(waiting, places, most):
    """Jobs that are over at once, in rounds: a tenant with one job gets it into the first round that has place."""
    turns, rounds = Turns(most), []
    left = Counter(waiting)
    while +left:
        running = Counter()
        for _ in range(places):
            tenant = turns.next(set(+left), running)
            if tenant is None:
                break
            turns.serve(tenant)
            left[tenant] -= 1
            running[tenant] += 1
        rounds.append(running)
        assert max(running.values()) <= most
    first = len(waiting) // places + (len(waiting) % places > 0)
    assert set(sum(rounds[:first], Counter())) == set(waiting)
