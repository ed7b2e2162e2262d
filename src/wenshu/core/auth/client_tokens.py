"""Client tokens: what a key's two halves are exchanged for (OAuth 2.0, client credentials).

``wst_<prefix>.<expiry>.<signature>``: signed with the key's own digest, so that a token needs no row of its own, is
known to every process, outlives a restart, and is void at once where its key is revoked. Who can read the digests could
make tokens, as who can read the signing keys can.
"""

import base64
import hmac
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import Row, select

from wenshu.core.auth.keys import digest_of, prefix_of, principal_of_key, principal_of_prefix
from wenshu.core.auth.marks import CLIENT_MARK
from wenshu.core.auth.principal import Principal
from wenshu.core.auth.tables import api_keys
from wenshu.core.database.engine import Database
from wenshu.core.database.scope import EVERYTHING
from wenshu.kit import clock
from wenshu.kit.errors import Expired, NotFound, Unauthenticated

_LONGEST = 256


async def issue(database: Database, access: str, secret: str, lifetime: timedelta) -> tuple[str, Principal]:
    """A token for the key of these halves, and whom it speaks for. Raises Unauthenticated."""
    text = f"{access}_{secret}"
    if len(text) > _LONGEST or not text.isascii():
        raise Unauthenticated
    principal = await principal_of_key(database, text)
    return _token(prefix_of(access), digest_of(text), lifetime), principal


async def issue_for(database: Database, access: str, lifetime: timedelta) -> str:
    """A token for the key of this half: its caller has proved otherwise that they hold the whole. Raises NotFound."""
    prefix = prefix_of(access)
    async with database.read(EVERYTHING) as tx:
        wanted = select(api_keys.c.digest).where(api_keys.c.prefix == prefix, EVERYTHING.sees(api_keys))
        digest = await tx.value(wanted)
    if digest is None:
        raise NotFound("API Key 不存在")
    return _token(prefix, digest, lifetime)


async def principal_of_client_token(database: Database, token: str) -> Principal:
    """Whom a token speaks for. Raises Expired, and Unauthenticated for one that is not ours or whose key ended."""
    prefix, _, rest = token.removeprefix(CLIENT_MARK).partition(".")
    expiry, _, signature = rest.partition(".")
    if len(token) > _LONGEST or not (expiry.isascii() and expiry.isdigit() and signature.isascii()):
        raise Unauthenticated
    expires = int(expiry)

    def proves(row: Row[Any]) -> bool:
        return hmac.compare_digest(_signature(row.digest, prefix, expires), signature)

    principal = await principal_of_prefix(database, prefix, proves)
    if _is_over(expires):
        raise Expired
    return principal


def _token(prefix: str, digest: str, lifetime: timedelta) -> str:
    expires = int((clock.now() + lifetime).timestamp())
    return f"{CLIENT_MARK}{prefix}.{expires}.{_signature(digest, prefix, expires)}"


def _is_over(expires: int) -> bool:
    try:
        return datetime.fromtimestamp(expires, tz=clock.now().tzinfo) <= clock.now()
    except (ValueError, OverflowError, OSError):
        return True


def _signature(digest: str, prefix: str, expires: int) -> str:
    made = hmac.new(digest.encode(), f"client-token\n{prefix}\n{expires}".encode(), sha256).digest()
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode()
