"""Access tokens, and what is none: each claim forged, each key exchanged."""

import base64
import json
from datetime import timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from unit.core.auth.conftest import LIFETIME
from wenshu.core.auth.revoked import family, tenant, user
from wenshu.core.auth.tokens import AccessTokens, Subject
from wenshu.core.database.scope import EVERYTHING, Scope
from wenshu.kit import clock
from wenshu.kit.errors import Unauthenticated

SUBJECT = Subject("u1", "t1", "o1", ("editor", "viewer"), "f1")


async def test_what_was_minted_comes_back(tokens):
    principal = await tokens.check(await tokens.mint(SUBJECT))
    assert (principal.name, principal.tenant, principal.org) == ("user:u1", "t1", "o1")
    assert principal.roles == {"editor", "viewer"}
    assert (principal.user_id, principal.operator, principal.families) == ("u1", False, None)


async def test_the_claims_are_the_contract_s(tokens, keyring):
    token = await tokens.mint(Subject("u1", "t1", "", ("admin",), "f1", operator=True))
    claims = jwt.decode(token, options={"verify_signature": False})
    assert {"sub", "tenant_id", "roles", "exp", "iat", "jti", "iss", "aud"} <= set(claims)
    assert "org_code" not in claims
    assert claims["exp"] - claims["iat"] == pytest.approx(LIFETIME.total_seconds(), abs=1)
    assert jwt.get_unverified_header(token) == {"alg": "EdDSA", "typ": "JWT", "kid": (await keyring.signing()).kid}
    principal = await tokens.check(token)
    assert principal.operator
    assert principal.org is None


async def test_no_two_tokens_are_the_same(tokens):
    assert await tokens.mint(SUBJECT) != await tokens.mint(SUBJECT)


async def forged(tokens, keyring, **changes):
    """A token like ours, signed with our key, but for these claims; None leaves one out."""
    signing = await keyring.signing()
    claims = jwt.decode(await tokens.mint(SUBJECT), options={"verify_signature": False}) | changes
    kept = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(kept, signing.private, algorithm="EdDSA", headers={"kid": signing.kid})


async def test_a_token_like_ours_is_ours(tokens, keyring):
    assert (await tokens.check(await forged(tokens, keyring))).user_id == "u1"


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "another"},
        {"aud": "another"},
        {"exp": 1},
        {"exp": None},
        {"iat": None},
        {"iat": "yesterday"},
        {"iat": 1e18},
        {"sub": None},
        {"sub": 5},
        {"tenant_id": None},
        {"roles": None},
        {"jti": None},
        {"fam": None},
        {"nbf": 4e9},
    ],
    ids=str,
)
async def test_a_claim_that_is_wrong_or_missing(tokens, keyring, changes):
    with pytest.raises(Unauthenticated):
        await tokens.check(await forged(tokens, keyring, **changes))


async def test_a_changed_claim_breaks_the_signature(tokens):
    head, body, signature = (await tokens.mint(SUBJECT)).split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    for name, value in {"roles": ["admin"], "tenant_id": "t2", "operator": True, "exp": 4e9, "org_code": ""}.items():
        other = base64.urlsafe_b64encode(json.dumps({**claims, name: value}).encode()).decode().rstrip("=")
        with pytest.raises(Unauthenticated):
            await tokens.check(f"{head}.{other}.{signature}")


async def test_another_algorithm_or_key(tokens, keyring):
    signing = await keyring.signing()
    claims = jwt.decode(await tokens.mint(SUBJECT), options={"verify_signature": False})
    raw = signing.public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    pem = signing.public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    strange = Ed25519PrivateKey.generate()
    none = base64.urlsafe_b64encode(json.dumps({"alg": "none", "kid": signing.kid}).encode()).decode().rstrip("=")
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    kid = {"kid": signing.kid}
    for token in (
        f"{none}.{body}.",
        jwt.encode(claims, None, algorithm="none", headers=kid),
        hmac_signed(claims, raw, signing.kid),
        hmac_signed(claims, pem, signing.kid),
        jwt.encode(claims, strange, algorithm="EdDSA", headers=kid),
        jwt.encode(claims, strange, algorithm="EdDSA", headers={"kid": "unknown"}),
        jwt.encode(claims, signing.private, algorithm="EdDSA", headers={"kid": "unknown"}),
        jwt.encode(claims, signing.private, algorithm="EdDSA"),
        jwt.encode(claims, strange, algorithm="EdDSA", headers={**kid, "jwk": {"kty": "OKP"}, "jku": "http://x/"}),
    ):
        with pytest.raises(Unauthenticated):
            await tokens.check(token)


def hmac_signed(claims, secret, kid):
    """HS256 with a public key for its secret, by hand: the library refuses to make one."""
    import hmac  # noqa: PLC0415 (this forgery only)

    def encoded(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    signed = f"{encoded({'alg': 'HS256', 'typ': 'JWT', 'kid': kid})}.{encoded(claims)}"
    digest = hmac.new(secret, signed.encode(), "sha256").digest()
    return f"{signed}.{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"


@pytest.mark.parametrize(
    "token", ["", ".", "..", "a.b.c", "x" * 9000, "eyJhbGciOiJFZERTQSJ9..", "🙂.🙂.🙂", '"', "\x00"]
)
async def test_what_is_no_token_at_all(tokens, token):
    with pytest.raises(Unauthenticated):
        await tokens.check(token)


async def test_a_token_ends_with_its_time(keyring, revocations):
    late = AccessTokens(keyring, revocations, timedelta(seconds=-1))
    with pytest.raises(Unauthenticated, match="过期"):
        await late.check(await late.mint(SUBJECT))


async def test_a_rotation_at_once_ends_all_tokens_and_a_gentle_one_none(tokens, keyring):
    first = await tokens.mint(SUBJECT)
    await keyring.rotate()
    await tokens.check(first)
    second = await tokens.mint(SUBJECT)
    await keyring.rotate(at_once=True)
    for token in (first, second):
        with pytest.raises(Unauthenticated):
            await tokens.check(token)
    await tokens.check(await tokens.mint(SUBJECT))


@pytest.mark.parametrize("subject", [family("f1"), user("u1"), tenant("t1")])
async def test_a_revoked_token_is_none_and_its_successor_is(tokens, revocations, database, subject):
    old, other = await tokens.mint(SUBJECT), await tokens.mint(Subject("u2", "t2", "", ("viewer",), "f2"))
    async with database.write(EVERYTHING) as tx:
        await revocations.revoke(tx, Scope("t1"), subject)
    with pytest.raises(Unauthenticated):
        await tokens.check(old)
    await tokens.check(other)
    await tokens.check(await tokens.mint(SUBJECT))


async def test_the_clock_may_stand_a_little_behind(tokens, keyring):
    """A token of another machine of ours, whose clock goes a second before."""
    ahead = (clock.now() + timedelta(seconds=1)).timestamp()
    assert (await tokens.check(await forged(tokens, keyring, iat=ahead))).user_id == "u1"
