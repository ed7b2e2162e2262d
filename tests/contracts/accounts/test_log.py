"""What opens something never stands in the log: at its most talkative, with tracebacks, whoever writes the line."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2 as httpx
import pytest

from contracts.accounts.people import People, bearer
from contracts.accounts.raw import exchange
from contracts.accounts.wire import PASSWORD, leaks, log_in, refreshed, refused
from serving import ServerProcess, environment

WRITING = r"""
import logging, sys, warnings
import structlog
from wenshu.server.logs import configure
configure("debug")
secret = sys.argv[1]
log = structlog.get_logger()

def deep(password):
    raise ValueError(f"cannot use password={password!r} at https://u:{password}@db.example/x?access_token={password}")

for write in (log.exception, log.error, logging.getLogger("library").exception):
    try:
        try:
            deep(secret)
        except ValueError as error:
            raise RuntimeError(f"Authorization: Bearer {secret}") from error
    except RuntimeError as error:
        write("failed", exc_info=error)
log.info("call", access_token=secret, password=secret, api_key=secret, headers={"authorization": f"Bearer {secret}"})
log.debug("call", body='{"refresh_token": "%s"}' % secret)
access = logging.getLogger("uvicorn.access")
access.setLevel(logging.DEBUG)
access.info('%s - "%s %s HTTP/%s" %d', "127.0.0.1:1", "GET", f"/x?access_token={secret}&signature={secret}", "1.1", 200)
logging.getLogger("asyncio").debug("connected to postgresql://wenshu:%s@db/wenshu", secret)
print("written")
"""


@pytest.mark.parametrize(
    "secret",
    ["wsk_0123456789ab_" + "S3cr3t-" * 6, "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ1In0.S3cr3t", "S3cr3t-word-of-mine"],
)
def test_no_secret_survives_a_traceback_or_a_library(secret: str) -> None:
    told = subprocess.run(
        [sys.executable, "-c", WRITING, secret], capture_output=True, text=True, check=True, env=environment()
    )
    assert told.stdout == "written\n"
    lines = [json.loads(line) for line in told.stderr.splitlines()]
    assert len(lines) == 7
    assert "S3cr3t" not in told.stderr
    tracebacks = [line["exception"] for line in lines if "exception" in line]
    assert len(tracebacks) == 3
    # Masked, not dropped: where it happened can still be read.
    assert all("in deep" in text and "ValueError" in text and "***" in text for text in tracebacks)


@pytest.fixture(scope="module")
def talkative(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    process = ServerProcess(
        tmp_path_factory.mktemp("talkative") / "home",
        WENSHU_LOG_LEVEL="debug",
        WENSHU_AUTH_OPEN_FAMILIES="token",
        WENSHU_ADMIN_PASSWORD=PASSWORD,
        WENSHU_METRICS_TOKEN="a-scraper-s-token",
        WENSHU_STORAGE_LINK_SECRET="a-secret-that-signs-links",
    )
    try:
        yield process.start()
    finally:
        process.stop()


def test_a_server_at_debug_level_tells_nothing_that_opens(talkative: ServerProcess) -> None:
    with talkative.client() as client:
        secrets = used(client, People(client, talkative.home))
    assert talkative.stop() == 0
    log = talkative.log.read_text("utf-8")
    assert leaks(talkative.log) == []
    assert {name: secret for name, secret in secrets.items() if secret in log} == {}
    assert not re.search(r"access_token=[^*&\"\\ ]", log)


def used(client: httpx.Client, people: People) -> dict[str, str]:
    """Use every kind of secret, well and badly; by name."""
    session = log_in(client)
    person = people.user("default", "talkative", "admin")
    key = people.key("default", "editor")
    secrets = {"password": person.password, "access": session.access.rpartition(".")[2], "refresh": session.refresh[4:]}
    secrets |= {
        "key": key.split("_", 2)[2],
        "admin": PASSWORD,
        "metrics": "a-scraper-s-token",
        "typed": "a-typed-word",
    }
    secrets |= {"link secret": "a-secret-that-signs-links", "local": people.headers["Authorization"][12:]}
    assert client.get("/metrics", headers=bearer("a-scraper-s-token")).status_code == 200
    for body in (
        b'{"username": "talkative", "password": "a-typed-word"}',
        b'{"username": "a-typed-word", "password": "a-typed-word"}',
        b'{"username": "talkative", "password": "a-typed-word"',
        b'{"username": "talkative", "password": {"a-typed-word": 1}}',
        b"username=talkative&password=a-typed-word",
    ):
        for kind in ("application/json", "application/x-www-form-urlencoded", "text/plain"):
            assert client.post("/api/login", content=body, headers={"Content-Type": kind}).status_code in {
                400,
                401,
                415,
            }
    change = {"old_password": "a-typed-word", "new_password": "a-typed-word-more"}
    refused(client.post("/api/password", json=change, headers=session.headers), 400)
    refused(refreshed(client, session), 401) if refreshed(client, session).status_code != 200 else None
    for secret in (session.access, session.refresh, key, people.headers["Authorization"][7:]):
        client.get("/api/me", params={"access_token": secret, "api_key": secret})
        client.get(f"/chat_service/session/{secret}", headers=bearer(key))
        client.get("/api/me", headers={"Authorization": f"Basic {secret}"})
        client.get("/api/me", headers={"X-Trace-Id": f"Bearer {secret}"[:128]})
    files = {"file": ("甲.txt", "甲的内容。".encode())}
    link = client.post("/chat_service/upload", files=files, headers=bearer(key)).json()["data"]["file_url"]
    path = link.partition("/files/")[2]
    assert client.get(f"/files/{path}").status_code == 200
    client.get(f"/files/{path}0")
    exchange(str(client.base_url), f"GET /x?access_token={session.access} HTTP/1.1\r\nbroken {key}\r\n\r\n".encode())
    secrets["signature"] = path.rpartition("=")[2]
    return secrets


def test_the_settings_are_shown_without_their_secrets(tmp_path: Path) -> None:
    names = ["ADMIN_PASSWORD", "METRICS_TOKEN", "STORAGE_LINK_SECRET", "STORAGE_SECRET_ACCESS_KEY", "MILVUS_TOKEN"]
    env = {f"WENSHU_{name}": f"S3cr3t-{name}-0123456789" for name in [*names, "LLM_API_KEY", "EMBEDDING_API_KEY"]}
    env |= {"WENSHU_DATABASE_URL": "postgresql://u:S3cr3t@db/w", "WENSHU_HOME": str(tmp_path / "home")}
    command = [sys.executable, "-m", "wenshu.cli", "config", "show"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True, env={**environment(), **env})
    assert "WENSHU" in shown.stdout or "metrics.token" in shown.stdout
    assert "S3cr3t" not in shown.stdout + shown.stderr
