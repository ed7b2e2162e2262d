"""Administration: who may manage whom, and what a change does to the tokens that are out."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2 as httpx
import pytest

from contracts.accounts.people import ADMIN, People, bearer, refused, succeeded
from contracts.accounts.wire import PASSWORD, Session, log_in, refreshed, works
from contracts.accounts.wire import refused as refused_in_words

SEARCH = "/vector_db_service/search_from_vector_db"
QUERY = {"query": "甲", "collection_type": "QA"}


@pytest.fixture
def admin(people: People, tag: str) -> Session:
    """The administrator of a tenant of the test's own."""
    people.tenant(tag)
    return people.session(tag, f"{tag}-admin", "admin")


def listed(client: httpx.Client, session: Session, what: str = "users") -> list[str]:
    """Names of the users or keys that an administrator is told of."""
    items = succeeded(client.get(f"{ADMIN}/{what}", headers=session.headers, params={"size": 100}))["items"]
    return [item.get("username") or item["name"] for item in items]


def test_an_administrator_manages_the_own_tenant(client: httpx.Client, admin: Session, tag: str) -> None:
    made = client.post(f"{ADMIN}/users", headers=admin.headers, json={"username": f"{tag}-li", "roles": ["viewer"]})
    assert succeeded(made)["tenantId"] == tag
    assert listed(client, admin) == [f"{tag}-admin", f"{tag}-li"]
    assert works(client, log_in(client, f"{tag}-li", made.json()["data"]["password"]))


def test_and_no_other(client: httpx.Client, people: People, admin: Session, tag: str) -> None:
    other = people.tenant(f"{tag}-other")
    stranger = people.user(other, f"{tag}-stranger", "member")
    key = succeeded(people.call("POST", "/keys", other, json={"name": "k"}))
    assert stranger.username not in listed(client, admin)
    assert listed(client, admin, "keys") == []
    for method, path in (
        ("GET", f"/users/{stranger.user_id}"),
        ("PUT", f"/users/{stranger.user_id}"),
        ("POST", f"/users/{stranger.user_id}/disable"),
        ("POST", f"/users/{stranger.user_id}/enable"),
        ("POST", f"/users/{stranger.user_id}/reset-password"),
        ("GET", f"/keys/{key['keyId']}"),
        ("DELETE", f"/keys/{key['keyId']}"),
    ):
        theirs = refused(client.request(method, f"{ADMIN}{path}", headers=admin.headers), 404)
        unknown = path.replace(stranger.user_id, "0" * 32).replace(key["keyId"], "0" * 32)
        assert theirs == refused(client.request(method, f"{ADMIN}{unknown}", headers=admin.headers), 404)
        named = {**admin.headers, "X-Tenant-Id": other}
        refused(client.request(method, f"{ADMIN}{path}", headers=named), 403)
    assert works(client, log_in(client, stranger.username, stranger.password))


def test_tenants_and_signing_keys_are_the_operator_s(client: httpx.Client, admin: Session, tag: str) -> None:
    for method, path in (
        ("GET", "/tenants"),
        ("POST", "/tenants"),
        ("GET", f"/tenants/{tag}"),
        ("PUT", f"/tenants/{tag}"),
        ("POST", f"/tenants/{tag}/disable"),
        ("POST", f"/tenants/{tag}/enable"),
        ("POST", "/signing-keys/rotate"),
    ):
        refused(client.request(method, f"{ADMIN}{path}", headers=admin.headers), 403)


@pytest.mark.parametrize("roles", [["viewer"], ["member"], ["editor"], ["viewer", "member", "editor"]])
def test_lower_roles_manage_nobody(client: httpx.Client, people: People, tag: str, roles: list[str]) -> None:
    people.tenant(tag)
    session = people.session(tag, tag, *roles)
    for path in ("/users", "/keys"):
        refused(client.get(f"{ADMIN}{path}", headers=session.headers), 403)
        refused(client.post(f"{ADMIN}{path}", headers=session.headers, content=b"no json"), 403)


def test_a_tenant_s_administrator_neither_makes_nor_touches_an_operator(
    client: httpx.Client, people: People, tag: str
) -> None:
    admin = people.session("default", f"{tag}-admin", "admin")
    operator = people.user("default", f"{tag}-op", "viewer", operator=True)
    user = people.user("default", f"{tag}-user", "viewer")
    body = {"username": f"{tag}-x", "operator": True}
    refused(client.post(f"{ADMIN}/users", headers=admin.headers, json=body), 403)
    refused(client.put(f"{ADMIN}/users/{user.user_id}", headers=admin.headers, json={"operator": True}), 403)
    for method, path in (("PUT", ""), ("POST", "/disable"), ("POST", "/enable"), ("POST", "/reset-password")):
        refused(client.request(method, f"{ADMIN}/users/{operator.user_id}{path}", headers=admin.headers), 403)
    assert works(client, log_in(client, operator.username, operator.password))


def test_an_operator_s_roles_are_those_of_the_own_tenant(client: httpx.Client, people: People, tag: str) -> None:
    people.tenant(tag)
    operator = people.session(tag, tag, "viewer", operator=True)
    assert succeeded(client.get(f"{ADMIN}/tenants", headers=operator.headers))["total"] >= 2
    refused(client.get(f"{ADMIN}/users", headers=operator.headers), 403)


def test_an_organisation_s_administrator_keeps_to_it(client: httpx.Client, people: People, tag: str) -> None:
    people.tenant(tag)
    people.user(tag, f"{tag}-whole", "member")
    other = people.user(tag, f"{tag}-o2", "member", org="o2")
    admin = people.session(tag, f"{tag}-o1", "admin", org="o1")
    assert listed(client, admin) == [f"{tag}-o1"]
    refused(client.get(f"{ADMIN}/users/{other.user_id}", headers=admin.headers), 404)
    body = {"username": f"{tag}-x", "orgCode": "o2"}
    refused(client.post(f"{ADMIN}/users", headers=admin.headers, json=body), 403)
    refused(client.post(f"{ADMIN}/keys", headers=admin.headers, json={"name": "k", "orgCode": "o2"}), 403)
    made = succeeded(client.post(f"{ADMIN}/users", headers=admin.headers, json={"username": f"{tag}-x"}))
    assert made["orgCode"] == "o1"
    moved = client.put(f"{ADMIN}/users/{made['userId']}", headers=admin.headers, json={"orgCode": "o2"})
    refused(moved, 403)
    stays = client.put(f"{ADMIN}/users/{made['userId']}", headers=admin.headers, json={"orgCode": ""})
    assert succeeded(stays)["orgCode"] == "o1"


CHANGES: list[tuple[str, str, dict[str, Any] | None]] = [
    ("PUT", "", {"roles": ["viewer"]}),
    ("PUT", "", {"orgCode": "o9"}),
    ("PUT", "", {"operator": True}),
    ("POST", "/disable", None),
    ("POST", "/reset-password", None),
]


@pytest.mark.parametrize(("method", "action", "body"), CHANGES, ids=str)
def test_a_change_of_rights_ends_the_user_s_tokens(
    client: httpx.Client, people: People, tag: str, method: str, action: str, body: dict[str, Any] | None
) -> None:
    people.tenant(tag)
    person = people.user(tag, tag, "editor")
    session, other = log_in(client, tag, person.password), people.session(tag, f"{tag}-other", "editor")
    succeeded(people.call(method, f"/users/{person.user_id}{action}", tag, json=body))
    assert not works(client, session)
    refused_in_words(refreshed(client, session), 401)
    assert works(client, other)


def test_what_is_no_right_ends_nothing(client: httpx.Client, people: People, tag: str) -> None:
    people.tenant(tag)
    person = people.user(tag, tag, "editor")
    session = log_in(client, tag, person.password)
    changed = {"displayName": "新名字", "roles": ["editor"], "operator": False, "orgCode": ""}
    assert succeeded(people.call("PUT", f"/users/{person.user_id}", tag, json=changed))["displayName"] == "新名字"
    assert works(client, session)


def test_new_rights_stand_in_the_next_token(client: httpx.Client, people: People, tag: str) -> None:
    people.tenant(tag)
    person = people.user(tag, tag, "viewer")
    succeeded(people.call("PUT", f"/users/{person.user_id}", tag, json={"roles": ["admin"], "orgCode": "o1"}))
    me = client.get("/api/me", headers=log_in(client, tag, person.password).headers).json()
    assert (me["roles"], me["org_code"], me["tenant_id"]) == (["admin"], "o1", tag)


def test_a_disabled_user_may_not_log_in_and_an_enabled_one_may(client: httpx.Client, people: People, tag: str) -> None:
    people.tenant(tag)
    person = people.user(tag, tag, "viewer")
    body = {"username": tag, "password": person.password}
    succeeded(people.call("POST", f"/users/{person.user_id}/disable", tag))
    wrong = client.post("/api/login", json={**body, "password": "wrong"})
    assert client.post("/api/login", json=body).content == wrong.content
    succeeded(people.call("POST", f"/users/{person.user_id}/enable", tag))
    assert works(client, log_in(client, tag, person.password))


def test_a_closed_tenant_is_closed_to_all_its_credentials(client: httpx.Client, people: People, tag: str) -> None:
    people.tenant(tag)
    person = people.user(tag, tag, "admin")
    session, key = log_in(client, tag, person.password), people.key(tag, "viewer")
    succeeded(people.call("POST", f"/tenants/{tag}/disable"))
    assert not works(client, session)
    refused_in_words(refreshed(client, session), 401)
    refused_in_words(client.post("/api/login", json={"username": tag, "password": person.password}), 401)
    refused_in_words(client.get("/api/me", headers=bearer(key)), 401)
    succeeded(people.call("POST", f"/tenants/{tag}/enable"))
    assert works(client, log_in(client, tag, person.password))
    assert client.get("/api/me", headers=bearer(key)).status_code == 200


def test_nobody_shuts_themselves_out(client: httpx.Client, admin: Session) -> None:
    me = client.get("/api/me", headers=admin.headers).json()["user_id"]
    refused(client.post(f"{ADMIN}/users/{me}/disable", headers=admin.headers), 409)


def test_a_password_is_changed_by_who_knows_it(client: httpx.Client, people: People, tag: str) -> None:
    people.tenant(tag)
    person = people.user(tag, tag, "viewer")
    session, elsewhere = log_in(client, tag, person.password), log_in(client, tag, person.password)
    change = {"old_password": person.password, "new_password": "the-new-password"}
    for body, field in (
        ({**change, "old_password": "wrong"}, "原密码"),
        ({**change, "new_password": "short"}, "密码长度"),
        ({**change, "new_password": person.password}, "相同"),
        ({**change, "new_password": ""}, "new_password"),
    ):
        assert field in refused_in_words(client.post("/api/password", json=body, headers=session.headers), 400)
    answer = client.post("/api/password", json=change, headers=session.headers).json()
    fresh = Session(answer["access_token"], answer["refresh_token"])
    assert works(client, fresh)
    assert refreshed(client, fresh).status_code == 200
    assert not works(client, session)
    assert not works(client, elsewhere)
    refused_in_words(client.post("/api/login", json={"username": tag, "password": person.password}), 401)
    log_in(client, tag, "the-new-password")


def test_who_found_an_open_session_may_not_guess_on(client: httpx.Client, people: People, tag: str) -> None:
    people.tenant(tag)
    person = people.user(tag, tag, "viewer")
    session = log_in(client, tag, person.password)
    body = {"old_password": "wrong", "new_password": "the-new-password"}
    for _ in range(5):
        refused_in_words(client.post("/api/password", json=body, headers=session.headers), 400)
    right = {**body, "old_password": person.password}
    refused_in_words(client.post("/api/password", json=right, headers=session.headers), 429)


def test_a_key_has_no_password(client: httpx.Client, people: People, tag: str) -> None:
    people.tenant(tag)
    body = {"old_password": PASSWORD, "new_password": "the-new-password"}
    refused_in_words(client.post("/api/password", json=body, headers=bearer(people.key(tag, "admin"))), 403)


def test_a_key_calls_just_its_families(client: httpx.Client, people: People, tag: str) -> None:
    people.tenant(tag)
    plain, assistant, admin = (
        people.key(tag, "admin", families=families) for families in (None, ["assistant"], ["admin"])
    )
    for key in (plain, assistant, admin):
        assert client.get("/api/me", headers=bearer(key)).json()["tenant_id"] == tag
    for key, search, manage in ((plain, 200, 403), (assistant, 200, 403), (admin, 403, 200)):
        assert client.post(SEARCH, json=QUERY, headers=bearer(key)).status_code == search
        assert client.get(f"{ADMIN}/users", headers=bearer(key)).status_code == manage


def test_a_revoked_key_ends_at_once(client: httpx.Client, people: People, tag: str) -> None:
    people.tenant(tag)
    made = succeeded(people.call("POST", "/keys", tag, json={"name": "k", "roles": ["viewer"], "days": 1}))
    assert made["key"] == f"{made['accessKey']}_{made['secretKey']}"
    assert client.get("/api/me", headers=bearer(made["key"])).status_code == 200
    for _ in range(2):
        assert succeeded(people.call("DELETE", f"/keys/{made['keyId']}", tag))["revokeTime"]
    refused_in_words(client.get("/api/me", headers=bearer(made["key"])), 401)
    assert succeeded(people.call("GET", f"/keys/{made['keyId']}", tag))["lastUsedTime"]


def test_a_secret_is_shown_once(people: People, tag: str) -> None:
    people.tenant(tag)
    user, key = people.user(tag, tag, "viewer"), people.key(tag, "viewer")
    told = "".join(people.call("GET", path, tag).text for path in ("/users", f"/users/{user.user_id}", "/keys"))
    assert user.password not in told
    assert key.split("_", 2)[2] not in told


def test_a_rotation_at_once_ends_access_tokens_but_no_login(client: httpx.Client, people: People) -> None:
    session = log_in(client)
    succeeded(people.call("POST", "/signing-keys/rotate", json={"atOnce": "true"}))
    assert not works(client, session)
    answer = refreshed(client, session).json()
    assert works(client, Session(answer["access_token"], answer["refresh_token"]))


@pytest.mark.parametrize(
    ("path", "body", "fields"),
    [
        ("/tenants", {"tenantId": "a b"}, ["tenantId"]),
        ("/tenants", {"tenantId": "x" * 129}, ["tenantId"]),
        ("/tenants", {"tenantId": "ok", "name": "x" * 256}, ["name"]),
        ("/users", {"username": "a b"}, ["username"]),
        ("/users", {"username": "a'--"}, ["username"]),
        ("/users", {"username": "ﷺ" * 20}, ["username"]),
        ("/users", {"username": "   "}, ["username"]),
        ("/users", {"username": "ok", "roles": []}, ["roles"]),
        ("/users", {"username": "ok", "roles": "admin"}, ["roles"]),
        ("/users", {"username": "ok", "password": "short"}, ["password"]),
        ("/users", {"username": "ok", "orgCode": "a%"}, ["orgCode"]),
        ("/users", {"username": "ok", "operator": 1}, ["operator"]),
        ("/keys", {}, ["name"]),
        ("/keys", {"name": "ok", "days": 0}, ["days"]),
        ("/keys", {"name": "ok", "days": 1.5}, ["days"]),
        ("/keys", {"name": "ok", "families": []}, ["families"]),
        ("/keys", {"name": 5, "days": "x", "roles": 1}, ["days", "name", "roles"]),
        ("/signing-keys/rotate", {"atOnce": "perhaps"}, ["atOnce"]),
    ],
    ids=str,
)
def test_bad_values_are_named(people: People, path: str, body: dict[str, Any], fields: list[str]) -> None:
    answer = refused(people.call("POST", path, json=body), 400)
    assert sorted(fault["field"] for fault in answer["errors"]) == fields


def test_the_tenant_that_is_worked_in_is_a_code(people: People) -> None:
    refused(people.call("GET", "/users", "a b"), 400)
    refused(people.call("GET", "/users", "x" * 129), 400)
    assert succeeded(people.call("GET", "/users", "nobody-knows-it"))["items"] == []
    refused(people.call("POST", "/users", "nobody-knows-it", json={"username": "x"}), 404)


def test_of_two_users_of_a_name_made_at_once_one_is_made(people: People, tag: str) -> None:
    people.tenant(tag)
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: people.call("POST", "/users", tag, json={"username": tag}), range(4)))
    assert sorted(answer.status_code for answer in made) == [200, 409, 409, 409]
