"""A copy of a SQLite database that nobody writes to, made without touching it."""

import sqlite3
from contextlib import closing
from pathlib import Path


def snapshot(source: Path, into: Path) -> None:
    """Copy the database as it stands, what a killed process left in its write-ahead log included.

    Works on a read-only medium, too. Raises sqlite3.Error where the source is no sound database, OSError where the
    copy finds no room.
    """
    log = source.with_name(f"{source.name}-wal")
    # Without a log nothing but the file is needed, and SQLite then leaves no files of its own beside it.
    how = "mode=ro" if log.exists() and log.stat().st_size else "immutable=1"
    with (
        closing(sqlite3.connect(f"{source.absolute().as_uri()}?{how}", uri=True)) as original,
        closing(sqlite3.connect(into)) as copy,
    ):
        original.backup(copy)
