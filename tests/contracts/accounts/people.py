"""Tenants, users and keys for tests, made as the operator makes them: with the credential of the data folder."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2 as httpx

from contracts.accounts.wire import Session, log_in

ADMIN = "/api/v1/admin"


def succeeded(response: httpx.Response) -> Any:
    """The ``data`` of a success in administration's dialect."""
    body = response.json()
    assert (response.status_code, body["code"], body["message"]) == (200, 200, "success"), response.text
    return body["data"]


def refused(response: httpx.Response, status: int) -> dict[str, Any]:
    """Assert that the answer is a failure in administration's dialect; its body."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    body = response.json()
    assert {"code", "message", "data"} <= set(body) <= {"code", "message", "data", "errors"}
    assert (body["code"], body["data"]) == (status, None)
    for fault in body.get("errors", []):
        assert set(fault) == {"field", "message"}
    return body


@dataclass(frozen=True, slots=True)
class Person:
    """A user that a test made."""

    user_id: str
    username: str
    password: str


class People:
    """Makes them on the server of this home."""

    def __init__(self, client: httpx.Client, home: Path) -> None:
        self.client = client
        credential = json.loads((home / "server.json").read_text())["credential"]
        self.headers = {"Authorization": f"Bearer {credential}"}

    def call(self, method: str, path: str, tenant: str = "", **options: Any) -> httpx.Response:
        """A call of administration as the operator."""
        headers: dict[str, Any] = {**self.headers, **({"X-Tenant-Id": tenant.encode()} if tenant else {})}
        return self.client.request(method, f"{ADMIN}{path}", headers=headers, **options)

    def tenant(self, tenant: str) -> str:
        """A new tenant's code."""
        return succeeded(self.call("POST", "/tenants", json={"tenantId": tenant}))["tenantId"]

    def user(self, tenant: str, username: str, *roles: str, org: str = "", operator: bool = False) -> Person:
        """A new user of the tenant."""
        body = {"username": username, "roles": list(roles), "orgCode": org, "operator": operator}
        made = succeeded(self.call("POST", "/users", tenant, json=body))
        return Person(made["userId"], made["username"], made["password"])

    def session(self, tenant: str, username: str, *roles: str, org: str = "", operator: bool = False) -> Session:
        """A new user's tokens."""
        person = self.user(tenant, username, *roles, org=org, operator=operator)
        return log_in(self.client, person.username, person.password)

    def key(self, tenant: str, *roles: str, org: str = "", families: list[str] | None = None) -> str:
        """A new key of the tenant."""
        body = {"name": "测试", "roles": list(roles), "orgCode": org, "families": families}
        return succeeded(self.call("POST", "/keys", tenant, json=body))["key"]


def bearer(credential: str) -> dict[str, str]:
    """The header that carries a token or key."""
    return {"Authorization": f"Bearer {credential}"}
