"""Run an import: its documents in small batches, each document and the mark that it is done in one transaction."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import structlog
from sqlalchemy import Row, func, select, update

from wenshu.core.database.engine import Transaction
from wenshu.core.database.scope import Scope
from wenshu.core.jobs.kinds import Kinds
from wenshu.core.jobs.running import RunningJob
from wenshu.core.storage.files import StoredFile
from wenshu.kit import clock
from wenshu.kit.errors import InternalError, NotFound, WenshuError
from wenshu.services.assistant.imports.accept import KIND
from wenshu.services.assistant.imports.tables import ItemState, items
from wenshu.services.assistant.material import parsed, source_at, source_of
from wenshu.services.assistant.parts import Assistant

log = structlog.get_logger()
_BATCH = 16
"""Documents a step: a crash sets an import back by the few that were in work, a step costs some milliseconds."""


def register(kinds: Kinds, parts: Assistant) -> None:
    """Have imports run."""
    kinds.register(KIND, partial(run, parts))


async def run(parts: Assistant, job: RunningJob) -> dict[str, int]:
    """Import what is still pending; how many were added, skipped and could not be."""
    tally = await counts(parts, job.scope, job.id)
    for start in range(0, job.payload["total"], _BATCH):
        await job.step(f"documents {start}", partial(_Batch(parts, job, tally, start).run))
    return {state.value: tally[state] for state in (ItemState.ADDED, ItemState.SKIPPED, ItemState.FAILED)}


async def counts(parts: Assistant, scope: Scope, import_id: str) -> Counter[ItemState]:
    """How many documents of the import stand where."""
    counted = select(items.c.state, func.count().label("number")).where(items.c.import_id == import_id)
    async with parts.database.read(scope) as tx:
        rows = await tx.all(counted.where(scope.sees(items)).group_by(items.c.state))
    return Counter({ItemState(row.state): row.number for row in rows})


@dataclass(slots=True)
class _Batch:
    """One step: the documents from position ``start`` on that are still pending."""

    parts: Assistant
    job: RunningJob
    tally: Counter[ItemState]
    start: int
    known: dict[str, str] = field(default_factory=dict[str, str])
    """Name → digest of what stands in the library."""
    files: dict[str, StoredFile] = field(default_factory=dict[str, StoredFile])

    async def run(self) -> None:
        """Several at a time, as many as are parsed at once."""
        waiting = await self._pending()
        if not self.job.payload["force"]:
            self.known = await self.parts.ingest.digests(self.job.scope, [item.doc_name for item in waiting])
        ids = [self.parts.files.links.kept_id(item.doc_url) for item in waiting]
        self.files = await self.parts.files.find_many([file_id for file_id in ids if file_id])
        waiting = await self._skip_unchanged(waiting)
        queue = iter(waiting)
        lanes = [self._lane(queue) for _ in range(self.parts.settings.documents.workers)]
        for outcome in await asyncio.gather(*lanes, return_exceptions=True):
            if outcome is not None:
                raise outcome

    async def _lane(self, queue: Iterator[Row[Any]]) -> None:
        for item in queue:
            self.job.check()
            await self._say(item.doc_name)
            await self._import(item)

    async def _pending(self) -> list[Row[Any]]:
        scope, last = self.job.scope, self.start + _BATCH
        mine = (items.c.import_id == self.job.id, items.c.position >= self.start, items.c.position < last)
        pending = (*mine, items.c.state == ItemState.PENDING.value, scope.sees(items))
        async with self.parts.database.read(scope) as tx:
            return list(await tx.all(select(items).where(*pending).order_by(items.c.position)))

    async def _skip_unchanged(self, waiting: list[Row[Any]]) -> list[Row[Any]]:
        """Mark the files of ours whose bytes the library has already; the others."""
        same = {item.id for item in waiting if self._is_known(item.doc_name, self._file_of(item))}
        if same:
            scope = self.job.scope
            async with self.parts.database.write(scope) as tx:
                skipped = update(items).where(items.c.id.in_(same), scope.sees(items))
                await tx.run(skipped.values(state=ItemState.SKIPPED.value, finished_at=clock.now()))
            self._count(ItemState.SKIPPED, len(same))
            await self._say("")
        return [item for item in waiting if item.id not in same]

    async def _import(self, item: Row[Any]) -> None:
        """One document, to its end; only what is not its own fault is raised."""
        try:
            state = await self._read_and_store(item)
        except WenshuError as error:
            if error.transient:
                raise
            await self._mark(item, ItemState.FAILED, error.message)
            state = ItemState.FAILED
        except Exception:
            log.exception("document not imported", position=item.position)
            await self._mark(item, ItemState.FAILED, InternalError().message)
            state = ItemState.FAILED
        self._count(state)
        await self._say(item.doc_name)

    async def _read_and_store(self, item: Row[Any]) -> ItemState:
        parts, scope, file = self.parts, self.job.scope, self._file_of(item)
        if file is None and parts.files.links.is_canonical(item.doc_url):
            raise NotFound("文件不存在")
        opened = (
            source_at(parts, scope, item.doc_url, item.doc_name)
            if file is None
            else source_of(parts, file, item.doc_name)
        )
        async with opened as source:
            if source.digest == self.known.get(item.doc_name):
                await self._mark(item, ItemState.SKIPPED)
                return ItemState.SKIPPED
            document = await parsed(parts, source)
        done = partial(_write, scope=scope, key=item.id, state=ItemState.ADDED, reason=None)
        await parts.ingest.replace_document(scope, item.doc_name, source.url, document, digest=source.digest, also=done)
        return ItemState.ADDED

    def _file_of(self, item: Row[Any]) -> StoredFile | None:
        return self.files.get(self.parts.files.links.kept_id(item.doc_url) or "")

    def _is_known(self, name: str, file: StoredFile | None) -> bool:
        return file is not None and file.sha256 == self.known.get(name)

    async def _mark(self, item: Row[Any], state: ItemState, reason: str | None = None) -> None:
        async with self.parts.database.write(self.job.scope) as tx:
            await _write(tx, scope=self.job.scope, key=item.id, state=state, reason=reason)

    def _count(self, state: ItemState, count: int = 1) -> None:
        self.tally[ItemState.PENDING] -= count
        self.tally[state] += count

    async def _say(self, current: str) -> None:
        total = self.job.payload["total"]
        told = {state.value: self.tally[state] for state in (ItemState.ADDED, ItemState.SKIPPED, ItemState.FAILED)}
        await self.job.progress(total - self.tally[ItemState.PENDING], total, current, **told)


async def _write(tx: Transaction, *, scope: Scope, key: int, state: ItemState, reason: str | None) -> None:
    mark = update(items).where(items.c.id == key, scope.sees(items))
    await tx.run(mark.values(state=state.value, reason=reason, finished_at=clock.now()))
