"""Identity composed: who may call, and who is told the first password."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from wenshu.core.auth.attempts import Attempts
from wenshu.core.auth.audit import Audit
from wenshu.core.auth.authenticator import Authenticator
from wenshu.core.auth.board import Board
from wenshu.core.auth.oidc import Claims, Issuer
from wenshu.core.auth.passwords import Passwords
from wenshu.core.auth.revoked import Revocations
from wenshu.core.auth.seals import Seals
from wenshu.core.auth.signing import Keyring
from wenshu.core.auth.tokens import AccessTokens
from wenshu.core.database.engine import Database
from wenshu.core.fetch.fetcher import Fetcher
from wenshu.core.settings import MIB, Settings
from wenshu.core.storage.links import load_secret
from wenshu.server.home import Home
from wenshu.services.accounts.parts import Accounts
from wenshu.services.accounts.users import ensure_first


@dataclass(frozen=True, slots=True)
class Identity:
    """The parts that know callers."""

    accounts: Accounts
    authenticator: Authenticator
    first_password: str | None
    """The administrator's, where it was made up just now: to be told once."""


@asynccontextmanager
async def identity(
    settings: Settings, home: Home, database: Database, board: Board | None = None, *, first: bool
) -> AsyncGenerator[Identity]:
    """Keys, tokens, passwords; with ``first``, a tenant and a user where there is none. The schema is the newest.

    Only who can tell people the password makes it up: a worker would keep it to itself.
    """
    lifetime = timedelta(seconds=settings.auth.access_seconds)
    keyring, revocations = Keyring(database, lifetime), Revocations(database, lifetime, board)
    passwords = Passwords()
    try:
        await keyring.open()
        accounts = Accounts(
            database=database,
            passwords=passwords,
            attempts=Attempts(database),
            audit=Audit(database),
            keyring=keyring,
            revocations=revocations,
            tokens=AccessTokens(keyring, revocations, lifetime),
            seals=Seals(load_secret(settings.storage, home.secret)),
            refresh_lifetime=timedelta(seconds=settings.auth.refresh_seconds),
            zone=ZoneInfo(settings.time.zone),
        )
        given = settings.admin.password.get_secret_value()
        first_password = await ensure_first(accounts, given) if first else None
        async with outside(settings, database) as issuer:
            authenticator = Authenticator(database, accounts.tokens, home.credential, issuer, accounts.seals)
            yield Identity(accounts, authenticator, first_password)
    finally:
        passwords.close()


@asynccontextmanager
async def outside(settings: Settings, database: Database) -> AsyncGenerator[Issuer | None]:
    """The issuer that the settings name. Its address is the operator's word: it may be one of the own network."""
    auth = settings.auth
    if not auth.oidc_issuer:
        yield None
        return
    host = urlsplit(auth.oidc_issuer).netloc
    fetcher = Fetcher(allow_hosts=[host, *settings.fetch.allow_hosts], timeout_seconds=10, max_bytes=MIB)

    async def read(url: str) -> bytes:
        with TemporaryDirectory(prefix="wenshu-oidc-") as folder:
            path = Path(folder) / "body"
            await fetcher.fetch(url, path)
            return path.read_bytes()

    claims = Claims(auth.oidc_tenant_claim, auth.oidc_org_claim, auth.oidc_roles_claim, auth.oidc_tenant)
    try:
        yield Issuer(auth.oidc_issuer, auth.oidc_audience, claims, read, database)
    finally:
        await fetcher.close()
