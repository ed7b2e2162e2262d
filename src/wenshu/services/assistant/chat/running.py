"""Answers that are being given: they go on when their reader leaves, and can be followed from any event on."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from typing import Any, TypeVar

import structlog

from wenshu.kit.errors import InternalError, Unavailable, WenshuError
from wenshu.web.dialect import StreamEvent

log = structlog.get_logger()
_KEEP_SECONDS = 600.0
_KEEP_MOST = 1000
_Result = TypeVar("_Result")


class RunningTurn:
    """The events of one answer so far, numbered from 1."""

    def __init__(self, stream_id: str) -> None:
        self.stream_id = stream_id
        self.ended_at: float | None = None
        self._events: list[StreamEvent] = []
        self._changed = asyncio.Event()
        self._stop = asyncio.Event()

    @property
    def cut_short(self) -> bool:
        """Whether it ended for a passing reason, so that the whole answer may stand in the database by now."""
        return self.ended_at is not None and isinstance(self._events[-1].data, Unavailable)

    def say(self, data: Mapping[str, Any] | WenshuError, *, last: bool = False) -> None:
        """Append an event; an error is always the last one."""
        if self.ended_at is not None:
            return
        self._events.append(StreamEvent(len(self._events) + 1, data))
        if last or isinstance(data, WenshuError):
            self.ended_at = time.monotonic()
        self._changed.set()
        self._changed = asyncio.Event()

    async def follow(self, after: int = 0) -> AsyncIterator[StreamEvent]:
        """The events after number ``after``, as they come, to the last one; a reader further on gets that last one."""
        position = max(after, 0)
        while True:
            if self.ended_at is not None:
                position = min(position, len(self._events) - 1)
            while position < len(self._events):
                yield self._events[position]
                position += 1
            if self.ended_at is not None:
                return
            await self._changed.wait()

    async def result(self) -> Mapping[str, Any]:
        """The last event's data. Raises the error that ended the answer."""
        last: StreamEvent | None = None
        async for event in self.follow():
            last = event
        if last is None:
            raise InternalError
        if isinstance(last.data, WenshuError):
            raise last.data
        return last.data

    def stop(self) -> None:
        """Ask the answer to end now; nothing happens to one that has ended."""
        self._stop.set()

    async def ended(self) -> None:
        """Wait for the last event."""
        while self.ended_at is None:
            await self._changed.wait()

    async def unless_stopped(self, work: Coroutine[Any, Any, _Result]) -> _Result | None:
        """The work's result, or None where a stop came first: then the work is cancelled, and has cleaned up."""
        task = asyncio.ensure_future(work)
        stop = asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
        finally:
            stop.cancel()
            task.cancel()
            await asyncio.wait({task, stop})
        if not task.cancelled() and task.exception() is not None:
            log.warning("a stopped answer did not clean up", stream_id=self.stream_id, exc_info=task.exception())
        return None


class RunningTurns:
    """All answers of this process, the running ones and those that ended lately."""

    def __init__(self) -> None:
        self._turns: OrderedDict[str, RunningTurn] = OrderedDict()
        self._elsewhere: dict[str, RunningTurn] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.left_open: set[str] = set()
        """Streams whose answer the database did not take: to be given again once it is back."""

    def start(self, stream_id: str, answer: Callable[[RunningTurn], Awaitable[None]]) -> RunningTurn:
        """Begin an answer in a task of its own."""
        turn = self._turns[stream_id] = RunningTurn(stream_id)
        self._run(turn, answer)
        self._forget()
        return turn

    def watch(self, stream_id: str, answer: Callable[[RunningTurn], Awaitable[None]]) -> RunningTurn:
        """Follow an answer that another process gives; its readers here share one ``answer`` that looks for it."""
        turn = self._elsewhere.get(stream_id)
        if turn is None or turn.ended_at is not None:
            turn = self._elsewhere[stream_id] = RunningTurn(stream_id)
            self._run(turn, answer).add_done_callback(lambda _: self._unwatch(turn))
        return turn

    def _unwatch(self, turn: RunningTurn) -> None:
        if self._elsewhere.get(turn.stream_id) is turn:
            del self._elsewhere[turn.stream_id]

    def _run(self, turn: RunningTurn, answer: Callable[[RunningTurn], Awaitable[None]]) -> asyncio.Task[None]:
        task = asyncio.create_task(_guarded(turn, answer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def get(self, stream_id: str) -> RunningTurn | None:
        """The answer, while it is remembered."""
        return self._turns.get(stream_id)

    def open(self) -> list[RunningTurn]:
        """The answers that have not ended."""
        return [turn for turn in self._turns.values() if turn.ended_at is None]

    async def close(self, seconds: float) -> None:
        """Give the running answers this long to end; what is cut short then is answered again at the next start."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
        for task in list(self._tasks):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def _forget(self) -> None:
        now = time.monotonic()
        for stream_id, turn in list(self._turns.items()):
            old = turn.ended_at is not None and now - turn.ended_at > _KEEP_SECONDS
            if old or (turn.ended_at is not None and len(self._turns) > _KEEP_MOST):
                del self._turns[stream_id]


async def _guarded(turn: RunningTurn, answer: Callable[[RunningTurn], Awaitable[None]]) -> None:
    try:
        await answer(turn)
    except WenshuError as error:
        turn.say(error)
    except asyncio.CancelledError:
        turn.say(Unavailable("服务正在停止，答案将在重启后补全"))
        raise
    except Exception:
        # The task has no caller above it: the reader is told, the log has the trace.
        log.exception("answer failed", stream_id=turn.stream_id)
        turn.say(InternalError())
