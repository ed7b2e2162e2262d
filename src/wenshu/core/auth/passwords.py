"""Passwords: argon2id, in threads of their own, as one hash takes tens of milliseconds and tens of MiB."""

import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from wenshu.core.telemetry import metrics
from wenshu.kit.errors import InvalidInput

LEAST, MOST = 8, 128
"""Length of a password, characters."""

# OWASP's second recommendation for argon2id (19 MiB, two passes, one lane): about 25 ms, and a flood stays small.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


class Passwords:
    """Hashes and checks; at most two at the same time."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="wenshu-password")
        self._nobodys = _HASHER.hash(secrets.token_hex(16))

    async def hash(self, password: str, *, field: str = "password") -> str:
        """The hash to store. Raises InvalidInput, naming ``field``, for a password that is too short or too long."""
        check_length(password, field=field)
        return await asyncio.get_running_loop().run_in_executor(self._threads, _HASHER.hash, password)

    async def matches(self, stored: str | None, password: str) -> bool:
        """Whether the password is the stored one; without a stored one (no such user) False, after as long."""
        checked = stored or self._nobodys
        same = await asyncio.get_running_loop().run_in_executor(self._threads, _verify, checked, password)
        right = same and stored is not None
        metrics.PASSWORDS.labels("right" if right else "wrong").inc()
        return right

    def close(self) -> None:
        """Give the threads back."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def check_length(password: str, *, field: str = "password") -> None:
    """Raise InvalidInput for a password that is too short or too long."""
    if not LEAST <= len(password) <= MOST:
        raise InvalidInput(f"密码长度应为 {LEAST} 至 {MOST} 个字符", field=field)


def made_up() -> str:
    """A password nobody can guess: 16 characters of base64, 96 random bits."""
    return secrets.token_urlsafe(12)


def _verify(stored: str, password: str) -> bool:
    try:
        return _HASHER.verify(stored, password)
    except (VerifyMismatchError, InvalidHashError):
        return False
