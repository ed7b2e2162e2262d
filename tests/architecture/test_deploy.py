"""The files under ``deploy`` fit the server: settings and their values, commands, paths, limits; nobody is root."""

import os
import re
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from wenshu.cli.main import app as cli
from wenshu.core.settings import MIB, Section, Settings, load
from wenshu.server.compose import check_supported, trusts
from wenshu.web.sse import HEARTBEAT_SECONDS

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text("utf-8")
COMPOSE = {path.name: yaml.safe_load(path.read_text("utf-8")) for path in sorted(DEPLOY.glob("compose.*.yml"))}
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
NGINX = (DEPLOY / "nginx.conf").read_text("utf-8")
FILES = [path for path in [*DEPLOY.rglob("*"), ROOT / "docs" / "deployment.md"] if path.is_file()]
TYPED = {
    "WENSHU_ADMIN_PASSWORD": "a-password-that-was-typed",
    "WENSHU_SERVER_PUBLIC_URL": "https://wenshu.example.com",
    "WENSHU_STORAGE_LINK_SECRET": "0123456789abcdef",
    "POSTGRES_PASSWORD": "pg0password",
    "MINIO_ROOT_USER": "minio",
    "MINIO_ROOT_PASSWORD": "minio0password",
}
"""What an operator has to fill in."""


def ours(compose: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The services that run Wenshu."""
    return {name: one for name, one in compose["services"].items() if one["image"] == "wenshu:local"}


def filled(value: str) -> str:
    """A value as compose fills it in: ``${NAME:?why}`` must be given, ``${NAME:-default}`` may be."""

    def one(match: re.Match[str]) -> str:
        name, sign, rest = match.groups()
        return TYPED[name] if sign == ":?" else rest

    return re.sub(r"\$\{(\w+)(:\?|:-)((?:[^{}]|\[.*?\])*)\}", one, value)


def names() -> set[str]:
    found = {"WENSHU_HOME", "WENSHU_CONFIG"}
    for section, field in Settings.model_fields.items():
        if isinstance(field.default, Section):
            found |= {f"WENSHU_{section}_{key}".upper() for key in type(field.default).model_fields}
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_only_settings_that_exist_are_named(path: Path) -> None:
    assert set(re.findall(r"WENSHU_[A-Z_]*[A-Z]", path.read_text("utf-8"))) <= names()


@pytest.mark.parametrize("name", COMPOSE)
def test_the_server_takes_what_compose_gives_it(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for variable in [one for one in os.environ if one.startswith("WENSHU_")]:
        monkeypatch.delenv(variable)
    for variable, value in re.findall(r"(WENSHU_\w+)=(\S+)", DOCKERFILE):
        monkeypatch.setenv(variable, value)
    for service in ours(COMPOSE[name]).values():
        for variable, value in service["environment"].items():
            assert isinstance(value, str), f"{variable}: YAML would make something else of it"
            monkeypatch.setenv(variable, filled(value))
        settings = load()
        check_supported(settings)
        assert not trusts(settings), "reachable by others, and without tokens"
        assert str(settings.home) == "/var/lib/wenshu"
        assert service["stop_grace_period"] == "30s"
        assert settings.server.stop_seconds + 2 < 30


@pytest.mark.parametrize("name", COMPOSE)
def test_compose_names_what_is_there(name: str) -> None:
    compose = COMPOSE[name]
    for service in compose["services"].values():
        for volume in service.get("volumes", []):
            assert volume.partition(":")[0] in compose["volumes"]
        for network in service.get("networks", []):
            assert network in compose["networks"]
        for other, wanted in service.get("depends_on", {}).items():
            needed = compose["services"][other]
            assert wanted["condition"] != "service_healthy" or "healthcheck" in needed
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:"), "open to the world, past the proxy"
        if "build" in service:
            context = (DEPLOY / service["build"]["context"]).resolve()
            assert context == ROOT
            assert (context / service["build"]["dockerfile"]).is_file()
        else:
            tag = service["image"].rpartition(":")[2]
            assert re.search(r"\d", tag), f"{service['image']} may be another one tomorrow"


@pytest.mark.parametrize("name", COMPOSE)
def test_our_containers_may_do_little(name: str) -> None:
    volumes: list[str] = []
    for service in ours(COMPOSE[name]).values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert not service.get("privileged")
        assert service["command"][0] in get_command(cli).commands
        volumes += [volume for volume in service["volumes"] if volume.endswith(":/var/lib/wenshu")]
    assert len(set(volumes)) == len(ours(COMPOSE[name])), "one process owns a folder"


def test_every_secret_is_asked_for_and_none_is_written_down() -> None:
    example = dict(re.findall(r"^(\w+)=(.*)$", (DEPLOY / "wenshu.env.example").read_text("utf-8"), re.MULTILINE))
    asked = {name for path in DEPLOY.glob("*.yml") for name in re.findall(r"\$\{(\w+)", path.read_text("utf-8"))}
    assert asked == set(example)
    secret = re.compile(r"PASSWORD|SECRET|TOKEN|KEY|MINIO_ROOT_USER")
    assert not {name: value for name, value in example.items() if secret.search(name) and value}
    assert not (DEPLOY / "wenshu.env").exists()


def test_the_image_is_made_of_what_is_locked_and_runs_as_nobody() -> None:
    lines = DOCKERFILE.replace("\\\n", " ").splitlines()
    installs = [part for line in lines for part in line.split(";") if "pip install" in part]
    assert installs
    assert all("--require-hashes" in part or "--no-index --no-deps" in part for part in installs)
    for line in lines:
        if line.startswith("COPY ") and "--from" not in line:
            assert all((ROOT / source).exists() for source in line.split()[1:-1])
    extras = re.search(r'ARG EXTRAS="([\w ]*)"', DOCKERFILE)
    assert extras
    assert all((ROOT / "requirements" / f"{extra}.lock").is_file() for extra in extras[1].split())
    last = DOCKERFILE.rpartition("\nFROM ")[2]
    user = re.search(r"^USER (\d+):(\d+)$", last, re.MULTILINE)
    assert user
    assert "0" not in user.groups()
    assert "HEALTHCHECK" in last
    assert "/readyz" in last
    assert last.index("USER ") < last.index("ENTRYPOINT ")
    assert not re.search(r"FROM python:(latest|3)?$", DOCKERFILE, re.MULTILINE)


def test_the_image_takes_in_nothing_else() -> None:
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert next(line for line in lines if line and not line.startswith("#")) == "*"
    let_in = {line[1:] for line in lines if line.startswith("!")}
    copied = [line.split()[1:-1] for line in DOCKERFILE.splitlines() if line.startswith("COPY ") and "--" not in line]
    assert let_in == {source for sources in copied for source in sources}


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_units_start_what_is_there_and_may_do_little(path: Path) -> None:
    unit = ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign] (systemd's names have capitals)
    unit.read(path, "utf-8")
    service = unit["Service"]
    program, command = service["ExecStart"].split()[:2]
    assert program == "/opt/wenshu/.venv/bin/wenshu"
    assert command in get_command(cli).commands
    assert service["User"] == "wenshu"
    assert f"WENSHU_HOME=/var/lib/{service['StateDirectory']}" in service["Environment"]
    assert "WENSHU_AUTH_OPEN_FAMILIES=token" in service["Environment"]
    assert int(service["TimeoutStopSec"]) > Settings.model_fields["server"].default.stop_seconds + 2
    for name, value in {
        "NoNewPrivileges": "yes",
        "ProtectSystem": "strict",
        "ProtectHome": "yes",
        "PrivateTmp": "yes",
        "PrivateDevices": "yes",
        "RestrictNamespaces": "yes",
        "CapabilityBoundingSet": "",
        "SystemCallFilter": "@system-service",
    }.items():
        assert service[name] == value, name
    assert service["LimitNOFILE"] == "65536", "a stream is a file descriptor"


def test_units_keep_apart() -> None:
    homes = [re.search(r"WENSHU_HOME=(\S+)", path.read_text("utf-8")) for path in UNITS]
    assert len({home[1] for home in homes if home}) == len(UNITS) == 2


def test_nginx_fits_the_server() -> None:
    server = Settings.model_fields["server"].default
    body = re.search(r"client_max_body_size (\d+)m;", NGINX)
    assert body
    assert int(body[1]) * MIB >= server.max_files * server.max_file_bytes + MIB
    silence = re.search(r"proxy_read_timeout (\d+)s;", NGINX)
    assert silence
    assert int(silence[1]) > 2 * HEARTBEAT_SECONDS
    for wanted in (
        "proxy_buffering off;",
        "proxy_request_buffering off;",
        "proxy_http_version 1.1;",
        'proxy_set_header Connection "";',
        "proxy_set_header X-Forwarded-For $remote_addr;",
        'proxy_set_header Forwarded "";',
        "location = /metrics",
        "ssl_protocols TLSv1.2 TLSv1.3;",
    ):
        assert wanted in NGINX, wanted
    assert NGINX.count("{") == NGINX.count("}")
    # What is logged holds no query, and no redirect is built on the caller's Host.
    formats = re.findall(r"log_format \w+ '([^']*)'", NGINX)
    assert formats
    assert not any(word in text for text in formats for word in ("$request ", "$request_uri", "$args", "$http_"))
    assert all("$host" not in line for line in NGINX.splitlines() if "return 30" in line)


def test_the_page_names_every_file() -> None:
    page = (ROOT / "docs" / "deployment.md").read_text("utf-8")
    assert [path.name for path in FILES if path.is_relative_to(DEPLOY) and path.name not in page] == []
