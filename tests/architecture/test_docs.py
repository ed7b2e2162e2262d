"""The documentation says what the code does: settings, calls, commands, the two commands of the README."""

import re
from pathlib import Path

import pytest
from pydantic import SecretStr
from typer.main import get_command

from wenshu.cli.main import app as cli
from wenshu.core.settings import Section, Settings
from wenshu.server.app import create_app
from wenshu.server.dialects import DIALECTS, dialect_for
from wenshu.server.home import Home

ROOT = Path(__file__).parents[2]
DOCS = "\n".join(path.read_text("utf-8") for path in [*ROOT.glob("README*.md"), *(ROOT / "docs").rglob("*.md")])
OPERATIONS = (ROOT / "docs" / "operations.md").read_text("utf-8")
FAMILIES = {"/chat_service/": "assistant", "/vector_db_service/": "assistant", "/api/v1/admin/": "operations"}


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    return create_app(Settings(home=home), Home(home), "http://127.0.0.1:1").openapi()["paths"]


def settings():
    for section, field in Settings.model_fields.items():
        if not isinstance(field.default, Section):
            yield f"WENSHU_{section.upper()}", str(field.default), field.description
            continue
        for key, inner in type(field.default).model_fields.items():
            default = inner.default
            plain = default.get_secret_value() if isinstance(default, SecretStr) else default
            yield f"WENSHU_{section.upper()}_{key.upper()}", str(plain), inner.description


def test_every_setting_is_documented_with_its_default():
    for name, default, description in settings():
        shown = f"`{default}`" if default else ""
        assert f"| `{name}` | {shown} | {description} |" in OPERATIONS


def test_no_setting_is_documented_that_does_not_exist():
    known = {name for name, _, _ in settings()} | {"WENSHU_CONFIG", "WENSHU_A_B_C"}
    assert set(re.findall(r"WENSHU_[A-Z_]*[A-Z]", DOCS)) <= known


def test_every_call_is_documented(paths):
    for path, methods in paths.items():
        for method in methods:
            assert f"`{method.upper()} {path}`" in DOCS


def test_no_call_is_documented_that_does_not_exist(paths):
    named = set(re.findall(r"`(GET|POST|PUT|DELETE) (/[^`]*)`", DOCS))
    real = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    assert named <= real | {("GET", "/openapi.json")}


def test_every_command_is_documented():
    for name, command in get_command(cli).commands.items():
        assert f"wenshu {name}" in DOCS or f"`{name}`" in DOCS
        assert command.help or command.callback.__doc__


def test_the_readmes_show_the_two_commands_first():
    for path in ROOT.glob("README*.md"):
        first_screen = "\n".join(path.read_text("utf-8").splitlines()[:12])
        assert "make run" in first_screen
        assert "make test" in first_screen


FAMILIES = {
    "/api/v1/task": "forms",
    "/api/v1/forms": "forms",
    "/api/v1/webhook": "forms",
    "/api/v1/admin": "admin",
    "/api/v1/usage": "gateway",
    "/v1": "gateway",
    "/v2": "gateway",
    "/rpc": "gateway",
    "/oauth": "gateway",
    "/chat_service": "assistant",
    "/vector_db_service": "assistant",
    "/api": "accounts",
    "/.well-known": "accounts",
    "/files": "server",
    "/livez": "server",
    "/readyz": "server",
    "/metrics": "server",
}


def test_every_route_has_the_dialect_of_its_family(paths):
    for path in paths:
        prefix = next(prefix for prefix in FAMILIES if path.startswith(prefix))
        assert dialect_for(path).family == FAMILIES[prefix]


@pytest.mark.parametrize(
    ("path", "prefix"),
    [
        ("/chat_service/nothing", "/chat_service"),
        ("/chat_service", "/chat_service"),
        ("/chat_services", ""),
        ("/api/v1/task", "/api/v1/task"),
        ("/api/v1/tasks", "/api/v1"),
        ("/api/v1x", "/api"),
        ("/api/v1/admin/jobs", "/api/v1/admin"),
        ("/api/v1/administration", "/api/v1"),
        ("/v1/models", "/v1"),
        ("/", ""),
        ("", ""),
    ],
)
def test_dialects_go_by_whole_segments(path, prefix):
    assert dialect_for(path) is DIALECTS[prefix]
