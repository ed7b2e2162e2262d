"""Passages in Milvus: two collections, the tenant their partition key, the scope on every search, query and delete.

Reads are strongly consistent: a generation that a row names is seen by every process from that moment on.
"""

import asyncio
import time
from collections.abc import Collection as Several
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

from wenshu.core.database.engine import Transaction
from wenshu.core.database.scope import Scope
from wenshu.core.index.filter_tree import Comparison, Expr
from wenshu.core.index.milvus.calls import Calls, Server, connect
from wenshu.core.index.milvus.schema import entry_of, make, of_generations, output_fields, row_of, within
from wenshu.core.index.milvus.sparse import MOST_COUNTED, holding, query_vector, term_vector
from wenshu.core.index.port import (
    COLLECTIONS,
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

_BATCH = 500
_MOST_DELETED = 1_000  # generations in one expression
_MOST_HITS = 16_384  # Milvus's own limit
_LITE_UNSETTLED = 256  # rows that each search reads one by one
_LITE_WAITS = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0)  # seconds
_HALF_WRITTEN = ("Not an Arrow file", "File is too small")
_PATIENT = 6  # making a collection takes a server seconds
_STRONG = {"consistency_level": "Strong"}


@dataclass(frozen=True, slots=True)
class Collections:
    """Which collections are ours: ``<prefix>_<identity>_doc`` and ``_qa``."""

    prefix: str
    identity: str

    def name(self, collection: Collection) -> str:
        """The collection's name in Milvus."""
        return f"{self.prefix}_{self.identity}_{collection.lower()}"


class MilvusIndex:
    """The ``Index`` of many processes. Build it with ``open_milvus``."""

    kind: Literal["milvus"] = "milvus"
    in_database: Literal[False] = False

    def __init__(self, calls: Calls, ours: Collections) -> None:
        self._calls = calls
        self._ours = ours
        self._dimensions: dict[Collection, int] = {}
        self._making = asyncio.Lock()
        self._unsettled = 0

    def within(self, tx: Transaction | None) -> Passages:
        """See ``Index.within``."""
        del tx
        return self

    async def put(self, scope: Scope, items: Sequence[Item]) -> None:
        """See ``Passages.put``."""
        for collection in COLLECTIONS:
            wanted = (item for item in items if item.entry.collection == collection)
            while batch := list(islice(wanted, _BATCH)):
                await self._made(collection, len(batch[0].vector or b"") // 4)
                insert = self._calls.client.insert
                await self._calls.write(
                    _insert, call=insert, name=self._ours.name(collection), scope=scope, items=batch
                )
                self._unsettled += len(batch) * self._calls.is_lite

    async def remove(self, scope: Scope, collection: Collection, generations: Several[int]) -> None:
        """See ``Passages.remove``."""
        wanted = iter(generations)
        while batch := list(islice(wanted, _MOST_DELETED)):
            await self._delete(collection, within(scope, of_generations(batch)))

    async def clear(self, scope: Scope, collection: Collection, before: int | None = None) -> None:
        """See ``Passages.clear``."""
        await self._delete(collection, within(scope, None if before is None else Comparison("generation", "<", before)))

    async def find(self, scope: Scope, query: Query) -> Found:
        """See ``Passages.find``. By inner product of our own sparse vectors."""
        if self._unsettled >= _LITE_UNSETTLED:
            await self.settle()
        if not await self._there(query.collection):
            return Found((), Statistics(0, {}))
        statistics = await self._statistics(scope, query)
        vector = query_vector(statistics)
        if not vector:
            return Found((), statistics)
        measured = ["vector"] if query.vector is not None and self._dimensions[query.collection] else []
        hits = await self._search(scope, query, "terms", [vector], fields=measured)
        rows: list[Mapping[str, Any]] = [hit["entity"] for hit in hits[0] if hit["distance"] > 0]
        entries = [entry_of(query.collection, row) for row in rows]
        cosines = _cosines(query.vector, entries, rows) if measured and query.vector is not None else {}
        return Found(entries, statistics, cosines)

    async def near(self, scope: Scope, query: Query) -> Sequence[Near]:
        """See ``Passages.near``. Approximate: a graph of neighbours."""
        there = query.vector is not None and await self._there(query.collection)
        if query.vector is None or not there or self._dimensions[query.collection] != len(query.vector) // 4:
            return ()
        (hits,) = await self._search(scope, query, "vector", [_floats(query.vector)])
        nearest = [Near(entry_of(query.collection, hit["entity"]), _cosine(hit["distance"])) for hit in hits]
        return sorted(nearest, key=lambda one: -one.cosine)

    async def pieces(self, scope: Scope, collection: Collection, generation: int, ordinals: range) -> Sequence[Entry]:
        """See ``Passages.pieces``."""
        if not await self._there(collection) or not ordinals:
            return []
        field = "chunk_index" if collection == "DOC" else "ordinal"
        first, last = Comparison(field, ">=", ordinals.start), Comparison(field, "<", ordinals.stop)
        rows = await self._calls.read(
            self._calls.client.query,
            collection_name=self._ours.name(collection),
            filter=within(scope, of_generations([generation]), first, last),
            output_fields=output_fields(collection),
            limit=min(len(ordinals), _MOST_HITS),
            **_STRONG,
        )
        return sorted((entry_of(collection, row) for row in rows), key=lambda entry: entry.ordinal)

    async def settle(self) -> None:
        """See ``Index.settle``. Lite indexes only what it loads; a server does it by itself."""
        self._unsettled = 0
        if self._calls.is_lite:
            for collection in list(self._dimensions):
                await self._calls.write(_reload, client=self._calls.client, name=self._ours.name(collection))

    async def check(self) -> None:
        """See ``Index.check``."""
        await self._calls.read(self._calls.client.get_server_version)

    async def drop(self) -> None:
        """Delete the collections with all that is in them."""
        for collection in COLLECTIONS:
            await self._calls.write(self._calls.client.drop_collection, collection_name=self._ours.name(collection))
        self._dimensions.clear()

    async def close(self) -> None:
        """See ``Index.close``."""
        await self._calls.close()

    async def _statistics(self, scope: Scope, query: Query) -> Statistics:
        """One search for each term, without fields: the number of hits is the number of passages that hold it."""
        wanted = list(dict.fromkeys(query.terms))[:MAX_QUERY_TERMS]
        counting = self._calls.read(
            self._calls.client.query,
            collection_name=self._ours.name(query.collection),
            filter=within(scope),
            output_fields=["count(*)"],
            **_STRONG,
        )
        if not wanted:
            return Statistics((await counting)[0]["count(*)"], {})
        whole = Query(query.collection, (), MOST_COUNTED)
        each = self._search(scope, whole, "terms", [term_vector(term) for term in wanted], bare=True)
        counted, hits = await asyncio.gather(counting, each)
        passages = int(counted[0]["count(*)"])
        return Statistics(passages, holding(wanted, [len(of_term) for of_term in hits], passages))

    async def _search(
        self,
        scope: Scope,
        query: Query,
        field: str,
        vectors: Sequence[Any],
        *,
        fields: Sequence[str] = (),
        bare: bool = False,
    ) -> Sequence[Sequence[Mapping[str, Any]]]:
        others: tuple[Expr | None, ...] = query.filter, of_generations(list(query.without), negated=True)
        return await self._calls.read(
            self._calls.client.search,
            collection_name=self._ours.name(query.collection),
            data=list(vectors),
            anns_field=field,
            limit=min(query.limit, _MOST_HITS),
            filter=within(scope, *others),
            output_fields=[] if bare else [*output_fields(query.collection), *fields],
            search_params={"params": {"ef": max(64, 2 * query.limit)}} if field == "vector" else {},
            **_STRONG,
        )

    async def _delete(self, collection: Collection, expression: str) -> None:
        if await self._there(collection):
            await self._calls.write(
                self._calls.client.delete, collection_name=self._ours.name(collection), filter=expression
            )

    async def _there(self, collection: Collection) -> bool:
        """Whether the collection exists: another process may have made it by now."""
        if collection not in self._dimensions:
            dimension = await self._calls.write(
                _opened, patience=_PATIENT, client=self._calls.client, name=self._ours.name(collection)
            )
            if dimension is None:
                return False
            self._dimensions[collection] = dimension
        return True

    async def _made(self, collection: Collection, dimension: int) -> None:
        async with self._making:
            if not await self._there(collection):
                given = {"name": self._ours.name(collection), "collection": collection, "dimension": dimension}
                await self._calls.write(_make, patience=_PATIENT, client=self._calls.client, **given)
                self._dimensions[collection] = dimension


async def open_milvus(server: Server, ours: Collections) -> MilvusIndex:
    """Connect. Raises IndexUnusable with the reason."""
    return MilvusIndex(await connect(server), ours)


def _insert(*, call: Any, name: str, scope: Scope, items: Sequence[Item], timeout: float) -> None:  # noqa: ANN401 (pymilvus's own)
    call(collection_name=name, data=[row_of(scope, item) for item in items], timeout=timeout)


def _opened(*, client: Any, name: str, timeout: float) -> int | None:  # noqa: ANN401 (as above)
    """Load the collection; its vectors' dimension (0: it has none), or None where it does not exist."""
    if not client.has_collection(name, timeout=timeout):
        return None
    client.load_collection(name, timeout=timeout)
    fields = client.describe_collection(name, timeout=timeout)["fields"]
    return next((int(field["params"]["dim"]) for field in fields if field["name"] == "vector"), 0)


def _make(*, client: Any, name: str, collection: Collection, dimension: int, timeout: float) -> None:  # noqa: ANN401 (as above)
    schema, indexes = make(client, collection, dimension)
    try:
        client.create_collection(name, schema=schema, index_params=indexes, timeout=timeout, **_STRONG)
    except Exception:
        if not client.has_collection(name, timeout=timeout):
            raise
        # Another process made it between our look and our try.
    client.load_collection(name, timeout=timeout)


def _reload(*, client: Any, name: str, timeout: float) -> None:  # noqa: ANN401 (as above)
    client.flush(name, timeout=timeout)
    client.release_collection(name, timeout=timeout)
    for wait in _LITE_WAITS:
        try:
            return client.load_collection(name, timeout=timeout)
        except Exception as error:
            # Lite writes its indexes in the background and in place: one that is half written cannot be read yet.
            if not any(words in str(error) for words in _HALF_WRITTEN):
                raise
            time.sleep(wait)
    return client.load_collection(name, timeout=timeout)


def _floats(vector: bytes) -> Any:  # noqa: ANN401 (an array)
    import numpy as np  # noqa: PLC0415 (only with an embedder)

    return np.frombuffer(vector, "<f4")


def _cosines(vector: bytes, entries: Sequence[Entry], rows: Sequence[Mapping[str, Any]]) -> dict[Place, float]:
    asked = _floats(vector)
    found = zip(entries, rows, strict=True)
    return {entry.place: _cosine(asked @ row["vector"]) for entry, row in found if len(row["vector"]) == len(asked)}


def _cosine(value: float) -> float:
    return min(1.0, max(-1.0, float(value)))
