"""Faults: every failure, whoever raised it, leaves in the dialect of its path."""

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import compile_path

from wenshu.kit.errors import InternalError, InvalidInput, MethodNotAllowed, NotFound, WenshuError
from wenshu.web.context import web_context
from wenshu.web.dialect import respond
from wenshu.web.validation import as_error

log = structlog.get_logger()


def install_fault_handlers(app: FastAPI) -> None:
    """Handle domain errors, FastAPI's and Starlette's own, and what nobody expected."""
    app.add_exception_handler(WenshuError, _domain)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _framework)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(Exception, _unexpected)


def _answer(request: Request, error: WenshuError) -> Response:
    return respond(web_context(request).dialect_for(request.url.path), error)


async def _domain(request: Request, error: Exception) -> Response:
    assert isinstance(error, WenshuError)  # noqa: S101 (registered for this type only)
    return _answer(request, error)


async def _validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 (registered for this type only)
    return _answer(request, as_error(error.errors()))


async def _framework(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 (registered for this type only)
    if error.status_code == 404:
        return _answer(request, NotFound("接口不存在"))
    if error.status_code == 405:
        response = _answer(request, MethodNotAllowed())
        methods = _methods(request.app, request.url.path)
        response.headers.update({"Allow": ", ".join(methods)} if methods else error.headers or {})
        return response
    return _answer(request, InvalidInput())


def _methods(app: FastAPI, path: str) -> list[str]:
    """What the documented calls of the path take: Starlette names only the first of them."""
    calls = app.openapi()["paths"].items()
    return sorted(
        {method.upper() for template, methods in calls if compile_path(template)[0].match(path) for method in methods}
    )


async def _gone(request: Request, error: Exception) -> Response:
    """The client left amid its body: nobody reads this answer, and nothing is wrong with us."""
    del request, error
    return Response(status_code=400)


async def _unexpected(request: Request, error: Exception) -> Response:
    log.error("unhandled", exc_info=error, method=request.method, path=request.url.path)
    return _answer(request, InternalError())
