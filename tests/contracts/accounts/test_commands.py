"""The commands of administration, against the server that owns the data folder."""

import os
import subprocess

import httpx2 as httpx

from contracts.accounts.people import bearer
from contracts.accounts.wire import log_in, works
from serving import BIN, ServerProcess


def wenshu(server: ServerProcess, *command: str) -> subprocess.CompletedProcess[str]:
    """Run ``wenshu`` on the server's home."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("WENSHU_")}
    full = [BIN, *command, "--home", server.home]
    return subprocess.run(full, capture_output=True, text=True, check=False, env=env, timeout=60)


def said(server: ServerProcess, *command: str) -> str:
    """What the command says."""
    result = wenshu(server, *command)
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_a_tenant_its_user_and_its_key(server: ServerProcess, client: httpx.Client, tag: str) -> None:
    assert "顶点" in said(server, "tenant", "create", tag, "--name", "顶点")
    assert "创建 created" in said(server, "tenant", "list", "--size", "5")
    password = said(server, "user", "create", tag, "--tenant", tag, "--role", "viewer", "--org", "o1").split()[-1]
    session = log_in(client, tag, password)
    assert client.get("/api/me", headers=session.headers).json()["org_code"] == "o1"
    assert "editor, member" in said(
        server, "user", "roles", tag, "--tenant", tag, "--role", "editor", "--role", "member"
    )
    assert not works(client, session)
    again = said(server, "user", "reset-password", tag, "--tenant", tag).strip()
    assert works(client, log_in(client, tag, again))
    options = "--tenant", tag, "--role", "viewer", "--family", "assistant", "--days", "9"
    made = said(server, "key", "create", "门户", *options)
    key = made.split()[-1]
    assert client.get("/api/me", headers=bearer(key)).json()["roles"] == ["viewer"]
    key_id = next(line for line in made.splitlines() if line.startswith("编号")).split()[-1]
    assert key_id in said(server, "key", "list", "--tenant", tag)
    said(server, "key", "delete", key_id, "--tenant", tag)
    assert client.get("/api/me", headers=bearer(key)).status_code == 401


def test_the_signing_key(server: ServerProcess, client: httpx.Client) -> None:
    session = log_in(client)
    said(server, "key", "rotate-signing", "--at-once")
    assert not works(client, session)


def test_a_refusal_is_said_and_ends_with_1(server: ServerProcess, tag: str) -> None:
    for command, words in (
        (("tenant", "show", "nobody"), "租户不存在"),
        (("user", "show", tag), "没有用户"),
        (("user", "create", tag, "--role", "root"), "roles[0]"),
    ):
        result = wenshu(server, *command)
        assert (result.returncode, result.stdout) == (1, "")
        assert words in result.stderr
