"""The hub: one in a process, it tells every follower of a subject what happened, the past first."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from wenshu.core.database.engine import Database, Transaction
from wenshu.core.database.notices import Notices
from wenshu.core.database.scope import EVERYTHING, Scope
from wenshu.core.jobs import events
from wenshu.core.jobs.events import ProgressEvent
from wenshu.kit.errors import Unavailable

_KEPT = 500
_WORD = "progress"


class _Topic:
    """What a process remembers of a subject while somebody follows it: the last events, without a gap."""

    def __init__(self) -> None:
        self.followers = 0
        self.changed = asyncio.Event()
        self.reading = asyncio.Lock()
        self._newest = 0
        self._is_whole = False
        self._tail: deque[ProgressEvent] = deque(maxlen=_KEPT)

    def keep(self, found: Sequence[ProgressEvent]) -> None:
        for event in found:
            self._newest = max(self._newest, event.number)
            last = self._tail[-1].number if self._tail else 0
            if self._tail and event.number > last + 1:
                self._tail.clear()
            if not self._tail or event.number > last:
                self._tail.append(event)

    def after(self, number: int) -> list[ProgressEvent]:
        """The remembered events after this one; none where there is a gap between."""
        if not self._tail or self._tail[0].number > number + 1:
            return []
        return [event for event in self._tail if event.number > number]

    def read_to_the_end(self) -> None:
        """The database has nothing more; from here on each event is told."""
        self._is_whole = True

    def has_nothing(self, after: int) -> bool:
        """Whether it is certain, without asking the database, that no event comes after this one yet."""
        return self._is_whole and after >= self._newest

    def hear(self, number: int | None) -> None:
        """Another process appended the event of this number; None: any may have been."""
        if number is None:
            self._is_whole = False
        else:
            self._newest = max(self._newest, number)
        self.tell()

    def tell(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()


class Hub:
    """Appends events and lets them be followed; a slow follower holds nobody up, as each reads at its own pace."""

    def __init__(self, database: Database, notices: Notices) -> None:
        self._database = database
        self._topics: dict[str, _Topic] = {}
        self._closed = False
        notices.listen(_WORD, self._hear)

    async def append(
        self,
        tx: Transaction,
        scope: Scope,
        subject: str,
        data: Mapping[str, Any],
        *,
        is_final: bool = False,
        is_held: bool = False,
    ) -> None:
        """Write the subject's next event in the caller's transaction; followers learn of it once that is committed.

        ``is_held``: the transaction has changed the subject's own row, so nobody else appends meanwhile.
        """
        if not is_held:
            await tx.lock("progress", subject)
        event = await events.append(tx, scope, subject, data, is_final=is_final)
        tx.notify(f"{_WORD} {subject} {event.number}")
        tx.after_commit(partial(self._tell, subject, event))

    async def follow(self, subject: str, after: int = 0) -> AsyncGenerator[ProgressEvent]:
        """The events after number ``after``: those of the past, then each as it comes, to the final one.

        Whoever has seen the final one gets it once more, and so learns that it was that. The caller sees to it that the
        subject may be followed. Raises Unavailable where the server stops.
        """
        with self._entered(subject) as topic:
            after = await self._start(subject, after) if after else 0
            ends = False
            while not self._closed:
                changed = topic.changed
                found = await self._next(topic, subject, after)
                for event in found:
                    after, ends = event.number, event.is_final
                    yield event
                if not found and ends:
                    return
                if not found:
                    await changed.wait()
        raise Unavailable("服务正在停止，请稍后续接")

    def close(self) -> None:
        """End every follower: a stop does not wait for them."""
        self._closed = True
        for topic in self._topics.values():
            topic.tell()

    @contextmanager
    def _entered(self, subject: str) -> Generator[_Topic]:
        topic = self._topics.setdefault(subject, _Topic())
        topic.followers += 1
        try:
            yield topic
        finally:
            topic.followers -= 1
            if not topic.followers:
                self._topics.pop(subject, None)

    def _tell(self, subject: str, event: ProgressEvent) -> None:
        topic = self._topics.get(subject)
        if topic is not None:
            topic.keep([event])
            topic.tell()

    def _hear(self, said: str) -> None:
        subject, _, number = said.partition(" ")
        if not subject:
            for topic in self._topics.values():
                topic.hear(None)
        elif subject in self._topics:
            self._topics[subject].hear(int(number))

    async def _next(self, topic: _Topic, subject: str, after: int) -> list[ProgressEvent]:
        found = topic.after(after)
        if found or topic.has_nothing(after):
            return found
        # One reading serves all who wait for the same events.
        async with topic.reading:
            found = topic.after(after)
            if found or topic.has_nothing(after):
                return found
            async with self._database.read(EVERYTHING) as tx:
                found = await events.past(tx, EVERYTHING, subject, after)
            topic.keep(found)
            if not found:
                topic.read_to_the_end()
        return found

    async def _start(self, subject: str, after: int) -> int:
        """Where to begin for whoever has seen event ``after``, be it one that never was."""
        async with self._database.read(EVERYTHING) as tx:
            found = await events.newest(tx, EVERYTHING, subject, 1)
        last = found[0].number - found[0].is_final if found else 0
        return min(after, last)
