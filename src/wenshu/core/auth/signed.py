"""Requests signed with a key's secret half, as Baidu's clients sign them (BCE v1, "IAM").

``bce-auth-v1/<access key>/<time>/<seconds>/<signed headers>/<signature>``: the secret itself never travels, so it has
to be known here: new keys keep theirs sealed.
"""

import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from sqlalchemy import Row

from wenshu.core.auth.keys import digest_of, prefix_of, principal_of_prefix
from wenshu.core.auth.marks import KEY_MARK
from wenshu.core.auth.principal import Principal
from wenshu.core.auth.seals import Seals
from wenshu.core.database.engine import Database
from wenshu.kit import clock
from wenshu.kit.errors import Expired, Unauthenticated

SCHEME = "bce-auth-v1/"
_FORM = re.compile(
    r"bce-auth-v1/(?P<access>wsk_[0-9a-f]{12})/(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)/(?P<seconds>\d{1,5})/"
    r"(?P<headers>[a-z0-9_;-]{0,1000})/(?P<signature>[0-9a-f]{64})"
)
_AHEAD = timedelta(minutes=5)
_LONGEST = timedelta(hours=1)
_ALWAYS = {"host", "content-md5", "content-length", "content-type"}


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """What a signature is over; names of headers in lower case, pairs in their order."""

    method: str
    path: str
    query: Sequence[tuple[str, str]]
    headers: Sequence[tuple[str, str]]


async def principal_of_signature(
    database: Database, seals: Seals, authorization: str, request: SignedRequest
) -> Principal:
    """Whose secret signed the request. Raises Expired, and Unauthenticated for what no key of ours has signed."""
    found = _FORM.fullmatch(authorization.strip())
    if found is None:
        raise Unauthenticated
    prefix = prefix_of(found["access"])

    def proves(row: Row[Any]) -> bool:
        secret = seals.opened(row.sealed_secret, prefix)
        if secret is None or not hmac.compare_digest(row.digest, digest_of(f"{KEY_MARK}{prefix}_{secret}")):
            return False
        # Some clients sign the host without its port, as Baidu's own addresses have none.
        made = (_signature(secret, found, one) for one in (request, _without_port(request)))
        return any(hmac.compare_digest(one, found["signature"]) for one in made)

    principal = await principal_of_prefix(database, prefix, proves)
    _check_time(found)
    return principal


def _check_time(found: re.Match[str]) -> None:
    try:
        signed = datetime.strptime(found["time"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise Unauthenticated from None
    now, lives = clock.now(), min(timedelta(seconds=int(found["seconds"])), _LONGEST)
    if signed > now + _AHEAD:
        raise Unauthenticated("签名时间晚于服务器时间")
    if signed + lives < now:
        raise Expired("签名已过期")


def _without_port(request: SignedRequest) -> SignedRequest:
    bare = [
        (name, value.rpartition(":")[0] or value) if name == "host" else (name, value)
        for name, value in request.headers
    ]
    return replace(request, headers=bare)


def _signature(secret: str, found: re.Match[str], request: SignedRequest) -> str:
    head = f"{SCHEME}{found['access']}/{found['time']}/{found['seconds']}"
    key = hmac.new(secret.encode(), head.encode(), sha256).hexdigest()
    query = sorted(
        f"{_escaped(name)}={_escaped(value)}" for name, value in request.query if name.lower() != "authorization"
    )
    wanted = set(found["headers"].split(";")) if found["headers"] else _ALWAYS
    headers = sorted(
        f"{_escaped(name)}:{_escaped(value.strip())}"
        for name, value in request.headers
        if value.strip() and (name in wanted or (not found["headers"] and name.startswith("x-bce-")))
    )
    told = "\n".join((request.method, _escaped(request.path, "/"), "&".join(query), "\n".join(headers)))
    return hmac.new(key.encode(), told.encode(), sha256).hexdigest()


def _escaped(text: str, safe: str = "") -> str:
    return quote(text, safe=f"-_.~{safe}")
