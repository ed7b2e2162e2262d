"""The documented table of who may call what is what the routes ask for."""

import re
from pathlib import Path

import pytest
from fastapi.routing import iter_route_contexts

from wenshu.core.auth.families import KEY_FAMILIES
from wenshu.core.auth.roles import ROLES
from wenshu.core.settings import Settings
from wenshu.server.app import create_app
from wenshu.server.dialects import dialect_for
from wenshu.server.home import Home
from wenshu.web.routing import Route

PAGE = (Path(__file__).parents[2] / "docs" / "services" / "accounts.md").read_text("utf-8")


@pytest.fixture(scope="module")
def routes(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    app = create_app(Settings(home=home), Home(home), "http://127.0.0.1:1")
    found = [context.original_route for context in iter_route_contexts(app.routes)]
    return {f"{method} {route.path}": route for route in found if isinstance(route, Route) for method in route.methods}


def needed(route):
    """The highest role that one of the gates asks for; None where there is none."""
    return max((gate.role for gate in route.gates), key=ROLES.index, default=None)


def test_the_table_of_roles_is_the_code_s(routes):
    table = PAGE.partition("<!-- roles -->")[2].partition("<!-- /roles -->")[0]
    told = {
        route: role
        for role, calls in re.findall(r"^\| `(\w+)` \|[^|]*\|(.*)\|$", table, re.MULTILINE)
        for route in re.findall(r"`((?:GET|POST|PUT|DELETE) [^`]+)`", calls)
    }
    assert told == {name: needed(route) for name, route in routes.items() if "_service/" in name}


def test_every_gated_family_can_be_named_in_a_key(routes):
    families = {dialect_for(route.path).family for route in routes.values() if route.gates} - {"accounts"}
    assert families == set(KEY_FAMILIES)


def test_what_is_not_gated_is_meant_to_be_open(routes):
    assert {name for name, route in routes.items() if not route.gates} == {
        "POST /api/login",
        "POST /api/refresh",
        "POST /api/logout",
        "GET /.well-known/jwks.json",
        "GET /oauth/2.0/token",
        "POST /oauth/2.0/token",
    }
