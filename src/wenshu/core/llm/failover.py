"""Failover: of several models the first that answers, past those that failed again and again."""

import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wenshu.core.llm.errors import ModelUnavailable
from wenshu.core.llm.port import Piece, Relay

_ITS_CALLERS = {400, 413, 422}
"""Refusals that are about the request: the same one would be refused elsewhere, and says nothing of the model."""


class Breaker:
    """Open after ``failures`` in a row: nothing is asked for ``seconds``, then one call at a time tries.

    One that works closes it again.
    """

    def __init__(self, failures: int = 5, seconds: float = 30, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = failures
        self._seconds = seconds
        self._clock = clock
        self._failures = 0
        self._open_until = 0.0

    @property
    def is_open(self) -> bool:
        """Whether calls are not let through just now."""
        return self._failures >= self._most and self._clock() < self._open_until

    def enter(self) -> bool:
        """Whether a call may be made. Where that is a try, the next one waits until it has come to something."""
        if self.is_open:
            return False
        if self._failures >= self._most:
            self._open_until = self._clock() + self._seconds
        return True

    def worked(self) -> None:
        """A call was answered."""
        self._failures = 0

    def failed(self) -> None:
        """A call was not."""
        self._failures += 1
        if self._failures >= self._most:
            self._open_until = self._clock() + self._seconds


@dataclass(frozen=True, slots=True)
class Guarded:
    """A model and its breaker."""

    relay: Relay
    breaker: Breaker


@dataclass(frozen=True, slots=True)
class Begun:
    """An answer that has begun, and is the caller's to close: read to its end or not, or never."""

    model: str
    pieces: AsyncGenerator[Piece]
    upstream: AsyncGenerator[Piece]

    async def close(self) -> None:
        """Have the upstream's work cancelled where it is still at it."""
        await self.pieces.aclose()
        await self.upstream.aclose()  # a generator that was never begun does not close what it was made of


async def begin(models: Sequence[Guarded], request: Mapping[str, Any]) -> Begun:
    """The answer of the first model that begins one.

    Raises the last model's ``ModelUnavailable`` where none does, at once where the request itself was refused. Once a
    piece has come nothing is tried elsewhere.
    """
    last = ModelUnavailable("resting")
    for model in models:
        if not model.breaker.enter():
            continue
        pieces = model.relay.ask(request)
        try:
            first = await anext(pieces, None)
        except ModelUnavailable as error:
            if error.status in _ITS_CALLERS:
                model.breaker.worked()
                raise
            model.breaker.failed()
            last = error
            continue
        except BaseException:
            await pieces.aclose()
            raise
        return Begun(model.relay.name, _whole(model, first, pieces), pieces)
    raise last


async def _whole(model: Guarded, first: Piece | None, rest: AsyncGenerator[Piece]) -> AsyncGenerator[Piece]:
    try:
        if first is not None:
            yield first
        async for piece in rest:
            yield piece
    except ModelUnavailable:
        model.breaker.failed()
        raise
    model.breaker.worked()
