"""Routers whose routes return plain models and raise domain errors; who calls is known before a body is read."""

from collections.abc import Awaitable, Callable, Coroutine, Iterator
from functools import wraps
from inspect import Parameter, signature
from types import UnionType
from typing import Any, Union, cast, get_args, get_origin

from fastapi import APIRouter
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.params import Form
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from wenshu.kit.errors import WenshuError
from wenshu.web.caller import Caller, Gate
from wenshu.web.dialect import STATUS, Dialect, JsonResponse, Said
from wenshu.web.idempotency import ONCE, REPLAYED, once
from wenshu.web.strict import StrictRequest, check_address, decode

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class Route(APIRoute):
    """A route that asks its gates first, then reads its query and its JSON body strictly."""

    kind_unsaid = ""
    """What a body without a Content-Type is taken for."""

    @property
    def gates(self) -> list[Gate]:
        """Who may call: all of them have to open."""
        return list(_gates(self.dependant))

    @property
    def recorded(self) -> bool:
        """Whether a call stands in the audit log: as a gate says, else where it may change something."""
        said = [gate.recorded for gate in self.gates if gate.recorded is not None]
        return all(said) if said else bool(self.gates) and self.methods != {"GET"}

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler, behind the gates, on a strict request where the route takes JSON, with its audit entry."""
        run = self._strictly(super().get_route_handler())
        return _recorded(run, self.path) if self.recorded else run

    def _strictly(self, handle: Handler) -> Handler:
        takes_json = self.body_field is not None and not isinstance(self.body_field.field_info, Form)
        gates = self.gates

        async def run(request: Request) -> Response:
            # Before anything of the request is judged: a stranger learns nothing of what a call takes.
            for gate in gates:
                await gate(request)
            check_address(request)
            if not takes_json:
                return await handle(request)
            body = await request.body()
            fields = decode(body, request.headers.get("content-type", self.kind_unsaid))
            # A field that is null is one that is left out: many clients send all the fields they know.
            given = {name: value for name, value in fields.items() if value is not None}
            return await handle(StrictRequest(request, body, given))

        return run


class UntypedRoute(Route):
    """For callers who send JSON without saying so. Their credential is none that a browser adds by itself."""

    kind_unsaid = "application/json"


def _recorded(handle: Handler, template: str) -> Handler:
    async def run(request: Request) -> Response:
        try:
            response = await handle(request)
        except Exception as error:
            status = STATUS[error.code] if isinstance(error, WenshuError) else 500
            if not isinstance(error, RequestValidationError):
                await _close_trail(request, template, status)
            raise
        if REPLAYED not in response.headers:
            await _close_trail(request, template, response.status_code)
        return response

    return run


async def _close_trail(request: Request, template: str, status: int) -> None:
    caller: Caller | None = getattr(request.state, "caller", None)
    if caller is not None:
        await caller.trail.close(caller.context.audit, request, template, status)


class DialectRouter(APIRouter):
    """A router whose routes return plain models and raise domain errors."""

    def __init__(self, dialect: Dialect, prefix: str, tags: list[str], route_class: type[Route] = Route) -> None:
        super().__init__(prefix=prefix, tags=list(tags), route_class=route_class, strict_content_type=False)
        self.dialect = dialect

    def add_api_route(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:  # noqa: ANN401 (FastAPI's own options)
        """Register ``endpoint``, its value put into the family's envelope."""
        value = _value_type(signature(endpoint).return_annotation)
        options["response_model"] = None if value is None else self.dialect.envelope(value)
        taken_once = ONCE in (options.get("dependencies") or ())
        super().add_api_route(path, _enveloped(endpoint, self.dialect, taken_once=taken_once), **options)


def dialect_router(dialect: Dialect, *, prefix: str, tag: str, route_class: type[Route] = Route) -> DialectRouter:
    """A router that speaks the dialect under the prefix; ``tag`` groups it in the API reference."""
    return DialectRouter(dialect, prefix, [tag], route_class)


def _gates(dependant: Dependant) -> Iterator[Gate]:
    for inner in dependant.dependencies:
        if isinstance(inner.call, Gate):
            yield inner.call
        yield from _gates(inner)


def _value_type(returned: object) -> object:
    """What stands inside ``Said[…]``, beside a bare response or not; None where a route only ever makes responses."""
    if get_origin(returned) in {Union, UnionType}:
        return next(value for value in map(_value_type, get_args(returned)) if value is not None)
    if get_origin(returned) is Said:
        return get_args(returned)[0]
    if isinstance(returned, type) and issubclass(cast("type[object]", returned), Response):
        return None
    return cast("object", returned)


def _enveloped(
    endpoint: Callable[..., Awaitable[Any]], dialect: Dialect, *, taken_once: bool
) -> Callable[..., Awaitable[Response]]:
    @wraps(endpoint)
    async def answer(*args: object, **values: object) -> Response:
        result = await endpoint(*args, **values)
        return result if isinstance(result, Response) else JsonResponse(dialect.success(result))

    if not taken_once:
        return answer

    @wraps(endpoint)
    async def answer_once(*args: object, _request: Request, **values: object) -> Response:
        return await once(_request, dialect, values, lambda: answer(*args, **values))

    # FastAPI hands a call what its signature names: here the endpoint's own parameters, and the request.
    takes = signature(endpoint)
    request = Parameter("_request", Parameter.KEYWORD_ONLY, annotation=Request)
    vars(answer_once)["__signature__"] = takes.replace(parameters=[*takes.parameters.values(), request])
    return answer_once
