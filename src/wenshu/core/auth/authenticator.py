"""From what a request carries to the principal behind it: one seam for every family."""

from wenshu.core.auth.keys import MARK, principal_of_key
from wenshu.core.auth.principal import Principal
from wenshu.core.auth.tokens import AccessTokens
from wenshu.core.database.engine import Database
from wenshu.kit.errors import Unauthenticated


class Authenticator:
    """Knows access tokens and API keys."""

    def __init__(self, database: Database, tokens: AccessTokens) -> None:
        self._database = database
        self._tokens = tokens

    async def of_header(self, authorization: str) -> Principal:
        """The principal of an ``Authorization`` header. Raises Unauthenticated for anything but a valid bearer."""
        scheme, _, credential = authorization.strip().partition(" ")
        credential = credential.strip()
        if scheme.lower() != "bearer" or not credential or not credential.isascii():
            raise Unauthenticated
        return await self.of_credential(credential)

    async def of_credential(self, credential: str) -> Principal:
        """The principal of an API key or an access token. Raises Unauthenticated."""
        if credential.startswith(MARK):
            return await principal_of_key(self._database, credential)
        return await self._tokens.check(credential)
