from datetime import timedelta

from sqlalchemy import update

from unit.core.auth.conftest import LIFETIME
from wenshu.core.auth.signing import Keyring
from wenshu.core.auth.tables import signing_keys
from wenshu.core.database.scope import EVERYTHING
from wenshu.kit import clock


async def test_a_first_key_is_made_once(keyring, database):
    again = Keyring(database, LIFETIME)
    await again.open()
    assert (await again.signing()).kid == (await keyring.signing()).kid


async def test_a_rotated_key_still_checks_until_its_tokens_have_expired(keyring, database):
    old = (await keyring.signing()).kid
    new = await keyring.rotate()
    assert (await keyring.signing()).kid == new != old
    assert await keyring.find(old) is not None
    long_ago = clock.now() - LIFETIME - timedelta(seconds=10)
    async with database.write(EVERYTHING) as tx:
        retired = update(signing_keys).where(signing_keys.c.kid == old, EVERYTHING.sees(signing_keys))
        await tx.run(retired.values(retired_at=long_ago))
    later = Keyring(database, LIFETIME)
    await later.open()
    assert await later.find(old) is None
    assert [key["kid"] for key in (await later.published())["keys"]] == [new]


async def test_a_key_retired_at_once_checks_no_more(keyring):
    old = (await keyring.signing()).kid
    new = await keyring.rotate(at_once=True)
    assert await keyring.find(old) is None
    assert await keyring.find(new) is not None


async def test_at_once_also_ends_keys_that_were_retired_gently(keyring):
    old = (await keyring.signing()).kid
    await keyring.rotate()
    await keyring.rotate(at_once=True)
    assert await keyring.find(old) is None


async def test_only_the_public_half_is_published(keyring):
    (key,) = (await keyring.published())["keys"]
    assert set(key) == {"kty", "crv", "use", "alg", "kid", "x"}
    assert (key["kty"], key["crv"], key["alg"]) == ("OKP", "Ed25519", "EdDSA")
    assert len(key["x"]) == 43


async def test_an_unknown_key_is_none(keyring):
    assert await keyring.find("nothing") is None
