"""Hostile callers: forged tokens, smuggled requests, doubled headers, foreign origins, guesses of accounts."""

import base64
import hmac
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2 as httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from contracts.accounts.people import ADMIN, People, bearer
from contracts.accounts.people import refused as refused_in_code
from contracts.accounts.raw import exchange, statuses
from contracts.accounts.wire import PASSWORD, Session, log_in, refreshed, works
from serving import ServerProcess

DOORS = ["/api/me", f"{ADMIN}/users", f"{ADMIN}/tenants", "/chat_service/sessions?user_id=u", "/metrics"]
"""One of each family, and what an operator alone reads."""


def encoded(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def forgeries(client: httpx.Client, session: Session) -> Iterator[tuple[str, str]]:
    """What can be made of a token and of all that is published, without the private key."""
    header = jwt.get_unverified_header(session.access)
    claims = jwt.decode(session.access, options={"verify_signature": False}) | {"operator": True, "roles": ["admin"]}
    head, body, signature = session.access.split(".")
    published = jwt.PyJWKSet.from_dict(client.get("/.well-known/jwks.json").json())[header["kid"]]
    public = published.key
    shapes = {
        "raw": public.public_bytes(Encoding.Raw, PublicFormat.Raw),
        "pem": public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        "der": public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        "jwk": json.dumps(client.get("/.well-known/jwks.json").json()["keys"][0]).encode(),
        "empty": b"",
    }
    for alg in ("none", "None", "NONE", "nOnE", "", None):
        yield f"alg {alg}", f"{encoded({**header, 'alg': alg})}.{encoded(claims)}."
        yield f"alg {alg}, old signature", f"{encoded({**header, 'alg': alg})}.{encoded(claims)}.{signature}"
    for name, secret in shapes.items():
        for alg, digest in (("HS256", "sha256"), ("HS512", "sha512")):
            signed = f"{encoded({**header, 'alg': alg})}.{encoded(claims)}"
            yield f"{alg} with {name}", f"{signed}.{encoded(hmac.digest(secret, signed.encode(), digest))}"
    strange = Ed25519PrivateKey.generate()
    own = {"kty": "OKP", "crv": "Ed25519", "x": encoded(strange.public_key().public_bytes_raw()), "kid": header["kid"]}
    brought = {"jwk": own, "jku": "http://127.0.0.1:9/k", "x5u": "http://127.0.0.1:9/c"}
    for kid in (header["kid"], "unknown", "", "../../secret.key", "' or 1=1 --", "a\x00b"):
        yield f"strange key, kid {kid!r}", jwt.encode(claims, strange, "EdDSA", headers={"kid": kid})
    yield "a key of its own", jwt.encode(claims, strange, "EdDSA", headers={"kid": header["kid"], **brought})
    yield "no kid", f"{encoded({'alg': 'EdDSA'})}.{body}.{signature}"
    yield "crit", f"{encoded({**header, 'crit': ['exp']})}.{body}.{signature}"
    yield "other claims", f"{head}.{encoded(claims)}.{signature}"
    yield "no signature", f"{head}.{body}."
    yield "cut signature", f"{head}.{body}.{signature[:-4]}"
    yield "signature of zeros", f"{head}.{body}.{encoded(bytes(64))}"
    yield "four parts", f"{session.access}.x"
    yield "encrypted", f"{encoded({'alg': 'dir', 'enc': 'A256GCM'})}..{encoded(b'0' * 12)}.{body}.{signature}"


def test_no_forged_token_opens_a_door(client: httpx.Client, session: Session) -> None:
    assert {client.get(door, headers=session.headers).status_code for door in DOORS} == {200}
    for name, token in forgeries(client, session):
        for door in DOORS:
            assert client.get(door, headers=bearer(token)).status_code == 401, f"{name} at {door}"


def test_a_refresh_token_sent_many_times_at_once_with_its_successor(client: httpx.Client, session: Session) -> None:
    """A thief and its victim race, over and over: one wins a round, and then the whole family is dead."""
    following = refreshed(client, session).json()
    later = Session(following["access_token"], following["refresh_token"])
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda one: refreshed(client, one), [session, later] * 6))
    assert sum(answer.status_code == 200 for answer in answers) <= 1
    assert {answer.status_code for answer in answers} <= {200, 401}
    alive = [Session(one.json()["access_token"], one.json()["refresh_token"]) for one in answers if one.is_success]
    assert not any(works(client, one) for one in [session, later, *alive])
    assert {refreshed(client, one).status_code for one in [session, later, *alive]} == {401}


def test_every_failed_login_costs_one_check_of_a_password(client: httpx.Client, people: People, tag: str) -> None:
    """Who has no account, who is shut out, and who mistypes are told apart by no work that is left out."""
    tenant = people.tenant(f"closed-{tag}")
    closed = people.user(tenant, f"closed-{tag}", "member")
    off = people.user("default", f"off-{tag}", "member")
    on = people.user("default", f"on-{tag}", "member")
    people.call("POST", f"/tenants/{tenant}/disable")
    people.call("POST", f"/users/{off.user_id}/disable")

    def checks() -> float:
        text = client.get("/metrics", headers=people.headers).text
        return sum(
            float(line.rsplit(" ", 1)[1])
            for line in text.splitlines()
            if line.startswith("wenshu_password_checks_total")
        )

    tries = {
        "unknown": (f"nobody-{tag}", "wrong"),
        "wrong": (on.username, "wrong"),
        "empty": (on.username, " "),
        "shut out, wrong": (off.username, "wrong"),
        "shut out, right": (off.username, off.password),
        "closed tenant, wrong": (closed.username, "wrong"),
        "closed tenant, right": (closed.username, closed.password),
    }
    said = set()
    for name, (username, password) in tries.items():
        before = checks()
        response = client.post("/api/login", json={"username": username, "password": password})
        assert checks() == before + 1, name
        said.add((response.status_code, response.content))
    assert len(said) == 1


def test_of_two_tenant_headers_neither_counts(client: httpx.Client, people: People, tag: str) -> None:
    """A proxy in front may have checked the other one."""
    one, two = people.tenant(f"one-{tag}"), people.tenant(f"two-{tag}")
    for values in ((one, two), (two, one), (one, one), (one, ""), ("", one)):
        headers = [*people.headers.items(), *(("X-Tenant-Id", value) for value in values)]
        refused_in_code(client.get(f"{ADMIN}/users", headers=headers), 400)


SMUGGLED = b"GET /api/smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
FRAMINGS = {
    "both": [b"Content-Length: 4", b"Transfer-Encoding: chunked"],
    "both, other way": [b"Transfer-Encoding: chunked", b"Content-Length: 4"],
    "two lengths": [b"Content-Length: 2", b"Content-Length: %d" % (2 + len(SMUGGLED))],
    "listed lengths": [b"Content-Length: 2, 2"],
    "signed length": [b"Content-Length: +2"],
    "hexadecimal length": [b"Content-Length: 0x2"],
    "negative length": [b"Content-Length: -1"],
    "spaced name": [b"Content-Length : 2"],
    "unknown coding": [b"Transfer-Encoding: xchunked"],
    "not last": [b"Transfer-Encoding: chunked, identity"],
    "twice": [b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity"],
    "tabbed": [b"Transfer-Encoding:\x0bchunked"],
    "folded": [b"Transfer-Encoding:\r\n chunked"],
}


@pytest.mark.parametrize("framing", FRAMINGS)
def test_a_body_of_doubtful_length_smuggles_no_second_request(server: ServerProcess, framing: str) -> None:
    head = [b"POST /api/login HTTP/1.1", b"Host: x", b"Content-Type: application/json", *FRAMINGS[framing]]
    received = exchange(server.url, b"\r\n".join(head) + b"\r\n\r\n" + b"0\r\n\r\n" + SMUGGLED)
    assert "/api/smuggled" not in server.log.read_text()
    assert len(statuses(received)) <= 1
    assert set(statuses(received)) <= {400}


@pytest.mark.parametrize(
    "line",
    [
        b"X-Trace-Id: a\nX-Injected: 1",
        b"X-Trace-Id: a\rX-Injected: 1",
        b"X-Trace-Id: a\x00b",
        b"X-Trace-Id: a\r\n X-Injected: 1",
        b"X-Trace-Id: a%0d%0aX-Injected: 1",
        "X-Trace-Id: a\u560d\u560aX-Injected: 1".encode(),
    ],
)
def test_a_header_injects_no_other_into_the_answer(server: ServerProcess, line: bytes) -> None:
    received = exchange(server.url, b"GET /livez HTTP/1.1\r\nHost: x\r\n" + line + b"\r\nConnection: close\r\n\r\n")
    answered = received.split(b"\r\n\r\n")[0].lower().replace(b"\r", b"\n").split(b"\n")
    assert not [name for name in answered if name.startswith(b"x-injected")]
    assert set(statuses(received)) <= {200, 400}


def test_a_redirect_stays_where_it_is(client: httpx.Client) -> None:
    """No answer leads to a host that the caller named."""
    for path in ("/", "/console"):
        for headers in (
            {"Host": "evil.example"},
            {"X-Forwarded-Host": "evil.example"},
            {"Forwarded": "host=evil.example"},
        ):
            answer = client.get(path, headers=headers)
            assert (answer.status_code, answer.headers["location"]) == (307, "/console/")


@pytest.fixture(scope="module")
def browsed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A server that pages of one origin may call."""
    server = ServerProcess(
        tmp_path_factory.mktemp("browsed") / "home",
        WENSHU_AUTH_OPEN_FAMILIES="token",
        WENSHU_ADMIN_PASSWORD=PASSWORD,
        WENSHU_CORS_ORIGINS='["https://app.example"]',
    )
    try:
        with server.start().client() as opened:
            yield opened
    finally:
        server.stop()


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "http://app.example",
        "https://app.example:444",
        "https://app.example.evil.example",
        "https://evilapp.example",
        "https://sub.app.example",
        "https://APP.EXAMPLE.",
        "https://app.example/",
        "https://app.example, https://evil.example",
        "*",
    ],
)
def test_only_the_origin_that_was_named_may_read(browsed: httpx.Client, origin: str) -> None:
    session = log_in(browsed)
    asked = {"Origin": origin, "Access-Control-Request-Method": "GET"}
    for answer in (
        browsed.get("/api/me", headers={**session.headers, "Origin": origin}),
        browsed.options("/api/me", headers={**asked, "Access-Control-Request-Headers": "authorization"}),
    ):
        assert "access-control-allow-origin" not in answer.headers
        assert "access-control-allow-credentials" not in answer.headers


def test_the_origin_that_was_named_reads_without_cookies(browsed: httpx.Client) -> None:
    session = log_in(browsed)
    answer = browsed.get("/api/me", headers={**session.headers, "Origin": "https://app.example"})
    assert answer.headers["access-control-allow-origin"] == "https://app.example"
    assert "origin" in answer.headers["vary"].lower()
    # Tokens go in a header, which no foreign page can make a browser send: cookies are neither set nor taken.
    assert "access-control-allow-credentials" not in answer.headers
    assert browsed.get("/api/me", headers={"Cookie": f"access_token={session.access}"}).status_code == 401
    assert browsed.get(f"/api/me?access_token={session.access}").status_code == 401
    preflight = {"Origin": "https://app.example", "Access-Control-Request-Method": "PATCH"}
    assert browsed.options("/api/me", headers=preflight).status_code == 400
