"""One server without a model for the folder, a tenant with material, and its keys."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx2 as httpx
import pytest

from contracts.accounts.people import People, bearer
from contracts.accounts.wire import leaks
from contracts.gateway.wire import CHAT
from serving import ServerProcess

QUESTION = "仓库的钥匙放在哪里？"


@dataclass(frozen=True)
class Key:
    """A key of a tenant, whole and in its halves."""

    tenant: str
    access: str
    secret: str
    text: str

    @property
    def headers(self) -> dict[str, str]:
        return bearer(self.text)


class Gate:
    """The gateway as one tenant's caller sees it."""

    def __init__(self, client: httpx.Client, people: People, key: Key) -> None:
        self.client = client
        self.people = people
        self.key = key
        self.token = exchanged(client, key).json()["access_token"]

    def ernie(self, question: str | list[dict[str, Any]] = QUESTION, path: str = CHAT, **fields: Any) -> httpx.Response:
        messages = [{"role": "user", "content": question}] if isinstance(question, str) else question
        body = {name: value for name, value in {"messages": messages, **fields}.items() if value is not None}
        return self.client.post(path, params={"access_token": self.token}, json=body)

    def openai(self, question: str | list[dict[str, Any]] = QUESTION, **fields: Any) -> httpx.Response:
        messages = [{"role": "user", "content": question}] if isinstance(question, str) else question
        body = {"model": "default", "messages": messages, **fields}
        return self.client.post("/v1/chat/completions", headers=self.key.headers, json=body)

    def administer(self, method: str, path: str, **options: Any) -> httpx.Response:
        return self.people.call(method, f"/gateway{path}", self.key.tenant, **options)

    def used(self, kind: str = "/usage", **params: str) -> list[dict[str, Any]]:
        headers = {**self.people.headers, "X-Tenant-Id": self.key.tenant}
        answer = self.client.get(f"/api/v1{kind}", headers=headers, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]["items"]


def made_key(people: People, tenant: str, *roles: str) -> Key:
    body = {"name": "测试", "roles": list(roles or ("editor",))}
    made = people.call("POST", "/keys", tenant, json=body).json()["data"]
    return Key(tenant, made["accessKey"], made["secretKey"], made["key"])


def exchanged(client: httpx.Client, key: Key, **changed: str) -> httpx.Response:
    given = {"grant_type": "client_credentials", "client_id": key.access, "client_secret": key.secret, **changed}
    return client.post("/oauth/2.0/token", params=given)


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    process = ServerProcess(tmp_path_factory.mktemp("gateway") / "home")
    try:
        yield process.start()
    finally:
        process.stop()
    # A worker that ran few of the folder's tests has a short log.
    assert len(process.log.read_text().splitlines()) <= 10 or leaks(process.log) == []


@pytest.fixture
def client(server: ServerProcess) -> Iterator[httpx.Client]:
    with server.client() as opened:
        yield opened


@pytest.fixture
def gate(client: httpx.Client, server: ServerProcess) -> Gate:
    """A tenant of its own for each test."""
    people = People(client, server.home)
    tenant = people.tenant(f"t-{uuid4().hex[:10]}")
    return Gate(client, people, made_key(people, tenant))


@pytest.fixture(scope="package")
def steady(server: ServerProcess) -> Iterator[Gate]:
    """One tenant for all tests that change nothing of it."""
    with server.client() as client:
        people = People(client, server.home)
        yield Gate(client, people, made_key(people, people.tenant(f"t-{uuid4().hex[:10]}")))


@pytest.fixture
def stocked(gate: Gate) -> Gate:
    """The same with a pair in its library."""
    pair = {"question": QUESTION, "answer": "仓库的钥匙放在前台第二个抽屉。", "source": "行政手册"}
    answer = gate.client.post("/vector_db_service/add_qa", json=pair, headers=gate.key.headers)
    assert answer.status_code == 200, answer.text
    return gate
