"""What accounts are built from; the composition root fills it in."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Depends
from starlette.requests import Request

from wenshu.core.auth.attempts import Attempts
from wenshu.core.auth.audit import Audit
from wenshu.core.auth.passwords import Passwords
from wenshu.core.auth.revoked import Revocations
from wenshu.core.auth.seals import Seals
from wenshu.core.auth.signing import Keyring
from wenshu.core.auth.tokens import AccessTokens
from wenshu.core.database.engine import Database


@dataclass(frozen=True, slots=True)
class Accounts:
    """The parts that the verbs of accounts work with."""

    database: Database
    passwords: Passwords
    attempts: Attempts
    audit: Audit
    keyring: Keyring
    revocations: Revocations
    tokens: AccessTokens
    seals: Seals
    refresh_lifetime: timedelta
    zone: ZoneInfo
    """Of the times in answers."""


def _accounts(request: Request) -> Accounts:
    parts: Accounts = request.app.state.accounts
    return parts


Parts = Annotated[Accounts, Depends(_accounts)]
"""The accounts' parts, for a route."""
