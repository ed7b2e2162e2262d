"""A database with jobs: SQLite here, both in tests/ports."""

import shutil

import pytest

from durable import Room
from wenshu.core.database.engine import sqlite_url


@pytest.fixture
def database_url(tmp_path, _migrated_sqlite):
    path = tmp_path / "wenshu.sqlite3"
    shutil.copy(_migrated_sqlite, path)
    return sqlite_url(path)


@pytest.fixture
async def room(database, tmp_path):
    return Room(database, tmp_path)
