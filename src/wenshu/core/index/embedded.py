"""The embedded index: SQLite's FTS5 over our own terms, in the same file and transaction as everything else.

Each term is stored behind the number of its tenant and collection (``12x铁路``), so a query walks its own tenant's
lists only. Those numbers are for speed; what keeps a scope is the condition on the passages' own columns.
"""

from collections import Counter
from collections.abc import Collection as Several
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from itertools import islice
from typing import Any, Literal, TypeVar

import numpy as np
import orjson
from sqlalchemy import ColumnElement, Row, Select, and_, bindparam, delete, func, insert, literal, select, true
from sqlalchemy.dialects.sqlite import insert as upsert

from wenshu.core.database.engine import Transaction
from wenshu.core.database.scope import EVERYTHING, Scope
from wenshu.core.index.filter_printers import to_sql
from wenshu.core.index.port import (
    MAX_QUERY_TERMS,
    Collection,
    Entry,
    Found,
    Item,
    Near,
    Passages,
    Place,
    Query,
    Statistics,
)
from wenshu.core.index.tables import passage_owners, passage_terms, passage_vectors, passages
from wenshu.core.index.vectors import Owner, Vectors

MOST_VECTOR_BYTES = 512 * 1024 * 1024


class EmbeddedIndex:
    """The ``Index`` of one process on SQLite: the database itself."""

    kind: Literal["embedded"] = "embedded"
    in_database: Literal[True] = True

    def __init__(self, most_vector_bytes: int = MOST_VECTOR_BYTES) -> None:
        self._vectors = Vectors(most_vector_bytes)

    def within(self, tx: Transaction | None) -> Passages:
        """See ``Index.within``."""
        if tx is None:
            raise TypeError("the embedded index lives in the database's transactions")
        return SqlitePassages(tx, self._vectors)

    async def settle(self) -> None:
        """See ``Index.settle``: nothing is left to do."""

    async def check(self) -> None:
        """See ``Index.check``: the database's own check is this one's."""

    async def close(self) -> None:
        """See ``Index.close``."""
        self._vectors.close()


class SqlitePassages:
    """Passages in SQLite, as one transaction sees and changes them."""

    def __init__(self, tx: Transaction, vectors: Vectors) -> None:
        self._tx = tx
        self._vectors = vectors

    async def put(self, scope: Scope, items: Sequence[Item]) -> None:
        """See ``Passages.put``."""
        tx = self._tx
        numbers: dict[Collection, tuple[int, int]] = {}
        added: Counter[Collection] = Counter(item.entry.collection for item in items)
        for collection in added:
            await _count(tx, scope.stamp() | {"collection": collection}, added[collection])
            tenant, owner, _ = await _owner(tx, scope, collection)
            numbers[collection] = tenant, owner
        last = select(func.coalesce(func.max(passages.c.id), 0)).where(EVERYTHING.sees(passages))
        for batch in _batches(enumerate(items, await tx.value(last) + 1)):
            await tx.run(insert(passages), [_passage(scope, key, item.entry) for key, item in batch])
            for collection, (tenant, owner) in numbers.items():
                rows = [{"key": key, "words": item.terms} for key, item in batch if item.entry.collection == collection]
                if rows:
                    await tx.run(_insert_terms(tenant, owner), rows)
            vectors = [_vector(scope, key, item) for key, item in batch if item.vector is not None]
            if vectors:
                await tx.run(insert(passage_vectors), vectors)

    async def remove(self, scope: Scope, collection: Collection, generations: Several[int]) -> None:
        """See ``Passages.remove``."""
        for batch in _batches(generations):
            await _remove(self._tx, scope, collection, passages.c.generation.in_(batch))

    async def clear(self, scope: Scope, collection: Collection, before: int | None = None) -> None:
        """See ``Passages.clear``."""
        await _remove(self._tx, scope, collection, true() if before is None else passages.c.generation < before)

    async def find(self, scope: Scope, query: Query) -> Found:
        """See ``Passages.find``. By FTS5's bm25, the most frequent terms passed over where others are enough."""
        tx = self._tx
        tenant, owner, size = await _owner(tx, scope, query.collection)
        wanted = list(dict.fromkeys(query.terms))[:MAX_QUERY_TERMS]
        if not size or not wanted:
            return Found((), Statistics(size, {}))
        within = "" if scope.org is None else f'owner : "{owner}" AND '
        counts = await tx.all(_counts([f"{within}terms : {_quoted(tenant, term)}" for term in wanted]))
        holding = dict(zip(wanted, (row[0] for row in counts), strict=True))
        chosen = " OR ".join(_quoted(tenant, term) for term in _affordable(holding))
        if not chosen:
            return Found((), Statistics(size, holding))
        rows = await tx.all(_candidates(scope, query, f"{within}terms : ({chosen})"))
        return Found([_entry(row) for row in rows], Statistics(size, holding), await self._cosines(scope, query, rows))

    async def near(self, scope: Scope, query: Query) -> Sequence[Near]:
        """See ``Passages.near``. Exact; a filter is tried on the nearest few before all that it lets through."""
        if query.vector is None:
            return ()
        owners = await _owners(self._tx, scope, query.collection)
        narrowed = query.filter is not None or bool(query.without)
        count = max(8 * query.limit, _BATCH) if narrowed else query.limit
        best = await self._vectors.nearest(self._tx, owners, query.vector, count)
        found = await self._entries(scope, query, best)
        if narrowed and len(found) < query.limit and len(best) == count:
            among = await self._tx.all(select(passages.c.id).where(scope.sees(passages), _wanted(query)))
            keys = [row.id for row in among]
            best = await self._vectors.nearest(self._tx, owners, query.vector, query.limit, keys)
            found = await self._entries(scope, query, best)
        return found[: query.limit]

    async def pieces(self, scope: Scope, collection: Collection, generation: int, ordinals: range) -> Sequence[Entry]:
        """See ``Passages.pieces``."""
        of_generation = passages.c.collection == collection, passages.c.generation == generation, scope.sees(passages)
        between = passages.c.ordinal.between(ordinals.start, ordinals.stop - 1)
        rows = await self._tx.all(select(*_ENTRY).where(*of_generation, between).order_by(passages.c.ordinal))
        return [_entry(row) for row in rows]

    async def _cosines(self, scope: Scope, query: Query, rows: Sequence[Row[Any]]) -> dict[Place, float]:
        if query.vector is None or not rows:
            return {}
        asked = np.frombuffer(query.vector, "<f4")
        columns, keys = passage_vectors.c, {row.id: row for row in rows}
        cosines: dict[Place, float] = {}
        for batch in _batches(keys):
            wanted = columns.id.in_(batch), scope.sees(passage_vectors)
            for found in await self._tx.all(select(columns.id, columns.vector).where(*wanted)):
                if len(found.vector) == len(query.vector):
                    row = keys[found.id]
                    cosine = float(np.frombuffer(found.vector, "<f4") @ asked)
                    cosines[Place(row.generation, row.ordinal)] = min(1.0, max(-1.0, cosine))
        return cosines

    async def _entries(self, scope: Scope, query: Query, best: Sequence[tuple[int, float]]) -> list[Near]:
        entries: dict[int, Entry] = {}
        for batch in _batches([key for key, _ in best]):
            these = passages.c.id.in_(batch), scope.sees(passages), _wanted(query)
            wanted = select(*_ENTRY, passages.c.id).where(*these)
            entries |= {row.id: _entry(row) for row in await self._tx.all(wanted)}
        return [Near(entries[key], cosine) for key, cosine in best if key in entries]


_BATCH = 500
_MOST_POSTINGS = 10_000
_LEAST_TERMS = 4
_MATCHES = passage_terms.c.passage_terms
_NAMES = tuple(field.name for field in fields(Entry))
_ENTRY = [passages.c[name] for name in _NAMES]
_OWNER = {"tenant_code": passages.c.tenant_code, "org_code": passages.c.org_code}
_FIELDS: Mapping[Collection, Mapping[str, ColumnElement[Any]]] = {
    "DOC": {
        **_OWNER,
        "doc_name": passages.c.name,
        "doc_url": passages.c.source,
        "chunk_index": passages.c.ordinal,
        "content": passages.c.body,
    },
    "QA": {
        **_OWNER,
        "question": passages.c.title,
        "answer": passages.c.body,
        "source": passages.c.source,
    },
}
_Item = TypeVar("_Item")


def _batches(items: Iterable[_Item]) -> Iterator[list[_Item]]:
    """SQLite binds a limited number of values in one statement."""
    left = iter(items)
    while batch := list(islice(left, _BATCH)):
        yield batch


def _entry(row: Row[Any]) -> Entry:
    return Entry(**dict(zip(_NAMES, row, strict=False)))


def _passage(scope: Scope, key: int, entry: Entry) -> dict[str, Any]:
    return {"id": key, **scope.stamp(), **{name: getattr(entry, name) for name in _NAMES}}


def _insert_terms(tenant: int, owner: int) -> Any:  # noqa: ANN401 (SQLAlchemy's own type of an insert)
    """The number is put before each term by SQLite, which has its own thread, rather than by us in the event loop."""
    marked = func.replace(bindparam("words"), " ", f" {tenant}x")
    return insert(passage_terms).values(rowid=bindparam("key"), owner=literal(str(owner)), terms=marked)


def _vector(scope: Scope, key: int, item: Item) -> dict[str, Any]:
    entry = item.entry
    owner = {**scope.stamp(), "collection": entry.collection, "generation": entry.generation}
    return {"id": key, **owner, "vector": item.vector}


def _quoted(tenant: int, term: str) -> str:
    """The term as FTS5 reads it. A lone Chinese character stands for every term that begins with it (``zh.tokens``)."""
    plain = term.replace('"', "")  # no term of ours has one; a stray one must not end the string
    return f'"{tenant}x{plain}"' + (" *" if len(plain) == 1 and not plain.isascii() else "")


def _counts(matches: Sequence[str]) -> Select[Any]:
    """How many passages each expression matches, in order; one shape of statement, so SQLAlchemy compiles it once."""
    each = func.json_each(orjson.dumps(matches).decode()).table_valued("value")
    count = select(func.count()).select_from(passage_terms).where(_MATCHES.match(each.c.value)).correlate(each)
    return select(count.scalar_subquery()).select_from(each)


def _wanted(query: Query) -> ColumnElement[bool]:
    narrowed = true() if query.filter is None else to_sql(query.filter, _FIELDS[query.collection])
    others = passages.c.generation.not_in(query.without) if query.without else true()
    return and_(passages.c.collection == query.collection, narrowed, others)


def _candidates(scope: Scope, query: Query, match: str) -> Select[Any]:
    return (
        select(*_ENTRY, passages.c.id)
        .select_from(passage_terms.join(passages, passages.c.id == passage_terms.c.rowid))
        .where(_MATCHES.match(match), scope.sees(passages), _wanted(query))
        .order_by(passage_terms.c.rank)
        .limit(query.limit)
    )


def _affordable(holding: Mapping[str, int]) -> list[str]:
    """The terms worth walking, rarest first: frequent ones cost the most time and tell the least."""
    chosen: list[str] = []
    postings = 0
    for term, count in sorted(holding.items(), key=lambda item: item[1]):
        if not count:
            continue
        postings += count
        if postings > _MOST_POSTINGS and len(chosen) >= _LEAST_TERMS:
            break
        chosen.append(term)
    return chosen


async def _owner(tx: Transaction, scope: Scope, collection: Collection) -> tuple[int, int, int]:
    """The number of the scope's tenant in the collection, the scope's own, and its passages; 0 where there are none."""
    columns, org = passage_owners.c, scope.org or ""
    row = await tx.first(
        select(
            func.max(columns.id).filter(columns.org_code == "").label("tenant"),
            func.max(columns.id).filter(columns.org_code == org).label("owner"),
            func.sum(columns.passages).filter(scope.sees(passage_owners)).label("passages"),
        ).where(columns.collection == collection, Scope(scope.tenant).sees(passage_owners))
    )
    return (row.tenant or 0, row.owner or 0, row.passages or 0) if row else (0, 0, 0)


async def _owners(tx: Transaction, scope: Scope, collection: Collection) -> list[Owner]:
    """Those of the scope that have passages."""
    columns = passage_owners.c
    wanted = columns.collection == collection, scope.sees(passage_owners), columns.passages > 0
    rows = await tx.all(select(columns.id, columns.tenant_code, columns.org_code, columns.version).where(*wanted))
    return [Owner(row.id, Scope(row.tenant_code, row.org_code), collection, row.version) for row in rows]


async def _count(tx: Transaction, owner: dict[str, Any], added: int) -> None:
    """Add to the owner's count of passages; make its row, and its tenant's, where they are new."""
    for row in {**owner, "passages": 0, "org_code": ""}, {**owner, "passages": added}:
        insertion = upsert(passage_owners).values(row)
        changed = {
            "passages": passage_owners.c.passages + insertion.excluded.passages,
            "version": passage_owners.c.version + 1,
        }
        await tx.run(
            insertion.on_conflict_do_update(index_elements=["tenant_code", "org_code", "collection"], set_=changed)
        )


async def _remove(tx: Transaction, scope: Scope, collection: Collection, condition: ColumnElement[bool]) -> None:
    doomed = passages.c.collection == collection, scope.sees(passages), condition
    owners = passages.c.tenant_code, passages.c.org_code
    for row in await tx.all(select(*owners, func.count().label("held")).where(*doomed).group_by(*owners)):
        owner = {"tenant_code": row.tenant_code, "org_code": row.org_code, "collection": collection}
        await _count(tx, owner, -row.held)
    keys = select(passages.c.id).where(*doomed)
    await tx.run(delete(passage_terms).where(passage_terms.c.rowid.in_(keys)))
    await tx.run(delete(passage_vectors).where(passage_vectors.c.id.in_(keys), scope.sees(passage_vectors)))
    await tx.run(delete(passages).where(*doomed))
