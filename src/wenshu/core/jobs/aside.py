"""An event loop in a thread of its own, for a library that should not meet the server's; the ways there and back."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from threading import Thread
from typing import Any, TypeVar

T = TypeVar("T")


class Aside:
    """A second event loop, which runs until ``close``; ``here`` is the loop that it was made for.

    Both ways carry the caller's context variables along, and cancellation too.
    """

    def __init__(self, here: asyncio.AbstractEventLoop, name: str) -> None:
        self._here = here
        self._there = asyncio.new_event_loop()
        self._thread = Thread(target=self._there.run_forever, name=name, daemon=True)
        self._thread.start()

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Called here: run the work there."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._there))

    def back(self, work: Callable[[], Coroutine[Any, Any, T]]) -> Callable[[], Awaitable[T]]:
        """For a call from there: run the work here."""

        async def hop() -> T:
            return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work(), self._here))

        return hop

    def close(self) -> None:
        """Called from neither: cancel what still runs there, and end the loop."""
        asyncio.run_coroutine_threadsafe(self._cancel_all(), self._there).result()
        self._there.call_soon_threadsafe(self._there.stop)
        self._thread.join()
        self._there.close()

    async def _cancel_all(self) -> None:
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
