"""Login and its companions over HTTP: every documented answer, bad values, too many tries, a refresh token's life."""

import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import httpx2 as httpx
import jwt
import pytest

from contracts.accounts.wire import PASSWORD, Session, log_in, refreshed, refused, works
from contracts.assistant.transcripts import Replay, read_all
from serving import ServerProcess, eventually

TRANSCRIPTS = read_all(Path(__file__).parent / "transcripts")


@pytest.mark.parametrize("name", TRANSCRIPTS)
def test_the_answers_are_as_documented(name: str, client: httpx.Client, tag: str) -> None:
    assert list(Replay(client, {"password": PASSWORD, "tag": tag}).objections(TRANSCRIPTS[name])) == []


def test_every_call_stands_in_a_transcript(client: httpx.Client) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    routes = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    told = {step["route"] for steps in TRANSCRIPTS.values() for step in steps} - {""}
    ours = {route for route in routes if "/api/" in route or "/.well-known/" in route}
    of_others = "/admin/jobs", "/task/", "/v1/forms", "/webhook-"
    assert told == {route for route in ours if not any(part in route for part in of_others)}


@pytest.mark.parametrize("path", ["/api/login", "/api/refresh", "/api/logout"])
@pytest.mark.parametrize(
    "value", [5, True, ["a"], {"a": 1}, "a\x00b", "x" * 100_000], ids=lambda value: f"{type(value).__name__}"
)
def test_bad_values_are_400_with_the_field(client: httpx.Client, path: str, value: object) -> None:
    sound = {"username": "admin", "password": "wrong", "refresh_token": "wrong"}
    for field in ("username", "password") if path == "/api/login" else ("refresh_token",):
        assert field in refused(client.post(path, json={**sound, field: value}), 400)


@pytest.mark.parametrize("body", [b"{", b"[]", b"null", b'"a"', b'{"username": NaN}', b"\xff"])
def test_what_is_no_json_object_is_400(client: httpx.Client, body: bytes) -> None:
    refused(client.post("/api/login", content=body, headers={"Content-Type": "application/json"}), 400)
    refused(client.post("/api/login", content=body), 415)


def test_an_unknown_user_and_a_wrong_password_are_answered_alike(client: httpx.Client) -> None:
    known = client.post("/api/login", json={"username": "admin", "password": "wrong"})
    for name in ("nobody", "admin'--", "admi", "管理员", "ﷺ" * 128, "x" * 128):
        unknown = client.post("/api/login", json={"username": name, "password": "wrong"})
        assert (unknown.status_code, unknown.content) == (known.status_code, known.content)


def test_five_failures_of_a_pair_are_429_even_with_the_right_password(client: httpx.Client) -> None:
    for _ in range(5):
        refused(client.post("/api/login", json={"username": "admin", "password": "wrong"}), 401)
    for password in ("wrong", PASSWORD):
        response = client.post("/api/login", json={"username": "ADMIN", "password": password})
        refused(response, 429)
        assert 1 <= int(response.headers["Retry-After"]) <= 61
    refused(client.post("/api/login", json={"username": "other", "password": "wrong"}), 401)


def test_fifty_failures_of_an_address_are_429_for_all_its_users(client: httpx.Client) -> None:
    for number in range(50):
        refused(client.post("/api/login", json={"username": f"u{number}", "password": "wrong"}), 401)
    refused(client.post("/api/login", json={"username": "admin", "password": PASSWORD}), 429)


def test_an_address_of_the_caller_s_own_making_does_not_help(client: httpx.Client) -> None:
    own = client.headers["X-Forwarded-For"]
    for number in range(5):
        headers = {"X-Forwarded-For": f"192.0.2.{number}, {own}"}
        refused(client.post("/api/login", json={"username": "admin", "password": "wrong"}, headers=headers), 401)
    headers = {"X-Forwarded-For": f"192.0.2.99, {own}"}
    refused(client.post("/api/login", json={"username": "admin", "password": PASSWORD}, headers=headers), 429)


def test_other_addresses_go_on(client: httpx.Client, server: ServerProcess) -> None:
    for _ in range(6):
        client.post("/api/login", json={"username": "admin", "password": "wrong"})
    with server.client(headers={"X-Forwarded-For": "192.0.2.250"}) as elsewhere:
        log_in(elsewhere)


def test_guesses_sent_at_once_are_counted_one_by_one(client: httpx.Client) -> None:
    def guess(number: int) -> int:
        return client.post("/api/login", json={"username": "admin", "password": f"wrong-{number}"}).status_code

    with ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(guess, range(16)))
    assert sorted(statuses) == [401] * 5 + [429] * 11


def test_a_refresh_token_is_good_for_one_use(client: httpx.Client, session: Session) -> None:
    following = refreshed(client, session).json()
    later = Session(following["access_token"], following["refresh_token"])
    assert works(client, session)
    assert works(client, later)
    assert "已被使用" in refused(refreshed(client, session), 401)
    # The family has ended: both access tokens, and the refresh token that nobody used yet.
    assert not works(client, session)
    assert not works(client, later)
    refused(refreshed(client, later), 401)


def test_another_login_of_the_same_user_goes_on(client: httpx.Client, session: Session) -> None:
    other = log_in(client)
    refreshed(client, session)
    refreshed(client, session)
    assert works(client, other)
    assert refreshed(client, other).status_code == 200


def test_of_refreshes_at_the_same_time_one_wins_and_the_family_ends(client: httpx.Client, session: Session) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: refreshed(client, session), range(8)))
    won = [answer.json() for answer in answers if answer.status_code == 200]
    assert len(won) == 1
    assert sorted(answer.status_code for answer in answers) == [200] + [401] * 7
    assert not works(client, session)
    assert not works(client, Session(won[0]["access_token"], won[0]["refresh_token"]))
    refused(client.post("/api/refresh", json={"refresh_token": won[0]["refresh_token"]}), 401)


@pytest.mark.parametrize("token", ["x", "wsr_x", "' or 1=1 --", "%", "_" * 47])
def test_a_refresh_token_that_is_none(client: httpx.Client, token: str) -> None:
    refused(client.post("/api/refresh", json={"refresh_token": token}), 401)
    assert client.post("/api/logout", json={"refresh_token": token}).status_code == 200


def test_an_access_token_does_not_refresh_and_a_refresh_token_opens_nothing(
    client: httpx.Client, session: Session
) -> None:
    refused(client.post("/api/refresh", json={"refresh_token": session.access}), 400)
    refused(client.get("/api/me", headers={"Authorization": f"Bearer {session.refresh}"}), 401)


def test_a_login_takes_no_token_from_its_caller(client: httpx.Client, session: Session) -> None:
    """Session fixation: what the caller brings along is not what it gets."""
    brought = {"access_token": session.access, "refresh_token": session.refresh, "family": "f", "user_id": "u"}
    body = {"username": "admin", "password": PASSWORD, **brought}
    given = client.post("/api/login", json=body, headers={**session.headers, "Cookie": "session=mine"})
    assert given.status_code == 200
    assert "set-cookie" not in given.headers
    assert given.json()["refresh_token"] != session.refresh
    tokens = session.access, given.json()["access_token"]
    families = {jwt.decode(token, options={"verify_signature": False})["fam"] for token in tokens}
    assert len(families) == 2


def test_others_can_check_our_tokens_with_the_published_keys(client: httpx.Client, session: Session) -> None:
    keys = jwt.PyJWKSet.from_dict(client.get("/.well-known/jwks.json").json())
    key = keys[jwt.get_unverified_header(session.access)["kid"]]
    claims = jwt.decode(session.access, key, algorithms=["EdDSA"], audience="wenshu", issuer="wenshu")
    assert (claims["tenant_id"], claims["roles"]) == ("default", ["admin"])


def test_no_secret_stands_in_the_database(server: ServerProcess, client: httpx.Client, session: Session) -> None:
    refreshed(client, session)
    with sqlite3.connect(f"file:{server.home / 'wenshu.sqlite3'}?mode=ro", uri=True) as database:
        everything = "\n".join(database.iterdump())
    database.close()
    for secret in (PASSWORD.replace("'", "''"), session.refresh, session.refresh[4:], session.access):
        assert secret not in everything


def test_the_local_credential_is_the_operator_s(server: ServerProcess, client: httpx.Client) -> None:
    path = server.home / "server.json"
    assert path.stat().st_mode & 0o077 == 0
    credential = json.loads(path.read_text())["credential"]
    me = client.get("/api/me", headers={"Authorization": f"Bearer {credential}"}).json()
    assert (me["user_id"], me["tenant_id"], me["is_operator"]) == ("local", None, True)
    refused(client.get("/api/me", headers={"Authorization": f"Bearer {credential[:-1]}"}), 401)


@pytest.mark.parametrize("header", [b"Bearer \xff\xfe", b"Bearer \xe4\xbb\xa4", b"bearer", b"Token x"])
def test_a_header_of_any_bytes_is_401(client: httpx.Client, header: bytes) -> None:
    refused(client.get("/api/me", headers=[(b"Authorization", header)]), 401)


def test_two_authorization_headers_are_401(client: httpx.Client, session: Session) -> None:
    good = ("Authorization", f"Bearer {session.access}")
    for headers in ([good, good], [good, ("authorization", "Bearer x")], [("Authorization", "Bearer x"), good]):
        refused(client.get("/api/me", headers=headers), 401)


def test_what_opens_something_is_masked_in_the_log(
    client: httpx.Client, session: Session, server: ServerProcess
) -> None:
    """Where a caller puts it into an address, too; the fixture looks through the whole log at the end."""
    for secret in (session.access, session.refresh, "wsk_0123456789ab_" + "x" * 43):
        trace = uuid4().hex
        headers, query = {"X-Trace-Id": trace}, {"access_token": session.access}
        refused(client.get(f"/api/{secret}", params=query, headers=headers), 404)
        lines = eventually(lambda trace=trace: [line for line in server.log.read_text().splitlines() if trace in line])
        assert "***" in lines[0]
        assert secret not in lines[0]
