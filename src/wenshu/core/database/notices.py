"""Notices: short words that processes on one database send each other, so that nobody has to look again and again.

They say what to look at, never what is there. While the connection is lost they are lost, too: listeners are then told
to look at everything, and whoever depends on them looks by itself now and then.
"""

import asyncio
from collections.abc import Callable

import structlog

from wenshu.core.database.engine import Database

log = structlog.get_logger()
_AGAIN_SECONDS = 2.0

Heard = Callable[[str], None]
"""Called with what was said, empty where anything may have been."""


class Notices:
    """Hands on what other processes say; ``word`` is the first word of a notice, the rest is for its listeners."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._listeners: dict[str, list[Heard]] = {}

    def listen(self, word: str, heard: Heard) -> None:
        """Have notices that begin with this word handed on."""
        self._listeners.setdefault(word, []).append(heard)

    async def run(self) -> None:
        """Listen until cancelled, connecting again where that is needed."""
        while True:
            try:
                async for notice in self._database.notices():
                    self._hand_on(notice)
            except Exception as error:  # noqa: BLE001 (whatever it was: connected anew, everything is looked at)
                log.warning("notices of other processes are not heard", error=type(error).__name__)
            await asyncio.sleep(_AGAIN_SECONDS)

    def _hand_on(self, notice: str) -> None:
        word, _, rest = notice.partition(" ")
        for known, listeners in self._listeners.items():
            if word in {known, ""}:
                for heard in listeners:
                    heard(rest)
