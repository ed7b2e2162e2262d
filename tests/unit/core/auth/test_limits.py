import pytest

from wenshu.core.auth.limits import RateLimiter
from wenshu.kit.errors import RateLimited


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


def test_a_bucket_empties_and_fills_evenly():
    clock = Clock()
    limiter = RateLimiter("60/minute", clock=clock)
    for _ in range(60):
        limiter.admit("chat", "t1")
    with pytest.raises(RateLimited) as caught:
        limiter.admit("chat", "t1")
    assert caught.value.retry_after == 1
    clock.now += 1
    limiter.admit("chat", "t1")
    with pytest.raises(RateLimited):
        limiter.admit("chat", "t1")


def test_tenants_and_families_do_not_share():
    limiter = RateLimiter("1/hour", clock=Clock())
    limiter.admit("chat", "t1")
    limiter.admit("chat", "t2")
    limiter.admit("library", "t1")
    with pytest.raises(RateLimited) as caught:
        limiter.admit("chat", "t1")
    assert caught.value.retry_after == 3600


def test_a_family_may_have_a_limit_of_its_own():
    limiter = RateLimiter("1/hour", {"forms": "2/minute"}, clock=Clock())
    limiter.admit("chat", "t1")
    for _ in range(2):
        limiter.admit("forms", "t1")
    with pytest.raises(RateLimited) as caught:
        limiter.admit("forms", "t1")
    assert caught.value.retry_after == 30
