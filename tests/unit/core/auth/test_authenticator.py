import pytest

from wenshu.core.auth.authenticator import Authenticator
from wenshu.core.auth.principal import LOCAL
from wenshu.core.auth.tokens import Subject
from wenshu.kit.errors import Unauthenticated

SECRET = "wsl_the-local-one"


@pytest.fixture
def authenticator(database, tokens):
    return Authenticator(database, tokens, SECRET)


@pytest.fixture
async def token(tokens):
    return await tokens.mint(Subject("u", "t", "", ("editor",), "f"))


async def test_a_bearer_is_taken(authenticator, token):
    for header in (f"Bearer {token}", f"bearer  {token} ", f"BEARER {token}"):
        assert (await authenticator.of_headers([header])).user_id == "u"


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [""],
        ["{token}"],
        ["Bearer"],
        ["Bearer "],
        ["Basic {token}"],
        ["Bearer {token}", "Bearer {token}"],
        ["Bearer {token}, Bearer {token}"],
        ["Bearer {token} {token}"],
        ["Bearer\t{token}"],
        ["Bearer 令牌"],
        ["Bearer wsk_x"],
        ["Bearer wsl_another"],
        ["Bearer wsl_"],
    ],
)
async def test_anything_else_is_not(authenticator, token, headers):
    with pytest.raises(Unauthenticated):
        await authenticator.of_headers([header.replace("{token}", token) for header in headers])


async def test_who_can_read_the_data_folder_is_the_operator(authenticator):
    assert await authenticator.of_headers([f"Bearer {SECRET}"]) is LOCAL


async def test_where_there_is_no_local_credential_none_is_taken(database, tokens):
    for credential in ("", "wsl_", SECRET):
        with pytest.raises(Unauthenticated):
            await Authenticator(database, tokens).of_credential(credential)
