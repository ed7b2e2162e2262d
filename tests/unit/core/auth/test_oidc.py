"""What an issuer may answer instead of its keys; the rest is tried against a real one in ``contracts/accounts``."""

import jwt
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from wenshu.core.auth.oidc import Claims, Issuer, claimed
from wenshu.kit.errors import FetchFailed, Unauthenticated, Unavailable

URL = "https://login.example.com"
SOUND = {"issuer": URL, "jwks_uri": f"{URL}/keys"}
TOKEN = jwt.encode({"iss": URL, "sub": "u"}, Ed25519PrivateKey.generate(), algorithm="EdDSA", headers={"kid": "k"})


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {"/.well-known/openid-configuration": b"<html>"},
        {"/.well-known/openid-configuration": b"[]"},
        {"/.well-known/openid-configuration": orjson.dumps({**SOUND, "issuer": "https://another.example.com"})},
        {"/.well-known/openid-configuration": orjson.dumps({"issuer": URL})},
        {"/.well-known/openid-configuration": orjson.dumps(SOUND)},
        {"/.well-known/openid-configuration": orjson.dumps(SOUND), "/keys": b"\xff"},
    ],
)
async def test_without_its_keys_it_cannot_be_said_who_calls(database, answers):
    async def fetch(url):
        body = answers.get(url.removeprefix(URL))
        if body is None:
            raise FetchFailed
        return body

    issuer = Issuer(URL, "wenshu", Claims(), fetch, database)
    for _ in range(2):
        with pytest.raises(Unavailable):
            await issuer.check(TOKEN, "k")


@pytest.mark.parametrize(
    "keys", [[], None, [{"kty": "oct", "kid": "k", "k": "c2VjcmV0"}], [5], [{"kid": 5, "kty": "RSA"}]]
)
async def test_keys_that_are_none_check_nothing(database, keys):
    asked = []

    async def fetch(url):
        asked.append(url)
        return orjson.dumps(SOUND if url.endswith("configuration") else {"keys": keys})

    issuer = Issuer(URL, "wenshu", Claims(), fetch, database)
    for _ in range(3):
        with pytest.raises(Unauthenticated):
            await issuer.check(TOKEN, "k")
    assert len(asked) == 2


@pytest.mark.parametrize("kid", [None, 5, ["k"]])
async def test_a_token_without_a_key_is_not_looked_up(database, kid):
    async def fetch(url):
        raise AssertionError(url)

    with pytest.raises(Unauthenticated):
        await Issuer(URL, "wenshu", Claims(), fetch, database).check(TOKEN, kid)


def test_what_a_token_says_of_itself():
    assert claimed(TOKEN) == (URL, "k")
    for none in ("", "a.b.c", "x" * 100):
        with pytest.raises(Unauthenticated):
            claimed(none)
