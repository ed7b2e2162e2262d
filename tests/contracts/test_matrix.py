"""Every route of the application × every kind of caller: status, dialect, and nothing of another tenant's.

The routes come from the application itself: one without a line in ``matrix.json`` fails the first test.
"""

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx2 as httpx
import pytest
from fastapi.routing import APIRoute, iter_route_contexts

from contracts.accounts import people
from contracts.accounts.wire import leaks
from contracts.accounts.wire import refused as refused_in_words
from contracts.assistant.wire import objection
from contracts.forms.wire import refused as refused_by_forms
from contracts.gateway.wire import refused as refused_by_gateway
from contracts.gateway.wire import status_of
from contracts.nations import Headers, Nation
from serving import ServerProcess
from wenshu.core.settings import Settings
from wenshu.server.app import create_app
from wenshu.server.dialects import dialect_for
from wenshu.server.home import Home
from wenshu.web.routing import Route

MATRIX: dict[str, dict[str, Any]] = json.loads(Path(__file__).with_name("matrix.json").read_text("utf-8"))
PAGES = {"GET /", "GET /console", "GET /console/", "HEAD /", "HEAD /console/"}
"""Pages for browsers: the same for everybody."""
UNKNOWN = {"message_id": "999999999999", "marker": "9"}


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> dict[str, APIRoute]:
    """``METHOD /path`` → the route, of all that the application answers."""
    home = tmp_path_factory.mktemp("home")
    app = create_app(Settings(home=home), Home(home), "http://127.0.0.1:1")
    found = [context.original_route for context in iter_route_contexts(app.routes)]
    routes = [route for route in found if isinstance(route, APIRoute)]
    others = [route.path for route in found if not isinstance(route, APIRoute)]
    assert others == ["/openapi.json"], "a route of a kind that this test does not know"
    return {f"{method} {route.path}": route for route in routes for method in route.methods}


@pytest.fixture(scope="module")
def nations(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Nation]]:
    """A server that trusts its network, and one that wants tokens."""
    with ExitStack() as stack:
        worlds: list[Nation] = []
        for mode in ("trusted", "token"):
            home = tmp_path_factory.mktemp(mode) / "home"
            # What is taken on stays queued: whether it can be cancelled is no race.
            server = ServerProcess(home, WENSHU_AUTH_OPEN_FAMILIES=mode, WENSHU_JOBS_WORKER="false")
            stack.callback(server.stop)
            client = stack.enter_context(server.start().client())
            worlds.append(Nation(server, client, trusting=mode == "trusted"))
        yield worlds
    for world in worlds:
        assert leaks(world.server.log) == []


def test_the_matrix_has_every_route(application: dict[str, APIRoute]) -> None:
    assert set(MATRIX) | PAGES == set(application)


def test_the_matrix_says_what_the_routes_need(application: dict[str, APIRoute]) -> None:
    for route, entry in MATRIX.items():
        gates = application[route].gates if isinstance(application[route], Route) else []
        roles = [gate.role for gate in gates]
        needed = max(roles, key=["viewer", "member", "editor", "admin"].index) if roles else None
        assert entry.get("role") == needed, route
        named, operators = any(gate.named for gate in gates), any(gate.operator for gate in gates)
        assert named == (
            entry["kind"] in {"own account", "own scope", "own id", "tenant header", "admin id", "operator"}
        ), route
        assert operators == (entry["kind"] == "operator"), route


def test_what_changes_something_says_who_may(application: dict[str, APIRoute]) -> None:
    """A route that is no GET states its role itself; what it inherits from ``AnyCaller`` is for reading."""
    for route, found in application.items():
        if isinstance(found, Route) and not route.startswith("GET ") and found.gates:
            stated = any(gate.named or gate.role == "admin" for gate in found.gates)
            assert stated or found.dependencies, route


class Try:
    """One route's calls in one world."""

    def __init__(self, nation: Nation, route: str) -> None:
        self.nation = nation
        self.route = route
        self.entry = MATRIX[route]
        self.family = dialect_for(route.split(" ")[1]).family
        self.things = nation.things(route)

    def call(self, headers: Headers, *, named: bool = False, unknown: bool = False, **more: str) -> httpx.Response:
        """Call with the things of A/a1, naming its scope or not, or with ids that nobody has."""
        values = {**self.things.values, **more}
        method, template = self.route.split(" ")
        path = filled(self.entry.get("path", template), values, unknown=unknown)
        scope = self.nation.scope if named else {}
        options: dict[str, Any] = {"headers": headers}
        if "params" in self.entry:
            options["params"] = filled(self.entry["params"], values)
        if "file" in self.entry:
            options |= {"data": scope, "files": {"file": (self.entry["name"], self.entry["file"].encode())}}
        elif method == "GET" or self.entry.get("hints") or (method == "DELETE" and self.entry["kind"] == "words"):
            options["params"] = {**options.get("params", {}), **scope} or None
        elif method in {"POST", "PUT"}:
            options["json"] = scope
        if "json" in self.entry:
            options["json"] = {**filled(self.entry["json"], values), **(options.get("json") or {})}
        return self.nation.client.request(method, path, **options)

    def is_refused(self, response: httpx.Response, *statuses: int) -> dict[str, Any]:
        """Assert a failure in the family's dialect that tells nothing of A/a1; its body."""
        status = status_of(response)
        assert status in statuses, f"{self.route}: {response.status_code} {response.text[:300]}"
        if self.family == "assistant":
            assert not objection(response, *statuses)
        elif self.family == "accounts":
            refused_in_words(response, response.status_code)
        elif self.family == "gateway":
            refused_by_gateway(response, status)
        elif self.family == "forms":
            refused_by_forms(response, response.status_code)
        else:
            people.refused(response, response.status_code)
        self.tells_nothing(response)
        return response.json()

    def tells_nothing(self, response: httpx.Response) -> None:
        """Assert that no word of A/a1 is in the answer.

        The audit log echoes what strangers have typed themselves, that word too: there it is who acted that counts.
        """
        words = [self.nation.owner_id] if self.entry.get("echoes") else [self.nation.marker, quote(self.nation.marker)]
        for word in words:
            assert word not in response.text, f"{self.route} tells of another's"
            assert word not in str(response.headers), f"{self.route} tells of another's"

    def works(self, headers: Headers, *, named: bool = True, fresh: bool = True) -> None:
        """Assert a success, with new things for what uses them up."""
        if fresh:
            self.things = self.nation.things(self.route)
        response = self.call(headers, named=named)
        expected = self.entry.get("works", 200)
        assert status_of(response) == expected, f"{self.route}: {response.status_code} {response.text[:300]}"

    @property
    def own(self) -> Headers:
        """A caller with just the right that the route needs."""
        operator = self.entry["kind"] == "operator"
        return self.things.headers or self.nation.citizen(self.entry["role"], org=self.org, operator=operator)

    @property
    def org(self) -> str:
        """The organisation of who may call: some calls are for those who see the whole tenant."""
        return "" if self.entry.get("whole") else "a1"

    @property
    def strangers(self) -> list[Headers]:
        """Of another organisation, and of another tenant, with all roles."""
        citizen, other = self.nation.citizen, self.nation.b
        return [citizen("admin", org="a2"), citizen("admin", other, "a1"), citizen("admin", other, "")]


def filled(value: Any, values: dict[str, str], *, unknown: bool = False) -> Any:
    """Placeholders replaced, or each by an id that nobody has."""
    if isinstance(value, dict):
        return {key: filled(inner, values, unknown=unknown) for key, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, values, unknown=unknown) for inner in value]
    if not isinstance(value, str):
        return value

    def one(match: re.Match[str]) -> str:
        return UNKNOWN.get(match[1], "0" * 32) if unknown else values[match[1]]

    return re.sub(r"\{(\w+)\}", one, value)


GUARDED = [route for route, entry in MATRIX.items() if entry["kind"] != "public"]


@pytest.mark.parametrize("route", [route for route, entry in MATRIX.items() if entry["kind"] == "public"])
def test_what_is_public_is_the_same_for_all(nations: list[Nation], route: str) -> None:
    for nation in nations:
        attempt = Try(nation, route)
        answers = [attempt.call(headers) for headers in ({}, nation.citizen("viewer"), nation.forged())]
        expected = attempt.entry.get("statuses", [attempt.entry.get("status", 200)] * 3)
        assert [answer.status_code for answer in answers] == expected


@pytest.mark.parametrize("route", GUARDED)
def test_a_credential_that_is_none_is_401(nations: list[Nation], route: str) -> None:
    for nation in nations:
        attempt = Try(nation, route)
        for headers in (nation.expired(), nation.forged(), {"Authorization": "Bearer x"}, {"Authorization": ""}):
            attempt.is_refused(attempt.call(headers, named=True), 401)
        two = [*nation.citizen("admin").items(), *nation.citizen("admin").items()]
        method, path = route.split(" ")
        attempt.is_refused(nation.client.request(method, path, headers=two), 401)


@pytest.mark.parametrize("route", GUARDED)
def test_without_a_token(nations: list[Nation], route: str) -> None:
    trusting, wary = (Try(nation, route) for nation in nations)
    wary.is_refused(wary.call({}, named=True), 401)
    if trusting.entry["kind"] in {"words", "id", "same for all"}:
        trusting.works({}, named="hints" not in trusting.entry or trusting.entry.get("trusted") == "named")
    else:
        trusting.is_refused(trusting.call({}, named=True), 401)


@pytest.mark.parametrize("route", GUARDED)
def test_who_may_not_call_is_told_so_before_the_body_is_read(nations: list[Nation], route: str) -> None:
    method, template = route.split(" ")
    bodies = [(b"{", "application/json"), (b"\xff", "text/plain"), (b"--", "multipart/form-data; boundary=x")]
    for nation in nations:
        attempt = Try(nation, route)
        path = filled(template, attempt.things.values)
        for content, kind in bodies:
            for headers, status in ((nation.forged(), 401), (nation.below(attempt.entry["role"]), 403)):
                sent = {**headers, "Content-Type": kind}
                attempt.is_refused(nation.client.request(method, path, content=content, headers=sent), status)


@pytest.mark.parametrize("route", GUARDED)
def test_the_needed_role_is_needed_and_is_enough(nations: list[Nation], route: str) -> None:
    for nation in nations:
        attempt = Try(nation, route)
        attempt.is_refused(attempt.call(nation.below(attempt.entry["role"]), named=True), 403)
        attempt.works(attempt.own, fresh=False)
        attempt.works(attempt.own, named=False) if not attempt.things.headers else None


@pytest.mark.parametrize("route", GUARDED)
def test_a_key_calls_its_families(nations: list[Nation], route: str) -> None:
    for nation in nations:
        attempt = Try(nation, route)
        role, kind = attempt.entry["role"], attempt.entry["kind"]
        other = "admin" if attempt.family == "assistant" else "assistant"
        if kind == "own account":
            assert status_of(attempt.call(nation.key("admin", other))) == attempt.entry["keys"]
            continue
        attempt.is_refused(attempt.call(nation.key("admin", other), named=True), 403)
        if kind == "operator":
            attempt.is_refused(attempt.call(nation.key("admin", attempt.family)), 403)
        else:
            attempt.works(nation.key(role, attempt.family, attempt.org))
            if role != "viewer":
                attempt.is_refused(attempt.call(nation.key("viewer", attempt.family), named=True), 403)


@pytest.mark.parametrize("route", GUARDED)
def test_strangers_reach_nothing(nations: list[Nation], route: str) -> None:
    for nation in nations:
        attempt = Try(nation, route)
        for headers in attempt.strangers:
            reaches_nothing(attempt, headers)
        # None of the tries has changed anything: the owner's call finds all as it was.
        attempt.works(attempt.own, named=attempt.entry["kind"] == "words", fresh=False)


def reaches_nothing(attempt: Try, headers: Headers) -> None:
    kind, nation = attempt.entry["kind"], attempt.nation
    if kind in {"id", "own id", "admin id"}:
        theirs = attempt.is_refused(attempt.call(headers), 404)
        assert theirs == attempt.is_refused(attempt.call(headers, unknown=True), 404), "tells that the id exists"
        if attempt.entry.get("hints"):
            attempt.is_refused(attempt.call(headers, named=True), 403)
    elif kind == "operator":
        attempt.is_refused(attempt.call(headers), 403)
    elif kind == "words":
        attempt.is_refused(attempt.call(headers, named=True), 403)
        unnamed = attempt.call(headers)
        assert unnamed.status_code == attempt.entry.get("strangers", 200), unnamed.text
        attempt.tells_nothing(unnamed)
    else:
        answer = attempt.call(headers, fresh=f"x{uuid4().hex}")
        expected = attempt.entry.get("strangers", 200)
        assert status_of(answer) in (expected if isinstance(expected, list) else [expected]), answer.text
        attempt.tells_nothing(answer)
    if kind in {"tenant header", "admin id"} and headers != nation.citizen("admin", org="a2"):
        attempt.is_refused(attempt.call({**headers, "X-Tenant-Id": nation.a}), 403)
