"""Tokens of an outside issuer: a real one, in a process of its own."""

from collections.abc import Iterator
from typing import Any

import httpx2 as httpx
import pytest

from contracts.accounts.people import ADMIN, People, bearer
from contracts.accounts.people import refused as refused_in_code
from contracts.accounts.wire import PASSWORD, log_in, refused, works
from contracts.assistant.wire import CHAT, LIBRARY, failed
from issuer import IssuerProcess
from serving import ServerProcess, eventually


@pytest.fixture(scope="module")
def issuer() -> Iterator[IssuerProcess]:
    process = IssuerProcess()
    try:
        yield process.start()
    finally:
        process.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, issuer: IssuerProcess) -> Iterator[ServerProcess]:
    process = ServerProcess(
        tmp_path_factory.mktemp("oidc") / "home",
        WENSHU_AUTH_OPEN_FAMILIES="token",
        WENSHU_ADMIN_PASSWORD=PASSWORD,
        WENSHU_SERVER_TRUSTED_PROXIES='["127.0.0.0/8"]',
        WENSHU_AUTH_OIDC_ISSUER=issuer.url,
        WENSHU_AUTH_OIDC_AUDIENCE="wenshu",
        WENSHU_AUTH_OIDC_ROLES_CLAIM="realm.roles",
    )
    try:
        process.start()
        with process.client() as client:
            People(client, process.home).tenant("acme")
        yield process
    finally:
        process.stop()


def roles(*names: str) -> dict[str, Any]:
    """Claims that give these roles, in place of the usual claim."""
    return {"roles": None, "realm": {"roles": list(names)}}


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_its_tokens_are_taken(client: httpx.Client, issuer: IssuerProcess, algorithm: str) -> None:
    token = issuer.token(algorithm, org_code="o1", **roles("editor", "unknown-role"))
    me = client.get("/api/me", headers=bearer(token)).json()
    assert (me["user_id"], me["tenant_id"], me["org_code"], me["roles"]) == ("oidc:zhang", "acme", "o1", ["editor"])
    assert me["is_operator"] is False
    assert (
        client.post(f"{LIBRARY}/add_qa", json={"question": "甲？", "answer": "乙"}, headers=bearer(token)).status_code
        == 200
    )
    failed(
        client.get(f"{CHAT}/sessions", params={"user_id": "u", "tenant_code": "default"}, headers=bearer(token)), 403
    )


def test_roles_are_as_they_are_told(client: httpx.Client, issuer: IssuerProcess) -> None:
    for claims, status in (
        (roles("viewer"), 200),
        (roles(), 403),
        ({"realm": {"roles": "viewer, other"}, "roles": None}, 200),
        ({"realm": {"roles": 5}, "roles": None}, 403),
        ({"realm": "viewer", "roles": None}, 403),
        ({"roles": ["admin"]}, 403),
    ):
        headers = bearer(issuer.token(**claims))
        assert client.get(f"{CHAT}/sessions", params={"user_id": "u"}, headers=headers).status_code == status
    admin = bearer(issuer.token(**roles("admin")))
    assert client.get(f"{ADMIN}/users", headers=admin).status_code == 200
    refused_in_code(client.get(f"{ADMIN}/tenants", headers=admin), 403)
    refused_in_code(client.get(f"{ADMIN}/users", headers={**admin, "X-Tenant-Id": "default"}), 403)


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "another"},
        {"aud": None},
        {"aud": ["another"]},
        {"iss": "http://127.0.0.1:1"},
        {"exp": 1_700_000_000},
        {"exp": None},
        {"iat": None},
        {"nbf": 4_000_000_000},
        {"sub": None},
        {"sub": ""},
        {"sub": "x" * 129},
        {"sub": "a\nb"},
        {"tenant_id": None},
        {"tenant_id": ""},
        {"tenant_id": "nobody-knows-it"},
        {"tenant_id": "a' or 1=1"},
        {"tenant_id": 5},
        {"tenant_id": ["acme"]},
        {"org_code": "a%"},
        {"kid": "encrypting"},
        {"kid": "symmetric"},
        {"kid": "broken"},
        {"kid": "unknown"},
        {"algorithm": "HS256", "kid": "symmetric", "key": "secret-secret-secret-secret-secret"},
    ],
    ids=str,
)
def test_what_is_not_sound_is_401(client: httpx.Client, issuer: IssuerProcess, changes: dict[str, Any]) -> None:
    token = issuer.token(**{**roles("admin"), **changes})
    refused(client.get("/api/me", headers=bearer(token)), 401)


def test_its_tenant_s_end_is_its_end(client: httpx.Client, issuer: IssuerProcess, people: People, tag: str) -> None:
    people.tenant(tag)
    headers = bearer(issuer.token(tenant_id=tag, **roles("viewer")))
    assert client.get("/api/me", headers=headers).status_code == 200
    people.call("POST", f"/tenants/{tag}/disable")
    refused(client.get("/api/me", headers=headers), 401)


def test_our_own_tokens_go_on(client: httpx.Client) -> None:
    assert works(client, log_in(client))


def test_its_user_has_no_password_here(client: httpx.Client, issuer: IssuerProcess) -> None:
    body = {"old_password": "x", "new_password": "the-new-password"}
    refused(client.post("/api/password", json=body, headers=bearer(issuer.token(**roles("admin")))), 403)


def test_its_keys_rotate_and_made_up_ones_are_not_looked_up_each_time(
    client: httpx.Client, issuer: IssuerProcess
) -> None:
    old = bearer(issuer.token(**roles("viewer")))
    assert client.get("/api/me", headers=old).status_code == 200
    issuer.post("/rotate")
    fresh = bearer(issuer.token(**roles("viewer")))
    # A key that is not known is looked for every ten seconds at most.
    eventually(lambda: client.get("/api/me", headers=fresh).status_code == 200, seconds=30)
    refused(client.get("/api/me", headers=old), 401)
    before = issuer.asked()
    for number in range(20):
        refused(client.get("/api/me", headers=bearer(issuer.token(kid=f"made-up-{number}"))), 401)
    assert issuer.asked() - before <= 1


def test_known_keys_stay_while_it_is_away(client: httpx.Client, issuer: IssuerProcess) -> None:
    token = bearer(issuer.token(**roles("viewer")))
    eventually(lambda: client.get("/api/me", headers=token).status_code == 200, seconds=30)
    issuer.post("/away")
    assert client.get("/api/me", headers=token).status_code == 200
    refused(client.get("/api/me", headers=bearer(issuer.token(kid="unknown"))), 401)
    issuer.post("/back")
