"""What tests must know of the servers they run against: the limits of the small one, and that nothing was stored."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

JSON_BYTES, BULK_BYTES, FILE_BYTES, FILES, CALLS = 4096, 16_384, 8192, 3, 60


@contextmanager
def nothing_stored(home: Path) -> Iterator[None]:
    """No transaction that changed anything was committed in between, and no object came or went."""
    with closing(sqlite3.connect(f"file:{home / 'wenshu.sqlite3'}?mode=ro", uri=True)) as database:
        before = _state(database, home)
        yield
        assert _state(database, home) == before


def _state(database: sqlite3.Connection, home: Path) -> tuple[int, list[str]]:
    """SQLite counts for a connection the changes that others commit."""
    (version,) = database.execute("PRAGMA data_version").fetchone()
    return version, sorted(path.name for path in (home / "objects").iterdir())
