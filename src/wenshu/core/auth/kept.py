"""Answers that are kept for a day under the caller's own key: the same call again gets the first answer again.

Everything stored is sealed with a key made from the caller's: whoever reads the database, and has not seen the call,
learns neither the answer nor what was asked, which may be a password or an API key that is shown once.
"""

import asyncio
import hmac
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

import structlog
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import delete, select, update

from wenshu.core.auth.tables import kept_answers
from wenshu.core.database.engine import Database, DatabaseUnavailable
from wenshu.core.database.scope import EVERYTHING, Scope
from wenshu.kit import clock
from wenshu.kit.errors import Conflict

log = structlog.get_logger()
LIFETIME = timedelta(hours=24)
LARGEST = 4 * 1024 * 1024
"""Bytes of an answer that is kept."""
_LEASE = timedelta(seconds=15)  # how long a call whose process was killed counts as running
_RENEW_SECONDS = 5.0
_NONCE = 12


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it went out; ``body`` None: it was larger than what is kept."""

    status: int
    media_type: str
    body: bytes | None


class Claim:
    """A call under its key. ``call`` is what the key is kept to: principal, method and path; ``body`` what it sent."""

    def __init__(self, key: str, scope: Scope, call: str, body: bytes) -> None:
        root = hmac.digest(key.encode(), f"{scope.tenant}\n{scope.org or ''}\n{call}".encode(), "sha256")
        self.scope = scope
        self.lookup = hmac.digest(root, b"lookup", "sha256").hex()
        self.fingerprint = hmac.digest(root, b"body" + sha256(body).digest(), "sha256").hex()
        self._cipher = AESGCM(hmac.digest(root, b"cipher", "sha256"))

    def sealed(self, body: bytes) -> bytes:
        """The body as it is stored."""
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, body, self.lookup.encode())

    def opened(self, sealed: bytes) -> bytes:
        """A stored body."""
        return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], self.lookup.encode())


class KeptAnswers:
    """The answers of all processes. After a kill between a call's effect and its answer, the call is made once more."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, claim: Claim) -> Answer | None:
        """The answer that was kept, or None where the call is this caller's to make.

        Raises Conflict where the key was used for another body, or where the same call is running.
        """
        now = clock.now()
        row = {"lookup": claim.lookup, "fingerprint": claim.fingerprint, "lease_until": now + _LEASE}
        times = {"created_at": now, "expires_at": now + LIFETIME}
        old = delete(kept_answers).where(kept_answers.c.expires_at < now, EVERYTHING.sees(kept_answers))
        async with self._database.write(claim.scope) as tx:
            await tx.run(old)
            if await tx.upsert(kept_answers, {**row, **times, **claim.scope.stamp()}, key=("lookup",)) is not None:
                return None
            meant = kept_answers.c.lookup == claim.lookup, EVERYTHING.sees(kept_answers)
            found = await tx.first(select(kept_answers).where(*meant))
            if found is None:
                raise Conflict("相同 Idempotency-Key 的请求正在处理，请稍后重试")
            if not hmac.compare_digest(found.fingerprint, claim.fingerprint):
                raise Conflict("Idempotency-Key 已用于内容不同的请求", field="Idempotency-Key")
            if found.status is not None:
                body = None if found.answer is None else claim.opened(found.answer)
                return Answer(found.status, found.media_type, body)
            # Its process is gone, unless the lease still runs; of several who see that, one takes it over.
            lapsed = kept_answers.c.lease_until == found.lease_until, kept_answers.c.lease_until <= now
            if not await tx.run(update(kept_answers).where(*meant, *lapsed).values(lease_until=now + _LEASE)):
                raise Conflict("相同 Idempotency-Key 的请求正在处理，请稍后重试")
        return None

    @asynccontextmanager
    async def running(self, claim: Claim) -> AsyncGenerator[None]:
        """Keep the claim alive while the call runs."""
        renewing = asyncio.create_task(self._renew(claim))
        try:
            yield
        finally:
            renewing.cancel()
            with suppress(asyncio.CancelledError):
                await renewing

    async def keep(self, claim: Claim, answer: Answer) -> None:
        """Keep the answer of a call that was made."""
        body = answer.body or b""
        sealed = claim.sealed(body) if len(body) <= LARGEST else None
        meant = kept_answers.c.lookup == claim.lookup, EVERYTHING.sees(kept_answers)
        values = {"status": answer.status, "media_type": answer.media_type, "answer": sealed}
        async with self._database.write(claim.scope) as tx:
            await tx.run(update(kept_answers).where(*meant).values(**values))

    async def release(self, claim: Claim) -> None:
        """Give the key back: the call came to nothing, and may be made again."""
        meant = kept_answers.c.lookup == claim.lookup, kept_answers.c.status.is_(None), EVERYTHING.sees(kept_answers)
        async with self._database.write(claim.scope) as tx:
            await tx.run(delete(kept_answers).where(*meant))

    async def _renew(self, claim: Claim) -> None:
        meant = kept_answers.c.lookup == claim.lookup, EVERYTHING.sees(kept_answers)
        while True:
            await asyncio.sleep(_RENEW_SECONDS)
            try:
                async with self._database.write(claim.scope) as tx:
                    await tx.run(update(kept_answers).where(*meant).values(lease_until=clock.now() + _LEASE))
            except DatabaseUnavailable:
                log.warning("a running call could not be marked as running")
