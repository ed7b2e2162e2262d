"""Identity composed: who may call, and who is told the first password."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from wenshu.core.auth.attempts import Attempts
from wenshu.core.auth.audit import Audit
from wenshu.core.auth.authenticator import Authenticator
from wenshu.core.auth.passwords import Passwords
from wenshu.core.auth.revoked import Revocations
from wenshu.core.auth.signing import Keyring
from wenshu.core.auth.tokens import AccessTokens
from wenshu.core.database.engine import Database
from wenshu.core.settings import Settings
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
async def identity(settings: Settings, home: Home, database: Database) -> AsyncGenerator[Identity]:
    """Keys, tokens, passwords; the first tenant and user where there is none. The schema is the newest already."""
    lifetime = timedelta(seconds=settings.auth.access_seconds)
    keyring, revocations, passwords = Keyring(database, lifetime), Revocations(database, lifetime), Passwords()
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
            refresh_lifetime=timedelta(seconds=settings.auth.refresh_seconds),
            zone=ZoneInfo(settings.time.zone),
        )
        first_password = await ensure_first(accounts, settings.admin.password.get_secret_value())
        yield Identity(accounts, Authenticator(database, accounts.tokens, home.credential), first_password)
    finally:
        passwords.close()
