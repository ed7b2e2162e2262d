"""The keys that sign access tokens: Ed25519, in the database so that every process signs and checks alike."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from jwt.utils import base64url_encode
from sqlalchemy import insert, or_, select, update

from wenshu.core.auth.tables import signing_keys
from wenshu.core.database.engine import Database
from wenshu.core.database.scope import EVERYTHING, Scope
from wenshu.kit import clock
from wenshu.kit.ids import new_id

_LOOK_AGAIN = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One key pair. ``retired_at`` is when it stopped signing."""

    kid: str
    private: Ed25519PrivateKey
    created_at: datetime
    retired_at: datetime | None = None

    @property
    def public(self) -> Ed25519PublicKey:
        """The half that checks."""
        return self.private.public_key()

    def jwk(self) -> dict[str, str]:
        """The public half as RFC 8037 writes it."""
        raw = self.public.public_bytes(Encoding.Raw, PublicFormat.Raw)
        x = base64url_encode(raw).decode()
        return {"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": self.kid, "x": x}


class Keyring:
    """The keys of this server. ``lifetime`` is how long a token lives: so long a retired key still checks."""

    def __init__(self, database: Database, lifetime: timedelta) -> None:
        self._database = database
        self._lifetime = lifetime
        self._keys: dict[str, SigningKey] = {}
        self._read_at: datetime | None = None
        self._reading = asyncio.Lock()

    async def open(self) -> None:
        """Read the keys; make the first one where there is none."""
        await self._read()
        if not any(key.retired_at is None for key in self._keys.values()):
            await self.rotate(first=True)

    async def signing(self) -> SigningKey:
        """The key that signs now: the newest that is not retired."""
        await self._refresh()
        return max(
            (key for key in self._keys.values() if key.retired_at is None),
            key=lambda key: (key.created_at, key.kid),
        )

    async def find(self, kid: str) -> SigningKey | None:
        """The key of this id, while tokens that it signed may be alive."""
        # Also for a known key: another process may have retired it at once.
        await self._refresh()
        key = self._keys.get(kid)
        return None if key is None or self._expired(key) else key

    async def published(self) -> dict[str, Any]:
        """The JSON Web Key Set of all keys that check."""
        await self._refresh()
        return {"keys": [key.jwk() for key in self._keys.values() if not self._expired(key)]}

    async def rotate(self, *, at_once: bool = False, first: bool = False) -> str:
        """Sign with a new key from now on; its id. ``first``: unless another process has made one meanwhile.

        The earlier keys check until their tokens have expired, or, ``at_once``, not any more: after a leak.
        """
        now = clock.now()
        private = Ed25519PrivateKey.generate()
        pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        kid = new_id()
        retired = now - self._lifetime - _LOOK_AGAIN if at_once else now
        signs = signing_keys.c.retired_at.is_(None), EVERYTHING.sees(signing_keys)
        async with self._database.write(EVERYTHING, lock=("signing-keys",)) as tx:
            there = await tx.value(select(signing_keys.c.kid).where(*signs)) if first else None
            live = update(signing_keys).where(
                or_(signing_keys.c.retired_at.is_(None), signing_keys.c.retired_at > retired),
                EVERYTHING.sees(signing_keys),
            )
            if there is None:
                await tx.run(live.values(retired_at=retired))
                row = {"kid": kid, "private_pem": pem, "created_at": now, **Scope().stamp()}
                await tx.run(insert(signing_keys).values(row))
        await self._read()
        return there or kid

    def _expired(self, key: SigningKey) -> bool:
        # A process that has not looked since goes on signing with it for so long.
        return key.retired_at is not None and clock.now() >= key.retired_at + self._lifetime + _LOOK_AGAIN

    async def _refresh(self) -> None:
        """Another process may have rotated: look again, but not for each call."""
        if self._read_at is None or clock.now() - self._read_at > _LOOK_AGAIN:
            await self._read()

    async def _read(self) -> None:
        async with self._reading:
            async with self._database.read(EVERYTHING) as tx:
                rows = await tx.all(select(signing_keys).where(EVERYTHING.sees(signing_keys)))
            self._keys = {row.kid: _key(row) for row in rows}
            self._read_at = clock.now()


def _key(row: Any) -> SigningKey:  # noqa: ANN401 (a row)
    private = load_pem_private_key(row.private_pem.encode(), None)
    if not isinstance(private, Ed25519PrivateKey):
        raise TypeError(f"signing key {row.kid} is not Ed25519")
    return SigningKey(row.kid, private, row.created_at, row.retired_at)
