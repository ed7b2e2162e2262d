"""``/oauth/2.0/token`` and who may call: halves of a key, tokens in the query, the body or the header."""

import base64
import hmac
import re
from hashlib import sha256

import httpx2 as httpx
import pytest

from contracts.accounts.people import People, bearer
from contracts.gateway.conftest import Gate, exchanged, made_key
from contracts.gateway.wire import CHAT, refused, status_of
from serving import ServerProcess

ASKED = {"messages": [{"role": "user", "content": "你好"}]}


def test_a_key_s_halves_are_exchanged_for_a_token(gate: Gate) -> None:
    answer = exchanged(gate.client, gate.key)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert body["expires_in"] == 2_592_000
    assert re.fullmatch(r"wst_[0-9a-f]{12}\.\d{10}\.[\w-]{43}", body["access_token"])
    assert gate.key.secret not in answer.text


def test_the_halves_may_stand_in_a_form_or_in_json(gate: Gate) -> None:
    given = {"grant_type": "client_credentials", "client_id": gate.key.access, "client_secret": gate.key.secret}
    for options in ({"data": given}, {"json": given}):
        assert gate.client.post("/oauth/2.0/token", **options).json()["expires_in"] == 2_592_000
    assert gate.client.get("/oauth/2.0/token", params=given).json()["expires_in"] == 2_592_000


@pytest.mark.parametrize(
    ("changed", "status", "error"),
    [
        ({"client_secret": "x" * 43}, 401, "invalid_client"),
        ({"client_id": "wsk_000000000000"}, 401, "invalid_client"),
        ({"client_secret": "密"}, 401, "invalid_client"),
        ({"client_secret": "x" * 5_000}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": ""}, 400, "unsupported_grant_type"),
        ({"client_id": ""}, 400, "invalid_request"),
        ({"client_secret": ""}, 400, "invalid_request"),
    ],
)
def test_what_is_no_exchange(steady: Gate, changed: dict[str, str], status: int, error: str) -> None:
    body = refused(exchanged(steady.client, steady.key, **changed), status)
    assert body["error"] == error


def test_an_unknown_key_and_a_wrong_secret_are_told_alike(steady: Gate) -> None:
    answers = [
        exchanged(steady.client, steady.key, **changed)
        for changed in ({"client_secret": "x" * 43}, {"client_id": "wsk_000000000000"})
    ]
    assert answers[0].text == answers[1].text


def test_a_key_for_other_calls_gets_no_token(gate: Gate) -> None:
    made = gate.people.call("POST", "/keys", gate.key.tenant, json={"name": "x", "families": ["assistant"]})
    data = made.json()["data"]
    answer = exchanged(gate.client, gate.key, client_id=data["accessKey"], client_secret=data["secretKey"])
    assert refused(answer, 403)["error"] == "unauthorized_client"


def test_the_token_may_stand_in_the_query_the_body_or_the_header(gate: Gate) -> None:
    for options in (
        {"params": {"access_token": gate.token}, "json": ASKED},
        {"json": {**ASKED, "access_token": gate.token}},
        {"headers": bearer(gate.token), "json": ASKED},
        {"headers": bearer(gate.key.text), "json": ASKED},
        {"params": {"access_token": gate.key.text}, "json": ASKED},
    ):
        assert status_of(gate.client.post(CHAT, **options)) == 200
    for token in (gate.token, gate.key.text):
        assert gate.client.get("/v1/models", headers=bearer(token)).status_code == 200


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"params": {"access_token": ""}},
        {"params": {"access_token": "24.abc.2592000.1-2"}},
        {"params": {"access_token": "令牌"}},
        {"params": {"access_token": "wst_000000000000.9999999999.x"}},
        {"params": {"access_token": "wst_"}},
        {"params": {"access_token": "x" * 9_000}},
        {"headers": {"Authorization": "Bearer x"}},
        {"headers": {"Authorization": "bce-auth-v1/x"}},
    ],
)
def test_a_token_that_is_none_is_110(steady: Gate, options: dict) -> None:
    body = refused(steady.client.post(CHAT, json=ASKED, **options), 401)
    assert body["error_code"] == 110


def test_of_two_credentials_neither_is_taken(steady: Gate) -> None:
    for options in (
        {"params": {"access_token": steady.token}, "headers": bearer(steady.key.text)},
        {"params": [("access_token", steady.token), ("access_token", steady.token)]},
    ):
        assert refused(steady.client.post(CHAT, json=ASKED, **options), 401)["error_code"] == 110


def test_a_token_cannot_be_made_to_live_longer(steady: Gate) -> None:
    prefix, expiry, signature = steady.token.split(".")
    longer = f"{prefix}.{int(expiry) + 1}.{signature}"
    assert refused(steady.client.post(CHAT, json=ASKED, params={"access_token": longer}), 401)["error_code"] == 110


def test_a_revoked_key_ends_its_tokens(gate: Gate) -> None:
    made = gate.people.call("GET", "/keys", gate.key.tenant).json()["data"]["items"][0]
    assert gate.people.call("DELETE", f"/keys/{made['keyId']}", gate.key.tenant).status_code == 200
    assert refused(gate.ernie(), 401)["error_code"] == 110
    assert refused(gate.openai(), 401)["error"]["code"] == "invalid_api_key"


def test_who_may_only_read_may_not_ask(gate: Gate) -> None:
    viewer = made_key(gate.people, gate.key.tenant, "viewer")
    reading = Gate(gate.client, gate.people, viewer)
    assert refused(reading.ernie(), 403)["error_code"] == 6
    refused(reading.openai(), 403)
    assert gate.client.get("/v1/models", headers=viewer.headers).status_code == 200


def test_tokens_expire_and_outlive_a_restart(tmp_path) -> None:
    server = ServerProcess(tmp_path / "home", WENSHU_GATEWAY_TOKEN_SECONDS="60").start()
    try:
        with server.client() as client:
            people = People(client, server.home)
            gate = Gate(client, people, made_key(people, people.tenant("t")))
        server.kill()
        with server.start().client() as client:
            asked = {"params": {"access_token": gate.token}, "json": ASKED}
            assert status_of(client.post(CHAT, **asked)) == 200
            expired(client, gate)
    finally:
        server.stop()


def expired(client: httpx.Client, gate: Gate) -> None:
    """A token that was signed with its key's digest, and is over, is 111."""
    digest = sha256(gate.key.text.encode()).hexdigest()
    prefix = gate.key.access.removeprefix("wsk_")
    signed = hmac.new(digest.encode(), f"client-token\n{prefix}\n1700000000".encode(), sha256).digest()
    token = f"wst_{prefix}.1700000000.{base64.urlsafe_b64encode(signed).rstrip(b'=').decode()}"
    body = refused(client.post(CHAT, json=ASKED, params={"access_token": token}), 401)
    assert body["error_code"] == 111
