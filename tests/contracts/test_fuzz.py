"""Whatever the API reference allows, or does not, is answered in the family's words and never with a server's fault."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2 as httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.accounts.people import People
from contracts.accounts.people import refused as refused_in_code
from contracts.accounts.wire import refused as refused_in_words
from contracts.assistant.wire import objection
from contracts.gateway.wire import refused as refused_by_gateway
from contracts.gateway.wire import status_of
from serving import ServerProcess
from wenshu.server.dialects import dialect_for

Schema = dict[str, Any]
EXAMPLES = 25
MATRIX = json.loads(Path(__file__).with_name("matrix.json").read_text("utf-8"))
ROUTES = [re.sub(r"\{(\w+):\w+\}", r"{\1}", route) for route in MATRIX]
"""All of them, as the reference spells them: ``test_matrix`` sees to that."""
UNSERVED = ("/embeddings", "/embeddings/{model}")
"""Calls that say 503 where nothing is set that could serve them."""
WORDS = [
    "",
    " ",
    "甲",
    "default",
    "admin",
    "0" * 32,
    "../x",
    "a\x00b",
    "' or 1=1 --",
    "%",
    "x" * 300,
    "１２",
    "null",
    "-1",
]
text = st.text(max_size=12) | st.sampled_from(WORDS)
junk = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | text
anything = st.recursive(
    junk, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3), max_leaves=6
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    process = ServerProcess(
        tmp_path_factory.mktemp("fuzz") / "home", WENSHU_RATE_LIMIT="1000000/second", WENSHU_JOBS_WORKER="false"
    )
    try:
        yield process.start()
    finally:
        process.stop()


@pytest.fixture(scope="module")
def client(server: ServerProcess) -> Iterator[httpx.Client]:
    """Whoever may do everything reaches furthest."""
    with server.client() as plain, server.client(headers=People(plain, server.home).headers) as opened:
        yield opened


@pytest.fixture(scope="module")
def reference(client: httpx.Client) -> Schema:
    return client.get("/openapi.json").json()


def like(schema: Schema, reference: Schema, depth: int = 0) -> st.SearchStrategy[Any]:
    """Values that the schema describes, mostly; sometimes anything."""
    return sound(schema, reference, depth) if depth > 4 else sound(schema, reference, depth) | anything


def sound(schema: Schema, reference: Schema, depth: int) -> st.SearchStrategy[Any]:
    if "$ref" in schema:
        return like(reference["components"]["schemas"][schema["$ref"].rpartition("/")[2]], reference, depth)
    if "anyOf" in schema:
        return st.one_of([like(one, reference, depth + 1) for one in schema["anyOf"]])
    if "enum" in schema or "const" in schema:
        return st.sampled_from(schema.get("enum", [schema.get("const")]))
    kind = schema.get("type")
    if kind == "object":
        fields = {name: like(one, reference, depth + 1) for name, one in schema.get("properties", {}).items()}
        needed = {name: fields.pop(name) for name in schema.get("required", []) if name in fields}
        return st.fixed_dictionaries(needed, optional=fields)
    if kind == "array":
        return st.lists(like(schema.get("items", {}), reference, depth + 1), max_size=3)
    numbers = {"integer": st.integers(), "number": st.floats(), "boolean": st.booleans()}
    return {**numbers, "string": text, "null": st.none()}.get(str(kind), anything)


def requests(route: str, reference: Schema) -> st.SearchStrategy[dict[str, Any]]:
    """Requests of the route: path, query, headers, body."""
    method, path = route.split(" ")
    call = reference["paths"][path][method.lower()]
    named: dict[str, dict[str, st.SearchStrategy[str]]] = {"path": {}, "query": {}, "header": {}}
    for parameter in call.get("parameters", []):
        values = like(parameter["schema"], reference).map(as_text)
        named[parameter["in"]][parameter["name"]] = values
    body = call.get("requestBody", {}).get("content", {})
    sent = like(body["application/json"]["schema"], reference) if "application/json" in body else st.none()
    return st.fixed_dictionaries(
        {
            "path": st.fixed_dictionaries(named["path"]),
            "query": st.fixed_dictionaries({}, optional=named["query"]),
            "header": st.fixed_dictionaries({}, optional=named["header"]),
            "body": sent,
            "form": st.booleans() if "multipart/form-data" in body else st.just(value=False),
        }
    )


def as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def sent(client: httpx.Client, route: str, request: dict[str, Any]) -> httpx.Response:
    method, path = route.split(" ")
    for name, value in request["path"].items():
        path = path.replace(f"{{{name}}}", quote(value, safe="") or "-")
    query = "&".join(f"{quote(name)}={quote(value)}" for name, value in request["query"].items())
    # What no client library would send is another test's business.
    kept = {name: value for name, value in request["header"].items() if value.isprintable() and value == value.strip()}
    headers = {name: value.encode() for name, value in kept.items()}
    options: dict[str, Any] = {"headers": headers}
    if request["form"]:
        options["files"] = {"file": ("甲.txt", b"text")}
    elif request["body"] is not None:
        options["content"] = json.dumps(request["body"]).encode()
        options["headers"] = {**headers, "Content-Type": "application/json"}
    return client.request(method, f"{path}?{query}" if query else path, **options)


def check(route: str, response: httpx.Response) -> None:
    """No fault of ours, and the family's words."""
    status = status_of(response)
    allowed = route.endswith(UNSERVED) and status == 503
    assert status < 500 or allowed, f"{route}: {response.status_code} {response.text[:500]}"
    assert response.headers.get("X-Trace-Id")
    if status < 400:
        return
    family = dialect_for(response.request.url.path).family
    if family == "assistant":
        assert not objection(response, response.status_code)
    elif family == "accounts":
        refused_in_words(response, response.status_code)
    elif family == "admin":
        refused_in_code(response, response.status_code)
    elif family == "forms":
        body = response.json()
        assert set(body) <= {"code", "message", "errors"}
        assert re.fullmatch(r"[A-Z_]+", body["code"])
        assert body["message"]
    elif family == "gateway":
        refused_by_gateway(response, status)
    else:
        assert set(response.json()) == {"error"}


@pytest.mark.slow  # two minutes of both cores; test_schemathesis is the quick form
@pytest.mark.parametrize("route", ROUTES)
def test_no_request_is_a_fault_of_the_server(client: httpx.Client, reference: Schema, route: str) -> None:
    @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), database=None)
    @given(requests(route, reference))
    def every(request: dict[str, Any]) -> None:
        check(route, sent(client, route, request))

    every()
