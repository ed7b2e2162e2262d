"""API keys: ``wsk_<prefix>_<secret>``, found by their prefix, kept as a digest only, shown once.

``wsk_<prefix>`` and ``<secret>`` also serve as an access key and its secret key, for callers that send two halves.
"""

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import Row, select, update

from wenshu.core.auth.families import UNNAMED
from wenshu.core.auth.marks import KEY_MARK
from wenshu.core.auth.principal import Principal
from wenshu.core.auth.tables import api_keys, tenants
from wenshu.core.database.engine import Database
from wenshu.core.database.scope import EVERYTHING
from wenshu.kit import clock
from wenshu.kit.errors import Unauthenticated

_USED_AGAIN = timedelta(minutes=1)  # how exactly the last use is known


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key as it is given out, once; only ``prefix`` and ``digest`` are stored."""

    prefix: str
    secret: str

    @property
    def access(self) -> str:
        """The half that says which key it is."""
        return f"{KEY_MARK}{self.prefix}"

    @property
    def text(self) -> str:
        """The whole key."""
        return f"{self.access}_{self.secret}"

    @property
    def digest(self) -> str:
        """SHA-256 of the whole key."""
        return digest_of(self.text)


def new_key() -> NewKey:
    """A key with 256 random bits."""
    return NewKey(secrets.token_hex(6), secrets.token_urlsafe(32))


async def principal_of_key(database: Database, text: str) -> Principal:
    """Whom a key speaks for. Raises Unauthenticated for one that is unknown, revoked, expired or of a closed tenant."""
    digest = digest_of(text)
    return await principal_of_prefix(database, prefix_of(text), lambda row: hmac.compare_digest(row.digest, digest))


def prefix_of(text: str) -> str:
    """What a key, or the half of it that is no secret, is found by."""
    return text.removeprefix(KEY_MARK).partition("_")[0][:16]


async def principal_of_prefix(database: Database, prefix: str, proves: Callable[[Row[Any]], bool]) -> Principal:
    """Whom the key of this prefix speaks for, where the caller ``proves`` by its row that they hold it.

    Raises Unauthenticated as ``principal_of_key`` does.
    """
    joined = api_keys.join(tenants, tenants.c.tenant_code == api_keys.c.tenant_code)
    wanted = select(api_keys, tenants.c.is_disabled).select_from(joined)
    async with database.read(EVERYTHING) as tx:
        row = await tx.first(wanted.where(api_keys.c.prefix == prefix, EVERYTHING.sees(api_keys)))
    now = clock.now()
    if row is None or not proves(row) or row.is_disabled:
        raise Unauthenticated
    if row.revoked_at is not None or (row.expires_at is not None and row.expires_at <= now):
        raise Unauthenticated("API Key 已吊销或已过期")
    if row.last_used_at is None or now - row.last_used_at > _USED_AGAIN:
        async with database.write(EVERYTHING) as tx:
            used = update(api_keys).where(api_keys.c.id == row.id, EVERYTHING.sees(api_keys))
            await tx.run(used.values(last_used_at=now))
    return Principal(
        name=f"key:{row.prefix}",
        tenant=row.tenant_code,
        org=row.org_code or None,
        roles=frozenset(row.roles),
        families=(UNNAMED if row.families is None else frozenset(row.families)) | {"accounts"},
    )


def digest_of(text: str) -> str:
    """What is kept of a whole key."""
    return sha256(text.encode()).hexdigest()
