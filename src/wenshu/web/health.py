"""Health: alive, and ready with the reasons when not."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

import structlog
from fastapi import APIRouter
from starlette.responses import Response

from wenshu.kit.errors import WenshuError
from wenshu.web.dialect import JsonResponse

Check = Callable[[], Awaitable[None]]
"""Raises when its part is not ready."""

_SECONDS = 5.0
"""A part that says nothing for so long is not ready: whoever asks wants to know now."""

log = structlog.get_logger()


def health_router(checks: Mapping[str, Check], notices: Sequence[str] = ()) -> APIRouter:
    """``/livez`` and ``/readyz``; each check is named in the answer with ``ok`` or what is wrong.

    ``notices`` are told there, too, and make nobody less ready.
    """
    router = APIRouter(tags=["运行 Operations"])
    running: dict[str, asyncio.Future[None]] = {}

    @router.get("/livez", summary="存活 Alive")
    async def livez() -> Response:
        return JsonResponse({"status": "ok"})

    @router.get("/readyz", summary="就绪 Ready, with reasons when not")
    async def readyz() -> Response:
        for name, check in checks.items():
            # Calls that come at once share one look: however many ask, the parts are asked once.
            if name not in running or running[name].done():
                running[name] = asyncio.ensure_future(check())
                running[name].add_done_callback(_seen)
        outcomes = await asyncio.gather(*(_outcome(name, running[name]) for name in checks))
        results = dict(zip(checks, outcomes, strict=True))
        ready = all(result == "ok" for result in outcomes)
        body: dict[str, object] = {"status": "ok" if ready else "unavailable", "checks": results}
        if notices:
            body["notices"] = list(notices)
        return JsonResponse(body, status_code=200 if ready else 503)

    return router


def _seen(look: asyncio.Future[None]) -> None:
    """A look that ends after everybody who asked has left is nobody's surprise."""
    if not look.cancelled():
        look.exception()


async def _outcome(name: str, look: asyncio.Future[None]) -> str:
    try:
        await asyncio.wait_for(asyncio.shield(look), _SECONDS)
    except TimeoutError:
        log.warning("not ready", part=name, error="no answer")
        return "超时"
    except Exception as error:  # noqa: BLE001 (any fault of a part means "not ready"; the reason is told)
        log.warning("not ready", part=name, error=str(error))
        return error.message if isinstance(error, WenshuError) else type(error).__name__
    return "ok"
