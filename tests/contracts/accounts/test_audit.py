"""The audit log over HTTP: what stands in it, what does not, who reads it, and that changes to it are seen."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import httpx2 as httpx
import pytest

from contracts.accounts.people import ADMIN, People, bearer, refused, succeeded
from contracts.accounts.test_commands import said, wenshu
from contracts.accounts.wire import Session, log_in, refreshed
from contracts.assistant.wire import CHAT, LIBRARY
from contracts.assistant.wire import succeeded as answered
from serving import ServerProcess

SECRET = "一句谁都不该看见的话"


def entries(people: People, tenant: str, **query: Any) -> list[dict[str, Any]]:
    """A tenant's entries, the oldest first, but for the reading of them."""
    found = succeeded(people.call("GET", "/audit", tenant, params={"size": 100, **query}))["items"]
    return [entry for entry in reversed(found) if entry["action"] != f"GET {ADMIN}/audit"]


def told(found: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """Who, what, outcome."""
    return [(entry["actor"], entry["action"], entry["outcome"]) for entry in found]


def test_each_change_leaves_its_entry(client: httpx.Client, people: People, tag: str) -> None:
    people.tenant(tag)
    person = people.user(tag, tag, "viewer", org="o1")
    succeeded(people.call("PUT", f"/users/{person.user_id}", tag, json={"roles": ["editor"], "displayName": "新名"}))
    session = log_in(client, tag, person.password)
    client.post("/api/logout", json={"refresh_token": session.refresh})
    for action in ("disable", "enable", "reset-password"):
        succeeded(people.call("POST", f"/users/{person.user_id}/{action}", tag))
    key = succeeded(people.call("POST", "/keys", tag, json={"name": "门户"}))
    succeeded(people.call("DELETE", f"/keys/{key['keyId']}", tag))
    for action in ("disable", "enable"):
        succeeded(people.call("POST", f"/tenants/{tag}/{action}"))
    user = f"user:{person.user_id}"
    found = entries(people, tag)
    assert told(found) == [
        ("local", "tenant.create", "ok"),
        ("local", "user.create", "ok"),
        ("local", "user.change", "ok"),
        (user, "login", "ok"),
        (user, "logout", "ok"),
        ("local", "user.disable", "ok"),
        ("local", "user.enable", "ok"),
        ("local", "user.reset-password", "ok"),
        ("local", "key.create", "ok"),
        ("local", "key.revoke", "ok"),
        ("local", "tenant.disable", "ok"),
        ("local", "tenant.enable", "ok"),
    ]
    assert [entry["number"] for entry in found] == list(range(1, 13))
    change = found[2]
    assert (change["target"], change["orgCode"]) == (f"{user} {tag}", "o1")
    assert change["details"]["before"]["roles"] == ["viewer"]
    assert change["details"]["to"] == {"display_name": "新名", "roles": ["editor"]}


def test_an_entry_leads_to_its_request(client: httpx.Client, people: People, tag: str) -> None:
    people.tenant(tag)
    headers = {**people.headers, "X-Tenant-Id": tag, "X-Trace-Id": f"trace-{tag}"}
    succeeded(client.post(f"{ADMIN}/users", json={"username": tag}, headers=headers))
    entry = entries(people, tag)[-1]
    assert (entry["traceId"], entry["address"]) == (f"trace-{tag}", client.headers["X-Forwarded-For"])


def test_what_was_tried_in_vain_is_told(client: httpx.Client, people: People, tag: str) -> None:
    people.tenant(tag)
    viewer = people.session(tag, tag, "viewer")
    key = bearer(people.key(tag, "admin", families=["assistant"]))
    before = len(entries(people, tag))
    refused(client.post(f"{ADMIN}/users", json={"username": "x"}, headers=viewer.headers), 403)
    refused(client.get(f"{ADMIN}/users", headers=key), 403)
    assert client.post(f"{LIBRARY}/del_collection", json={}, headers=viewer.headers).status_code == 403
    assert client.delete(f"{CHAT}/session/{'0' * 32}", headers=key).status_code == 404
    # Refused before anything was tried.
    assert client.post(f"{LIBRARY}/add_qa", content=b"{", headers=key).status_code == 415
    assert client.post(f"{LIBRARY}/add_qa", json={}, headers=key).status_code == 400
    found = entries(people, tag)[before:]
    assert [(entry["action"], entry["outcome"], entry["status"]) for entry in found] == [
        (f"POST {ADMIN}/users", "denied", 403),
        (f"GET {ADMIN}/users", "denied", 403),
        (f"POST {LIBRARY}/del_collection", "denied", 403),
        (f"DELETE {CHAT}/session/{{session_id}}", "failed", 404),
    ]
    assert found[-1]["target"] == f"session_id={'0' * 32}"


def test_what_the_library_holds_is_named_and_not_told(client: httpx.Client, people: People, tag: str) -> None:
    people.tenant(tag)
    key = bearer(people.key(tag, "editor", org="o1"))
    file = {"file": ("手册.txt", SECRET.encode())}
    link = answered(client.post(f"{CHAT}/upload", files=file, headers=key))["file_url"]
    pair = {"question": f"{SECRET}？", "answer": SECRET}
    for path, body in (
        ("add_document", {"doc_url": link, "doc_name": "手册.txt"}),
        ("add_multi_document", {"multi_doc_urls": [link], "doc_names": ["手册2.txt"]}),
        ("add_qa", pair),
        ("search_from_vector_db", {"query": SECRET, "collection_type": "QA"}),
        ("del_qa", {"question": [f"{SECRET}？"]}),
        ("del_document", {"doc_name": ["手册.txt", "手册2.txt"]}),
        ("del_collection", {}),
    ):
        answered(client.post(f"{LIBRARY}/{path}", json=body, headers=key))
    asked = {"user_id": SECRET, "question": SECRET, "stream": False}
    session = answered(client.post(f"{CHAT}/chat", json=asked, headers=key))["session_id"]
    answered(client.put(f"{CHAT}/session/{session}/title", json={"title": SECRET}, headers=key))
    found = [entry for entry in entries(people, tag) if "_service" in entry["action"]]
    assert [(entry["action"].rpartition("/")[2], entry["details"]) for entry in found] == [
        ("upload", {"names": ["手册.txt"], "count": 1}),
        ("add_document", {"names": ["手册.txt"], "count": 1}),
        ("add_multi_document", {"names": ["手册2.txt"], "count": 1}),
        ("add_qa", {"pairs": 1}),
        ("del_qa", {"pairs": 1}),
        ("del_document", {"names": ["手册.txt", "手册2.txt"], "count": 2}),
        ("del_collection", {}),
        ("title", {}),
    ]
    assert {entry["orgCode"] for entry in found} == {"o1"}
    assert SECRET not in str(found)


def test_logins_that_fail_name_the_user_and_nothing_else_that_was_typed(
    client: httpx.Client, people: People, tag: str
) -> None:
    people.tenant(tag)
    person = people.user(tag, tag, "viewer")
    for name in (tag, f"{tag}-password-in-the-wrong-field"):
        client.post("/api/login", json={"username": name, "password": f"{tag}-wrong"})
    failure = entries(people, tag, outcome="failed")[-1]
    assert (failure["actor"], failure["action"], failure["status"]) == ("anonymous", "login", 401)
    assert failure["target"] == f"user:{person.user_id} {tag}"
    own = people.call("GET", "/audit", params={"server": "true", "size": 100, "action": "login"}).text
    assert "login" in own
    assert tag not in own


def test_a_stolen_refresh_token_is_told(client: httpx.Client, people: People, tag: str) -> None:
    people.tenant(tag)
    session = people.session(tag, tag, "viewer")
    for _ in range(2):
        refreshed(client, session)
    assert told(entries(people, tag))[-1] == ("anonymous", "token.reuse", "ok")


def test_the_same_call_again_is_told_once(client: httpx.Client, people: People, tag: str) -> None:
    people.tenant(tag)
    headers = {**bearer(people.key(tag, "member")), "Idempotency-Key": tag}
    for _ in range(3):
        answered(client.post(f"{CHAT}/session", json={"user_id": "u"}, headers=headers))
    assert [entry["action"] for entry in entries(people, tag)].count(f"POST {CHAT}/session") == 1


def test_administrators_read_their_own(client: httpx.Client, people: People, tag: str) -> None:
    people.tenant(tag)
    whole = people.session(tag, f"{tag}-whole", "admin")
    one = people.session(tag, f"{tag}-one", "admin", org="o1")

    def seen(session: Session, **query: str) -> str:
        return str(succeeded(client.get(f"{ADMIN}/audit", headers=session.headers, params=query))["items"])

    assert f"{tag}-whole" in seen(whole)
    assert f"{tag}-one" in seen(whole)
    assert f"{tag}-one" in seen(one)
    assert f"{tag}-whole" not in seen(one)
    refused(client.get(f"{ADMIN}/audit/verify", headers=one.headers), 403)
    refused(client.get(f"{ADMIN}/audit", headers=whole.headers, params={"server": "true"}), 403)
    # Reading it stands in it, too.
    assert (f"user:{client.get('/api/me', headers=one.headers).json()['user_id']}", f"GET {ADMIN}/audit", "ok") in told(
        succeeded(people.call("GET", "/audit", tag, params={"size": 100}))["items"]
    )


@pytest.mark.parametrize("query", [{"outcome": "x"}, {"from": "yesterday"}, {"size": 101}, {"server": "perhaps"}])
def test_filters_are_checked(people: People, query: dict[str, Any]) -> None:
    refused(people.call("GET", "/audit", params=query), 400)


@pytest.fixture
def tampered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ServerProcess, sqlite3.Connection]]:
    """A server of the test's own, and its database."""
    server = ServerProcess(tmp_path_factory.mktemp("tampered") / "home").start()
    try:
        with closing(sqlite3.connect(server.home / "wenshu.sqlite3", timeout=30)) as database:
            yield server, database
    finally:
        server.stop()


def test_the_command_sees_what_was_changed(tampered: tuple[ServerProcess, sqlite3.Connection]) -> None:
    server, database = tampered
    with server.client() as client:
        people = People(client, server.home)
        people.user("default", "zhang", "viewer")
        people.user("default", "li", "viewer")
    expect = said(server, "audit", "verify").split()[-1]
    said(server, "audit", "verify", "--expect", expect)
    assert "user.create" in said(server, "audit", "list", "--action", "user.create")
    with database:
        database.execute("UPDATE audit_entries SET actor = 'user:9' WHERE tenant_code = 'default' AND number = 1")
    changed = wenshu(server, "audit", "verify")
    assert changed.returncode == 1
    assert "第 1 条" in changed.stderr
    with database:
        database.execute("DELETE FROM audit_entries WHERE tenant_code = 'default'")
        database.execute("DELETE FROM audit_heads WHERE tenant_code = 'default'")
    rebuilt = wenshu(server, "audit", "verify", "--expect", expect)
    assert rebuilt.returncode == 1
    assert "已不在链上" in rebuilt.stderr
