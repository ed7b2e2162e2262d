"""schemathesis over the whole API reference: sound and unsound requests, no fault of ours, answers as documented.

``test_fuzz`` makes requests of our own kind of junk; this is what others run against an OpenAPI document.
"""

from collections.abc import Iterator
from typing import Any

import httpx2 as httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import CHECKS, load_all_checks

from contracts.accounts.people import People
from contracts.test_fuzz import ROUTES, check
from serving import ServerProcess

EXAMPLES, MANY = 5, 300
URL_BYTES = 60_000
load_all_checks()
CONFORMING = CHECKS.get_by_names(["content_type_conformance", "response_schema_conformance"])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    process = ServerProcess(
        tmp_path_factory.mktemp("schemathesis") / "home",
        WENSHU_RATE_LIMIT="1000000/second",
        WENSHU_JOBS_WORKER="false",
    )
    try:
        yield process.start()
    finally:
        process.stop()


@pytest.fixture(scope="module")
def headers(server: ServerProcess) -> dict[str, str]:
    """Whoever may do everything reaches furthest."""
    with server.client() as client:
        return People(client, server.home).headers


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    with requests.Session() as opened:
        opened.trust_env = False
        yield opened


@pytest.fixture(scope="module")
def schema(server: ServerProcess) -> Any:
    with server.client() as client:
        document = client.get("/openapi.json").json()
    loaded = schemathesis.openapi.from_dict(document)
    loaded.config.update(base_url=server.url)
    return loaded


def every(schema: Any, route: str, session: requests.Session, headers: dict[str, str], examples: int) -> None:
    """So many requests of each kind."""
    method, path = route.split(" ")
    operation = schema[path][method]
    call = schema.raw_schema["paths"][path][method.lower()]
    takes_nothing = not call.get("parameters") and "requestBody" not in call
    # Of a call that takes nothing there are no unsound ones.
    for mode in [schemathesis.GenerationMode.POSITIVE] if takes_nothing else schemathesis.GenerationMode:

        @settings(
            max_examples=examples,
            suppress_health_check=list(HealthCheck),
            database=None,
            derandomize=True,
            phases=[Phase.generate, Phase.shrink],
        )
        @given(operation.as_strategy(generation_mode=mode))
        def one(case: schemathesis.Case) -> None:
            response = case.call(session=session, headers=dict(headers), timeout=60)
            if len(response.request.url or "") > URL_BYTES and response.status_code == 400:
                return  # the HTTP parser refuses it before there is a request
            request = httpx.Request(method, (response.request.url or "").partition("?")[0])
            seen = {name: values[0] for name, values in response.headers.items()}
            check(route, httpx.Response(response.status_code, headers=seen, content=response.content, request=request))
            if response.status_code < 300:
                case.validate_response(response, checks=CONFORMING)

        one()


@pytest.mark.parametrize("route", ROUTES)
def test_the_reference_is_kept(
    schema: Any, session: requests.Session, headers: dict[str, str], server: ServerProcess, route: str
) -> None:
    every(schema, route, session, headers, EXAMPLES)
    assert server.process is not None
    assert server.process.poll() is None


@pytest.mark.slow
@pytest.mark.parametrize("route", ROUTES)
def test_the_reference_is_kept_at_length(
    schema: Any, session: requests.Session, headers: dict[str, str], route: str
) -> None:
    every(schema, route, session, headers, MANY)


def test_the_reference_names_every_route(schema: Any) -> None:
    named = {f"{result.ok().method.upper()} {result.ok().path}" for result in schema.get_all_operations()}
    assert named == set(ROUTES)
