import pytest
from sqlalchemy.exc import OperationalError

from wenshu.core.jobs.kinds import Kinds, Retries, is_transient
from wenshu.core.llm.errors import ModelUnavailable
from wenshu.kit.errors import FetchFailed, InvalidInput, RateLimited, Unavailable


def seconds(retries, failures, chance=0.5):
    return retries.delay(failures, lambda: chance).total_seconds()


def test_delays_are_the_given_ones_then_doubled_up_to_the_longest():
    retries = Retries(delays=(1, 5, 15, 60), longest=300)
    assert [seconds(retries, failures) for failures in range(1, 9)] == [1, 5, 15, 60, 120, 240, 300, 300]
    assert seconds(retries, 10**6) == 300


def test_delays_are_moved_by_a_fifth_at_most():
    assert seconds(Retries(delays=(10,)), 1, 0.0) == pytest.approx(8)
    assert seconds(Retries(delays=(10,)), 1, 0.999999) == pytest.approx(12, abs=0.001)
    assert {Retries().delay(4) for _ in range(20)} != {Retries().delay(4)}


@pytest.mark.parametrize(
    ("error", "transient"),
    [
        (Unavailable(), True),
        (ModelUnavailable("timeout"), True),
        (RateLimited(), True),
        (ConnectionResetError(), True),
        (TimeoutError(), True),
        (OperationalError("select", {}, Exception()), True),
        (InvalidInput(), False),
        (FetchFailed(), False),
        (ValueError(), False),
    ],
)
def test_what_may_pass(error, transient):
    assert is_transient(error) is transient


def test_a_kind_has_one_handler():
    kinds = Kinds()
    kinds.register("a", print)
    with pytest.raises(ValueError, match="two handlers"):
        kinds.register("a", print)
    assert list(kinds) == ["a"]


def test_a_kind_of_another_release_is_tried_again_the_usual_way():
    assert Kinds().retries("unknown") == Retries()
