"""Exports and erasures by API and command line: who may, what comes of it, and that nothing of it is served after."""

import io
import json
from collections.abc import Iterator
from urllib.parse import urlsplit
from zipfile import ZipFile

import pytest

from contracts.accounts.people import People, refused, succeeded
from serving import BIN, ServerProcess, eventually, run_command

CHAT, LIBRARY = "/chat_service", "/vector_db_service"
ADMIN = "/api/v1/admin"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    process = ServerProcess(tmp_path_factory.mktemp("estate") / "home")
    try:
        yield process.start()
    finally:
        process.stop()


@pytest.fixture(scope="module")
def people(server: ServerProcess) -> Iterator[People]:
    with server.client() as client:
        yield People(client, server.home)


def filled(people: People, tenant: str) -> str:
    """A tenant with an administrator, a document of a file, and what two people asked; the file's link."""
    people.tenant(tenant)
    form = {"data": {"tenant_code": tenant}, "files": {"file": ("报销.txt", "差旅费须在三日内提交。".encode())}}
    link = people.client.post(f"{CHAT}/upload", **form).json()["data"]["file_url"]
    body = {"tenant_code": tenant, "doc_url": link, "doc_name": "报销.txt"}
    assert people.client.post(f"{LIBRARY}/add_document", json=body).status_code == 200
    for person in ("zhang", "li"):
        asked = {"session_id": f"{tenant}-{person}", "user_id": person, "question": "何时报销？", "stream": False}
        assert people.client.post(f"{CHAT}/chat", json={**asked, "tenant_code": tenant}).status_code == 200
    return link


def found(people: People, tenant: str) -> int:
    search = {"query": "差旅费", "collection_type": "DOC", "tenant_code": tenant}
    answer = people.client.post(f"{LIBRARY}/search_from_vector_db", json=search)
    return len(answer.json()["data"]["entities"][0])


def opens(people: People, link: str) -> bool:
    parts = urlsplit(link)
    return people.client.get(f"{parts.path}?{parts.query}").status_code == 200


def over(people: People, headers: dict, job_id: str) -> dict:
    def look():
        job = people.client.get(f"{ADMIN}/jobs/{job_id}", headers=headers).json()["data"]
        return job if job["state"] in {"succeeded", "failed"} else None

    return eventually(look, 60)


def test_a_person_s_administrator_has_them_exported_and_erased(people: People) -> None:
    filled(people, "p")
    admin, client = people.session("p", "p-admin", "admin").headers, people.client
    job_id = succeeded(client.post(f"{ADMIN}/export", json={"userId": "zhang"}, headers=admin))["jobId"]
    assert over(people, admin, job_id)["state"] == "succeeded"
    made = succeeded(client.get(f"{ADMIN}/export/{job_id}", headers=admin))
    parts = urlsplit(made["file"]["url"])
    with ZipFile(io.BytesIO(client.get(f"{parts.path}?{parts.query}").content)) as archive:
        sessions = [json.loads(line) for line in archive.read("rows/chat_sessions.jsonl").splitlines()]
        assert [session["session_id"] for session in sessions] == ["p-zhang"]
        assert "何时报销" in archive.read("rows/chat_messages.jsonl").decode()
    job_id = succeeded(client.post(f"{ADMIN}/erasure", json={"userId": "zhang"}, headers=admin))["jobId"]
    job = over(people, admin, job_id)
    assert job["result"]["rows"]["chat_messages"] == 2
    assert "zhang" not in json.dumps(job)
    assert client.get(f"{CHAT}/session/p-zhang").status_code == 404
    assert client.get(f"{CHAT}/session/p-li").status_code == 200
    assert found(people, "p") == 1
    log = succeeded(client.get(f"{ADMIN}/audit?size=100", headers=admin))["items"]
    assert {"export.ask", "erasure.ask", "person.erase"} <= {entry["action"] for entry in log}
    assert "zhang" not in json.dumps(log)
    assert succeeded(client.get(f"{ADMIN}/audit/verify", headers=admin))["intact"]


def test_a_tenant_is_for_operators(people: People) -> None:
    people.tenant("q")
    admin, client = people.session("q", "q-admin", "admin").headers, people.client
    for path in ("export", "erasure"):
        refused(client.post(f"{ADMIN}/{path}", json={"tenantId": "q"}, headers=admin), 403)
        for body in ({}, {"userId": "x", "tenantId": "q"}):
            refused(client.post(f"{ADMIN}/{path}", json=body, headers=admin), 400)
        refused(client.post(f"{ADMIN}/{path}", json={"userId": "x" * 129}, headers=admin), 400)
    refused(people.call("POST", "/erasure", json={"tenantId": "default"}), 409)


def test_the_operator_s_commands(people: People, server: ServerProcess, tmp_path) -> None:
    link = filled(people, "s")
    other = filled(people, "o")
    admin = people.session("s", "s-admin", "admin").headers
    home = ["--home", str(server.home)]
    file = tmp_path / "s.zip"
    exported = run_command([BIN, "tenant", "export", "s", "--to", str(file), *home])
    assert exported.returncode == 0, exported.stderr
    with ZipFile(file) as archive:
        (item,) = json.loads(archive.read("manifest.json"))["files"]
        assert item["name"] == "报销.txt"
        assert archive.read(item["path"]).decode() == "差旅费须在三日内提交。"
        assert b"password_hash" not in archive.read("rows/users.jsonl")
    again = run_command([BIN, "tenant", "export", "s", "--to", str(file), *home])
    assert again.returncode == 1
    erased = run_command([BIN, "tenant", "erase", "s", "--yes", *home])
    assert erased.returncode == 0, erased.stderr
    assert "chat_messages: 4" in erased.stderr
    assert not opens(people, link)
    assert found(people, "s") == 0
    assert people.client.get(f"{CHAT}/session/s-li").status_code == 404
    assert people.client.get("/api/me", headers=admin).status_code == 401
    refused(people.call("GET", "/tenants/s"), 404)
    assert opens(people, other)
    assert found(people, "o") == 1
    log = succeeded(people.call("GET", "/audit?server=true&action=tenant.erase"))["items"]
    assert [entry["target"] for entry in log] == ["s"]
    person = run_command([BIN, "user", "erase", "li", "--tenant", "o", "--yes", *home])
    assert person.returncode == 0, person.stderr
    assert people.client.get(f"{CHAT}/session/o-li").status_code == 404
    assert people.client.get(f"{CHAT}/session/o-zhang").status_code == 200
    mine = run_command([BIN, "user", "export", "zhang", "--tenant", "o", "--to", str(tmp_path / "z.zip"), *home])
    assert mine.returncode == 0, mine.stderr
    assert (tmp_path / "z.zip").stat().st_mode & 0o077 == 0
