"""Health: alive, and ready with the reasons when not."""

from collections.abc import Awaitable, Callable, Mapping

import structlog
from fastapi import APIRouter
from starlette.responses import Response

from wenshu.web.dialect import JsonResponse

Check = Callable[[], Awaitable[None]]
"""Raises when its part is not ready."""

log = structlog.get_logger()


def health_router(checks: Mapping[str, Check]) -> APIRouter:
    """``/livez`` and ``/readyz``; each check is named in the answer with ``ok`` or what is wrong."""
    router = APIRouter(tags=["运行 Operations"])

    @router.get("/livez", summary="存活 Alive")
    async def livez() -> Response:
        return JsonResponse({"status": "ok"})

    @router.get("/readyz", summary="就绪 Ready, with reasons when not")
    async def readyz() -> Response:
        results = {name: await _outcome(name, check) for name, check in checks.items()}
        ready = all(result == "ok" for result in results.values())
        body = {"status": "ok" if ready else "unavailable", "checks": results}
        return JsonResponse(body, status_code=200 if ready else 503)

    return router


async def _outcome(name: str, check: Check) -> str:
    try:
        await check()
    except Exception as error:  # noqa: BLE001 (any fault of a part means "not ready"; the reason is told)
        log.warning("not ready", part=name, error=str(error))
        return type(error).__name__
    return "ok"
