from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from wenshu.core.auth.revoked import Revocations
from wenshu.core.auth.signing import Keyring
from wenshu.core.auth.tokens import AccessTokens
from wenshu.core.database.engine import Database, sqlite_url

LIFETIME = timedelta(minutes=15)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = Database(sqlite_url(tmp_path / "db.sqlite3"))
    await opened.migrate()
    yield opened
    await opened.close()


@pytest.fixture
async def keyring(database: Database) -> Keyring:
    ring = Keyring(database, LIFETIME)
    await ring.open()
    return ring


@pytest.fixture
def revocations(database: Database) -> Revocations:
    return Revocations(database, LIFETIME)


@pytest.fixture
def tokens(keyring: Keyring, revocations: Revocations) -> AccessTokens:
    return AccessTokens(keyring, revocations, LIFETIME)
