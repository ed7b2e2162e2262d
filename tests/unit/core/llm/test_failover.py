from collections.abc import AsyncGenerator, Mapping
from typing import Any

import pytest

from wenshu.core.llm.errors import ModelUnavailable
from wenshu.core.llm.failover import Breaker, Guarded, begin
from wenshu.core.llm.port import Piece, Relay


class Scripted(Relay):
    """Pieces, or a failure before or after them; real in all but the network."""

    def __init__(self, name: str, *said: str, fails: ModelUnavailable | None = None) -> None:
        self._name = name
        self.said = said
        self.fails = fails
        self.asked = 0
        self.closed = 0

    @property
    def name(self) -> str:
        return self._name

    async def ask(self, request: Mapping[str, Any]) -> AsyncGenerator[Piece]:
        assert request == {}
        self.asked += 1
        try:
            for text in self.said:
                yield Piece(text=text)
            if self.fails is not None:
                raise self.fails
        finally:
            self.closed += 1

    async def close(self) -> None:
        """Nothing is open."""


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def guarded(relay: Relay, clock: Clock | None = None, failures: int = 2) -> Guarded:
    return Guarded(relay, Breaker(failures, 10, clock or Clock()))


async def said(models: list[Guarded]) -> tuple[str, str]:
    begun = await begin(models, {})
    return begun.model, "".join([piece.text async for piece in begun.pieces])


BUSY = ModelUnavailable("rate_limited", status=429)


async def test_the_first_that_begins_answers() -> None:
    first, second, third = Scripted("1", fails=BUSY), Scripted("2", "好", "的"), Scripted("3", "不")
    assert await said([guarded(first), guarded(second), guarded(third)]) == ("2", "好的")
    assert (first.closed, second.closed, third.asked) == (1, 1, 0)


async def test_the_last_failure_is_told() -> None:
    with pytest.raises(ModelUnavailable) as caught:
        await begin([guarded(Scripted("1", fails=BUSY)), guarded(Scripted("2", fails=ModelUnavailable("connect")))], {})
    assert caught.value.reason == "connect"


@pytest.mark.parametrize("status", [400, 413, 422])
async def test_a_request_that_is_refused_is_not_asked_elsewhere(status: int) -> None:
    other = Scripted("2", "好")
    model = guarded(Scripted("1", fails=ModelUnavailable("rejected", status=status)), failures=1)
    with pytest.raises(ModelUnavailable):
        await begin([model, guarded(other)], {})
    assert other.asked == 0
    assert not model.breaker.is_open


async def test_once_begun_nothing_is_tried_elsewhere() -> None:
    other = Scripted("2", "好")
    begun = await begin([guarded(Scripted("1", "一", fails=ModelUnavailable("cut"))), guarded(other)], {})
    with pytest.raises(ModelUnavailable):
        _ = [piece async for piece in begun.pieces]
    assert other.asked == 0


async def test_an_empty_answer_is_an_answer() -> None:
    assert await said([guarded(Scripted("1"))]) == ("1", "")


async def test_an_answer_that_nobody_reads_is_let_go() -> None:
    relay = Scripted("1", "一", "二")
    begun = await begin([guarded(relay)], {})
    await begun.close()
    assert relay.closed == 1


async def test_a_model_rests_and_is_tried_once() -> None:
    clock, relay = Clock(), Scripted("1", fails=BUSY)
    model = guarded(relay, clock)
    for _ in range(3):
        with pytest.raises(ModelUnavailable):
            await begin([model], {})
    assert relay.asked == 2
    clock.now = 10
    relay.said, relay.fails = ("好",), None
    begun = await begin([model], {})
    with pytest.raises(ModelUnavailable) as caught:
        await begin([model], {})  # while the try is under way
    assert caught.value.reason == "resting"
    assert [piece.text async for piece in begun.pieces] == ["好"]
    assert await said([model]) == ("1", "好")
