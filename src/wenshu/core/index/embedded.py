"""The embedded index: SQLite's FTS5 over our own terms, in the same file and transaction as everything else.

Each term is stored behind the number of its tenant and collection (``12x铁路``), so a query walks its own tenant's
lists only. Those numbers are for speed; what keeps a scope is the condition on the passages' own columns.
"""

from collections import Counter
from collections.abc import Collection as Several
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from itertools import islice
from typing import Any, TypeVar

import orjson
from sqlalchemy import ColumnElement, Select, delete, func, insert, select, true
from sqlalchemy.dialects.sqlite import insert as upsert

from wenshu.core.database.engine import Transaction
from wenshu.core.database.scope import EVERYTHING, Scope
from wenshu.core.index.filter_printers import to_sql
from wenshu.core.index.port import MAX_QUERY_TERMS, Collection, Entry, Found, Query, Statistics
from wenshu.core.index.tables import passage_owners, passage_terms, passages
from wenshu.zh.tokens import terms


class EmbeddedIndex:
    """The ``Index`` of one process on SQLite."""

    async def put(self, tx: Transaction, scope: Scope, entries: Sequence[Entry]) -> None:
        """See ``Index.put``."""
        numbers: dict[Collection, tuple[int, int]] = {}
        added: Counter[Collection] = Counter(entry.collection for entry in entries)
        for collection in added:
            await _count(tx, scope.stamp() | {"collection": collection}, added[collection])
            tenant, owner, _ = await _owner(tx, scope, collection)
            numbers[collection] = tenant, owner
        last = select(func.coalesce(func.max(passages.c.id), 0)).where(EVERYTHING.sees(passages))
        for batch in _batches(enumerate(entries, await tx.value(last) + 1)):
            await tx.run(insert(passages), [_passage(scope, key, entry) for key, entry in batch])
            await tx.run(
                insert(passage_terms), [_terms(*numbers[entry.collection], key, entry) for key, entry in batch]
            )

    async def remove(self, tx: Transaction, scope: Scope, collection: Collection, owner_ids: Several[int]) -> int:
        """See ``Index.remove``."""
        return sum(
            [await _remove(tx, scope, collection, passages.c.owner_id.in_(batch)) for batch in _batches(owner_ids)]
        )

    async def clear(self, tx: Transaction, scope: Scope, collection: Collection) -> int:
        """See ``Index.clear``."""
        return await _remove(tx, scope, collection, true())

    async def find(self, tx: Transaction, scope: Scope, query: Query) -> Found:
        """See ``Index.find``. Ranked by FTS5's bm25, the most frequent terms passed over where others are enough."""
        tenant, owner, size = await _owner(tx, scope, query.collection)
        wanted = list(dict.fromkeys(query.terms))[:MAX_QUERY_TERMS]
        if not size or not wanted:
            return Found((), Statistics(size, {}))
        within = "" if scope.org is None else f'owner : "{owner}" AND '
        counts = await tx.all(_counts([f"{within}terms : {_quoted(tenant, term)}" for term in wanted]))
        holding = dict(zip(wanted, (row[0] for row in counts), strict=True))
        chosen = " OR ".join(_quoted(tenant, term) for term in _affordable(holding))
        entries: list[Entry] = []
        if chosen:
            candidates = await tx.all(_candidates(scope, query, f"{within}terms : ({chosen})"))
            entries = [Entry(**dict(zip(_NAMES, row, strict=True))) for row in candidates]
        return Found(entries, Statistics(size, holding))

    async def pieces(self, tx: Transaction, scope: Scope, owner_id: int, first: int, last: int) -> Sequence[Entry]:
        """See ``Index.pieces``."""
        of_document = passages.c.collection == "DOC", passages.c.owner_id == owner_id, scope.sees(passages)
        wanted = select(*_ENTRY).where(*of_document, passages.c.ordinal.between(first, last))
        rows = await tx.all(wanted.order_by(passages.c.ordinal))
        return [Entry(**dict(zip(_NAMES, row, strict=True))) for row in rows]


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


def _passage(scope: Scope, key: int, entry: Entry) -> dict[str, Any]:
    return {"id": key, **scope.stamp(), **{name: getattr(entry, name) for name in _NAMES}}


def _terms(tenant: int, owner: int, key: int, entry: Entry) -> dict[str, Any]:
    words = terms(f"{entry.title}\n{entry.heading}\n{entry.body}")
    return {"rowid": key, "owner": owner, "terms": " ".join(f"{tenant}x{word}" for word in words)}


def _quoted(tenant: int, term: str) -> str:
    """The term as FTS5 reads it. A lone Chinese character stands for every term that begins with it (``zh.tokens``)."""
    plain = term.replace('"', "")  # no term of ours has one; a stray one must not end the string
    return f'"{tenant}x{plain}"' + (" *" if len(plain) == 1 and not plain.isascii() else "")


def _counts(matches: Sequence[str]) -> Select[Any]:
    """How many passages each expression matches, in order; one shape of statement, so SQLAlchemy compiles it once."""
    each = func.json_each(orjson.dumps(matches).decode()).table_valued("value")
    count = select(func.count()).select_from(passage_terms).where(_MATCHES.match(each.c.value)).correlate(each)
    return select(count.scalar_subquery()).select_from(each)


def _candidates(scope: Scope, query: Query, match: str) -> Select[Any]:
    narrowed = true() if query.filter is None else to_sql(query.filter, _FIELDS[query.collection])
    return (
        select(*_ENTRY)
        .select_from(passage_terms.join(passages, passages.c.id == passage_terms.c.rowid))
        .where(_MATCHES.match(match), passages.c.collection == query.collection, scope.sees(passages), narrowed)
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


async def _count(tx: Transaction, owner: dict[str, Any], added: int) -> None:
    """Add to the owner's count of passages; make its row, and its tenant's, where they are new."""
    for row in {**owner, "passages": 0, "org_code": ""}, {**owner, "passages": added}:
        insertion = upsert(passage_owners).values(row)
        counted = passage_owners.c.passages + insertion.excluded.passages
        key = ["tenant_code", "org_code", "collection"]
        await tx.run(insertion.on_conflict_do_update(index_elements=key, set_={"passages": counted}))


async def _remove(tx: Transaction, scope: Scope, collection: Collection, condition: ColumnElement[bool]) -> int:
    doomed = passages.c.collection == collection, scope.sees(passages), condition
    owners = passages.c.tenant_code, passages.c.org_code
    removed = 0
    for row in await tx.all(select(*owners, func.count().label("held")).where(*doomed).group_by(*owners)):
        owner = {"tenant_code": row.tenant_code, "org_code": row.org_code, "collection": collection}
        await _count(tx, owner, -row.held)
        removed += int(row.held)
    await tx.run(delete(passage_terms).where(passage_terms.c.rowid.in_(select(passages.c.id).where(*doomed))))
    await tx.run(delete(passages).where(*doomed))
    return removed
