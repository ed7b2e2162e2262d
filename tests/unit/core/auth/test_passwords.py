import pytest

from wenshu.core.auth.passwords import LEAST, MOST, Passwords, made_up
from wenshu.kit.errors import InvalidInput


@pytest.fixture
def passwords():
    opened = Passwords()
    yield opened
    opened.close()


async def test_only_the_password_matches_its_hash(passwords):
    stored = await passwords.hash("口令 correct horse")
    assert stored.startswith("$argon2id$")
    assert "口令" not in stored
    assert await passwords.matches(stored, "口令 correct horse")
    for wrong in ("", "口令 correct hors", "口令 correct horse ", "口令 Correct horse"):
        assert not await passwords.matches(stored, wrong)


async def test_the_same_password_has_another_hash_each_time(passwords):
    assert await passwords.hash("password-1") != await passwords.hash("password-1")


async def test_without_a_user_nothing_matches(passwords):
    assert not await passwords.matches(None, "anything")
    assert not await passwords.matches("not a hash", "anything")


@pytest.mark.parametrize("password", ["", "x" * (LEAST - 1), "x" * (MOST + 1)])
async def test_too_short_and_too_long_are_refused(passwords, password):
    with pytest.raises(InvalidInput) as caught:
        await passwords.hash(password, field="new_password")
    assert caught.value.field == "new_password"


def test_made_up_passwords_are_long_and_differ():
    made = {made_up() for _ in range(100)}
    assert len(made) == 100
    assert all(len(password) == 16 for password in made)
