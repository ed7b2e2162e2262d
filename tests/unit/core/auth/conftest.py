from datetime import timedelta

import pytest

from wenshu.core.auth.revoked import Revocations
from wenshu.core.auth.signing import Keyring
from wenshu.core.auth.tokens import AccessTokens
from wenshu.core.database.engine import Database

LIFETIME = timedelta(minutes=15)


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
