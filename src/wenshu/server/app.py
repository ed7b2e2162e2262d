"""The application: routes, layers and the lifespan that composes the parts."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from importlib.metadata import version
from importlib.resources import files
from urllib.parse import urlsplit

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import HTMLResponse, RedirectResponse
from starlette.types import ASGIApp

from wenshu.core.settings import MIB, Settings
from wenshu.server.compose import ALONE, Composed, Member, composed, trusts
from wenshu.server.dialects import dialect_for
from wenshu.server.home import Home
from wenshu.services.accounts import routes as accounts_routes
from wenshu.services.accounts.admin.routes import router as admin_router
from wenshu.services.assistant.chat.routes import router as chat_router
from wenshu.services.assistant.imports.routes import router as imports_router
from wenshu.services.assistant.library.routes import router as library_router
from wenshu.services.forms.routes import router as forms_router
from wenshu.services.gateway.admin import routes as gateway_admin_routes
from wenshu.services.gateway.ernie import routes as ernie_routes
from wenshu.services.gateway.openai import routes as openai_routes
from wenshu.services.operations.routes import router as operations_router
from wenshu.web import files as file_routes
from wenshu.web.body_limit import BodyLimit
from wenshu.web.faults import install_fault_handlers
from wenshu.web.health import Check, health_router
from wenshu.web.metrics import Measure, metrics_router
from wenshu.web.status import AlwaysOk
from wenshu.web.trace import Trace
from wenshu.web.trust import TrustGuard

_CONSOLE_POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; script-src 'self' 'unsafe-inline'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)


def create_app(settings: Settings, home: Home, public_url: str, member: Member = ALONE) -> FastAPI:
    """The FastAPI application; ``app.state`` holds the parts while it runs."""
    checks: dict[str, Check] = {}
    notices: list[str] = []
    measures: list[Measure] = []

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        async with composed(settings, home, public_url, member=member) as parts:
            _attach(app, parts)
            checks.update(parts.checks)
            notices[:] = parts.notices
            measures[:] = parts.measures
            yield

    app = FastAPI(
        title="文枢 Wenshu",
        version=version("wenshu"),
        docs_url=None,  # FastAPI's pages load their scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,  # an address that is not documented is 404, not a redirect built on the request's Host
        lifespan=lifespan,
    )
    install_fault_handlers(app)
    accounts = accounts_routes.router, accounts_routes.public, admin_router
    gateway = (
        gateway_admin_routes.router,
        gateway_admin_routes.used,
        openai_routes.router,
        openai_routes.qianfan,
        ernie_routes.router,
        ernie_routes.oauth,
        ernie_routes.bearers,
        ernie_routes.memories,
    )
    families = *accounts, chat_router, library_router, imports_router, forms_router, operations_router, *gateway
    for router in (*families, file_routes.router):
        app.include_router(router)
    app.include_router(health_router(checks, notices))
    app.include_router(metrics_router(measures))
    _add_console(app)
    return app


def create_asgi(app: FastAPI, settings: Settings) -> ASGIApp:
    """The application inside its layers, outermost last: body limits, CORS, the guard, the trace, 200 for failures.

    The guard stands where the network is trusted, the last layer where a family wants it.
    """
    limits = _body_limits(settings)
    server = settings.server
    asgi: ASGIApp = BodyLimit(
        app, limit_for=lambda path: limits.get(path, server.max_json_bytes), dialect_for=dialect_for
    )
    if settings.cors.origins:
        asgi = CORSMiddleware(
            asgi,
            allow_origins=settings.cors.origins,
            allow_methods=["GET", "POST", "PUT", "DELETE"],
            allow_headers=["*"],
            expose_headers=["X-Trace-Id", "Content-Disposition", "Retry-After", "Idempotency-Replayed"],
        )
    # A token that a page of another site does not have needs no such guard.
    if trusts(settings) and not server.trust_network:
        asgi = TrustGuard(
            asgi,
            hosts=[*server.public_hosts, urlsplit(server.public_url).hostname or "localhost"],
            origins=settings.cors.origins,
            dialect_for=dialect_for,
        )
    asgi = Trace(asgi, dialect_for)
    fine = {name for name, family in settings.families().items() if family.http_status == "always_200"}
    return AlwaysOk(asgi, families=fine, dialect_for=dialect_for) if fine else asgi


def _attach(app: FastAPI, parts: Composed) -> None:
    app.state.web = parts.web
    app.state.assistant = parts.assistant
    app.state.forms = parts.forms
    app.state.accounts = parts.identity.accounts
    app.state.first_password = parts.identity.first_password
    app.state.operations = parts.operations
    app.state.gateway = parts.gateway
    app.state.end = parts.end


def _body_limits(settings: Settings) -> Mapping[str, int]:
    """Bytes by path, for the paths that take more than a plain JSON body; multipart adds its own framing."""
    server = settings.server
    one_file = server.max_file_bytes + MIB
    return {
        "/chat_service/chat": server.max_bulk_json_bytes,
        "/chat_service/upload": one_file,
        "/chat_service/upload_and_parse": server.max_files * server.max_file_bytes + MIB,
        "/vector_db_service/add_qa_from_template": one_file,
        "/vector_db_service/imports": server.max_bulk_json_bytes,
        "/vector_db_service/unchanged_documents": server.max_bulk_json_bytes,
    }


def _add_console(app: FastAPI) -> None:
    page = files("wenshu.console").joinpath("index.html").read_text("utf-8")

    @app.api_route("/", methods=["GET", "HEAD"], include_in_schema=False)
    @app.get("/console", include_in_schema=False)
    async def root() -> RedirectResponse:
        return RedirectResponse("/console/")

    @app.api_route("/console/", methods=["GET", "HEAD"], include_in_schema=False)
    async def console() -> HTMLResponse:
        return HTMLResponse(
            page, headers={"Content-Security-Policy": _CONSOLE_POLICY, "X-Content-Type-Options": "nosniff"}
        )
