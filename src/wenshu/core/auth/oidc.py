"""Tokens of an outside OpenID Connect issuer: a company's own sign-in, in place of ours or beside it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

import jwt
import orjson
import structlog
from sqlalchemy import select

from wenshu.core.auth.principal import Principal, code
from wenshu.core.auth.roles import ROLES
from wenshu.core.auth.tables import tenants
from wenshu.core.database.engine import Database
from wenshu.core.database.scope import EVERYTHING
from wenshu.kit import clock
from wenshu.kit.errors import InvalidInput, Unauthenticated, Unavailable, WenshuError

log = structlog.get_logger()
Fetch = Callable[[str], Awaitable[bytes]]
"""The body behind an address; raises a domain error where there is none."""

# Signatures that a public key checks; with any other, whoever knows the public key could sign.
_ALGORITHMS = {
    "RSA": {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"},
    "EC": {"ES256", "ES384", "ES512"},
    "OKP": {"EdDSA"},
}
_FRESH = timedelta(hours=1)
_AGAIN = timedelta(seconds=10)
_LEEWAY = 30.0
_LONGEST_SUBJECT = 128
_REQUIRED = ["sub", "exp", "iat", "iss", "aud"]


@dataclass(frozen=True, slots=True)
class Claims:
    """Where an issuer puts what we need; dots lead into objects. ``tenant``: whose callers are that name none."""

    tenant_claim: str = "tenant_id"
    org_claim: str = "org_code"
    roles_claim: str = "roles"
    tenant: str = ""


@dataclass(frozen=True, slots=True)
class _Key:
    algorithms: frozenset[str]
    public: Any
    """As cryptography has it; the library checks that it suits the algorithm that a token names."""


class Issuer:
    """One issuer. Its keys are read when they are first needed, hourly, and when a token names one that is unknown."""

    def __init__(self, issuer: str, audience: str, claims: Claims, fetch: Fetch, database: Database) -> None:
        self.issuer = issuer
        self._audience = audience
        self._claims = claims
        self._fetch = fetch
        self._database = database
        self._keys: dict[str, _Key] = {}
        self._read_at: datetime | None = None
        self._tried_at: datetime | None = None
        self._reading = asyncio.Lock()

    async def check(self, token: str, kid: object) -> Principal:
        """The principal behind a token that says it is this issuer's.

        Raises Unauthenticated, and Unavailable while the issuer's keys were never to be had.
        """
        key = await self._find(kid) if isinstance(kid, str) else None
        if key is None:
            raise Unauthenticated
        try:
            claims = jwt.decode(
                token,
                key.public,
                algorithms=sorted(key.algorithms),
                audience=self._audience,
                issuer=self.issuer,
                leeway=_LEEWAY,
                options={"require": _REQUIRED},
            )
        except jwt.ExpiredSignatureError as error:
            raise Unauthenticated("令牌已过期，请刷新或重新登录") from error
        except (jwt.InvalidTokenError, ValueError) as error:
            raise Unauthenticated from error
        return await self._principal(claims)

    async def _principal(self, claims: Mapping[str, Any]) -> Principal:
        subject = claims["sub"]
        if not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST_SUBJECT or not subject.isprintable():
            raise Unauthenticated
        tenant = _text(claims, self._claims.tenant_claim) or self._claims.tenant
        org = _text(claims, self._claims.org_claim)
        try:
            tenant, org = code("tenant", tenant), code("org", org)
        except InvalidInput as error:
            raise Unauthenticated("令牌的租户或组织无效") from error
        if not tenant or not await self._is_open(tenant):
            raise Unauthenticated("令牌没有可用的租户")
        roles = frozenset(_roles(claims, self._claims.roles_claim)) & frozenset(ROLES)
        return Principal(name=f"oidc:{subject}", tenant=tenant, org=org or None, roles=roles)

    async def _is_open(self, tenant: str) -> bool:
        wanted = select(tenants.c.is_disabled).where(tenants.c.tenant_code == tenant, EVERYTHING.sees(tenants))
        async with self._database.read(EVERYTHING) as tx:
            return await tx.value(wanted) is False

    async def _find(self, kid: str) -> _Key | None:
        now = clock.now()
        fresh = self._read_at is not None and now - self._read_at < _FRESH
        if kid not in self._keys or not fresh:
            async with self._reading:
                await self._refresh(clock.now())
        if self._read_at is None:
            raise Unavailable("无法取得身份提供方的公钥，请稍后重试")
        return self._keys.get(kid)

    async def _refresh(self, now: datetime) -> None:
        """Read the keys, but not for each token that somebody makes up; known ones stay where the issuer is away."""
        if self._tried_at is not None and now - self._tried_at < _AGAIN:
            return
        self._tried_at = now
        try:
            found = await self._object(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
            if found.get("issuer") != self.issuer:
                log.error("the issuer's configuration is of another issuer", issuer=self.issuer)
                return
            published = await self._object(str(found.get("jwks_uri")))
        except (WenshuError, ValueError) as error:
            log.warning("the issuer's keys could not be read", issuer=self.issuer, error=str(error))
            return
        self._keys = {kid: key for kid, key in map(_key, cast("list[Any]", published.get("keys") or [])) if key}
        self._read_at = now

    async def _object(self, url: str) -> dict[str, Any]:
        value: object = orjson.loads(await self._fetch(url))
        if not isinstance(value, dict):
            raise ValueError("not a JSON object")  # noqa: TRY004 (as any other body that is not what it should be)
        return cast("dict[str, Any]", value)


def claimed(token: str) -> tuple[object, object]:
    """Issuer and key that a token names; nothing of it is believed yet. Raises Unauthenticated for what is no token."""
    try:
        head = jwt.get_unverified_header(token)
        body: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    except (jwt.InvalidTokenError, ValueError) as error:
        raise Unauthenticated from error
    return body.get("iss"), head.get("kid")


def _key(published: object) -> tuple[str, _Key | None]:
    """One published key, or None where it is not for checking signatures."""
    if not isinstance(published, dict):
        return "", None
    jwk = cast("dict[str, Any]", published)
    kid, kind = jwk.get("kid"), _ALGORITHMS.get(str(jwk.get("kty")))
    if not isinstance(kid, str) or kind is None or jwk.get("use", "sig") != "sig":
        return "", None
    named = jwk.get("alg")
    algorithms = frozenset(kind) if named is None else frozenset(kind) & {named}
    try:
        return kid, _Key(algorithms, jwt.PyJWK(jwk).key) if algorithms else None
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        log.warning("a published key cannot be read", kid=kid)
        return "", None


def _at(claims: Mapping[str, Any], path: str) -> object:
    value: object = claims
    for name in path.split("."):
        value = cast("Mapping[str, object]", value).get(name) if isinstance(value, dict) else None
    return value


def _text(claims: Mapping[str, Any], path: str) -> str:
    value = _at(claims, path)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Unauthenticated("令牌的租户或组织无效")
    return value


def _roles(claims: Mapping[str, Any], path: str) -> list[str]:
    value = _at(claims, path)
    if isinstance(value, str):
        return value.replace(",", " ").split()
    return [role for role in cast("list[object]", value) if isinstance(role, str)] if isinstance(value, list) else []
