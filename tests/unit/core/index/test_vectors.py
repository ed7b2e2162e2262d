"""Matrices stay within their memory, and are right whether they are kept, made smaller, or read in parts."""

import numpy as np
import pytest

from wenshu.core.database.engine import Database, sqlite_url
from wenshu.core.database.scope import Scope
from wenshu.core.index.embedded import EmbeddedIndex
from wenshu.core.index.port import Entry, Query, ready

ACME, GLOBEX = Scope("acme"), Scope("globex")
WIDTH = 16


def unit(seed):
    vector = np.random.default_rng(seed).normal(size=WIDTH).astype("<f4")
    return (vector / np.linalg.norm(vector)).astype("<f4").tobytes()


def item(generation):
    entry = Entry(
        collection="DOC", generation=generation, ordinal=0, name="", title="", heading="", body="", source="",
        start=0, end=0, page=None,
    )  # fmt: skip
    return ready(entry, unit(generation))


@pytest.fixture
async def database(tmp_path):
    opened = Database(sqlite_url(tmp_path / "v.sqlite3"))
    await opened.migrate()
    yield opened
    await opened.close()


async def put(database, index, scope, numbers):
    async with database.write(scope) as tx:
        await index.within(tx).put(scope, [item(number) for number in numbers])


async def nearest(database, index, scope, seed):
    async with database.read(scope) as tx:
        found = await index.within(tx).near(scope, Query("DOC", (), 5, vector=unit(seed)))
    return [one.entry.generation for one in found]


def expected(numbers, seed):
    asked = np.frombuffer(unit(seed), "<f4")
    return sorted(numbers, key=lambda number: -float(np.frombuffer(unit(number), "<f4") @ asked))[:5]


@pytest.mark.parametrize("most", [1 << 30, 20_000, 1_000])
async def test_the_answer_is_exact_whatever_memory_there_is(database, most):
    index = EmbeddedIndex(most)
    numbers = set(range(1, 400))
    await put(database, index, ACME, sorted(numbers))
    await put(database, index, GLOBEX, range(1000, 1300))
    for round_ in range(4):
        assert await nearest(database, index, ACME, 5000 + round_) == expected(numbers, 5000 + round_)
        assert await nearest(database, index, GLOBEX, 7) == expected(range(1000, 1300), 7)
        gone = {number for number in numbers if number % 4 == round_}
        async with database.write(ACME) as tx:
            await index.within(tx).remove(ACME, "DOC", gone)
        fresh = set(range(2000 + 100 * round_, 2050 + 100 * round_))
        await put(database, index, ACME, sorted(fresh))
        numbers = (numbers - gone) | fresh
    kept = sum(matrix.size for matrix in index._vectors._matrices.values())
    assert kept <= most
    await index.close()


async def test_another_process_changes_are_seen(database):
    """Two indexes over one database, as a rebuilding beside a server has them."""
    one, other = EmbeddedIndex(), EmbeddedIndex()
    await put(database, one, ACME, [1, 2, 3])
    assert await nearest(database, one, ACME, 2) == expected([1, 2, 3], 2)
    async with database.write(ACME) as tx:
        await other.within(tx).remove(ACME, "DOC", [2])
        await other.within(tx).put(ACME, [item(9)])
    assert await nearest(database, one, ACME, 2) == expected([1, 3, 9], 2)
    for index in (one, other):
        await index.close()
