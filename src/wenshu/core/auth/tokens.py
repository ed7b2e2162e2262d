"""Access tokens: EdDSA-signed JWTs, checked without the database but for what was revoked."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

from wenshu.core.auth.principal import Principal
from wenshu.core.auth.revoked import Revocations, family, tenant, user
from wenshu.core.auth.signing import Keyring
from wenshu.kit import clock
from wenshu.kit.errors import Expired, Unauthenticated
from wenshu.kit.ids import new_id

ISSUER = "wenshu"
AUDIENCE = "wenshu"
_ALGORITHM = "EdDSA"
_LONGEST = 8192
_AHEAD = timedelta(seconds=60)  # how far the clocks of our machines may stand apart
_REQUIRED = ["sub", "tenant_id", "roles", "exp", "iat", "jti", "iss", "aud", "fam"]


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a token is for. ``org`` empty: the whole tenant. ``family`` is the login that it comes from."""

    user_id: str
    tenant: str
    org: str
    roles: tuple[str, ...]
    family: str
    operator: bool = False


class AccessTokens:
    """Mints and checks access tokens of ``lifetime``."""

    def __init__(self, keyring: Keyring, revocations: Revocations, lifetime: timedelta) -> None:
        self._keyring = keyring
        self._revocations = revocations
        self.lifetime = lifetime

    async def mint(self, subject: Subject, issued_at: datetime | None = None) -> str:
        """A token for the subject, from ``issued_at`` or now on."""
        key = await self._keyring.signing()
        now = issued_at or clock.now()
        claims: dict[str, Any] = {
            "sub": subject.user_id,
            "tenant_id": subject.tenant,
            "roles": list(subject.roles),
            "iat": now.timestamp(),  # to the microsecond: a revocation of the same second must not void its successor
            "exp": int((now + self.lifetime).timestamp()),
            "jti": new_id(),
            "iss": ISSUER,
            "aud": AUDIENCE,
            "fam": subject.family,
        }
        if subject.org:
            claims["org_code"] = subject.org
        if subject.operator:
            claims["operator"] = True
        return jwt.encode(claims, key.private, algorithm=_ALGORITHM, headers={"kid": key.kid})

    async def check(self, token: str) -> Principal:
        """The principal behind a token. Raises Unauthenticated for one that is forged, expired, revoked or foreign."""
        claims = await self._claims(token)
        issued_at = _issued_at(claims["iat"])
        subjects = family(str(claims["fam"])), user(str(claims["sub"])), tenant(str(claims["tenant_id"]))
        if await self._revocations.voids(subjects, issued_at):
            raise Unauthenticated("登录已失效，请重新登录")
        return Principal(
            name=f"user:{claims['sub']}",
            tenant=str(claims["tenant_id"]),
            org=claims.get("org_code") or None,
            roles=frozenset(claims["roles"]),
            user_id=str(claims["sub"]),
            operator=claims.get("operator") is True,
        )

    async def _claims(self, token: str) -> dict[str, Any]:
        if len(token) > _LONGEST:
            raise Unauthenticated
        try:
            kid = jwt.get_unverified_header(token).get("kid")
            key = await self._keyring.find(kid) if isinstance(kid, str) else None
            if key is None:
                raise Unauthenticated
            return jwt.decode(
                token,
                key.public,
                algorithms=[_ALGORITHM],
                audience=AUDIENCE,
                issuer=ISSUER,
                options={"require": _REQUIRED, "verify_iat": False},
            )
        except jwt.ExpiredSignatureError as error:
            raise Expired("令牌已过期，请刷新或重新登录") from error
        except (jwt.InvalidTokenError, ValueError) as error:
            raise Unauthenticated from error


def _issued_at(iat: object) -> datetime:
    now = clock.now()
    if not isinstance(iat, int | float) or not 0 <= iat <= (now + _AHEAD).timestamp():
        raise Unauthenticated
    return datetime.fromtimestamp(iat, UTC)
