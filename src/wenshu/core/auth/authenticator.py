"""From what a request carries to the principal behind it: one seam for every family."""

import hmac

from wenshu.core.auth.client_tokens import principal_of_client_token
from wenshu.core.auth.keys import principal_of_key
from wenshu.core.auth.marks import CLIENT_MARK, KEY_MARK, LOCAL_MARK
from wenshu.core.auth.oidc import Issuer, claimed
from wenshu.core.auth.principal import LOCAL, Principal
from wenshu.core.auth.seals import Seals
from wenshu.core.auth.signed import SignedRequest, principal_of_signature
from wenshu.core.auth.tokens import AccessTokens
from wenshu.core.database.engine import Database
from wenshu.kit.errors import Unauthenticated

_LONGEST = 8192


class Authenticator:
    """Knows access and client tokens, API keys, an outside issuer's tokens, and this process's ``local`` credential.

    ``outside`` or ``seals`` None, ``local`` empty: there is none.
    """

    def __init__(
        self,
        database: Database,
        tokens: AccessTokens,
        local: str = "",
        outside: Issuer | None = None,
        seals: Seals | None = None,
    ) -> None:
        self._database = database
        self._tokens = tokens
        self._outside = outside
        self._local = local.encode()
        self._seals = seals

    async def of_headers(self, authorizations: list[str]) -> Principal:
        """The principal of a request's ``Authorization`` headers. Raises Unauthenticated but for one valid bearer."""
        # Of two, a proxy may have checked the other one.
        if len(authorizations) != 1:
            raise Unauthenticated
        scheme, _, credential = authorizations[0].strip().partition(" ")
        credential = credential.strip()
        if scheme.lower() != "bearer" or not credential or not credential.isascii():
            raise Unauthenticated
        return await self.of_credential(credential)

    async def of_signature(self, authorization: str, request: SignedRequest) -> Principal:
        """The principal whose secret signed the request. Raises Unauthenticated."""
        if self._seals is None:
            raise Unauthenticated
        return await principal_of_signature(self._database, self._seals, authorization, request)

    async def of_credential(self, credential: str) -> Principal:
        """The principal of a key, a token or the local credential.

        Raises Unauthenticated; Unavailable while an outside issuer's keys were never to be had.
        """
        if len(credential) > _LONGEST:
            raise Unauthenticated
        if credential.startswith(KEY_MARK):
            return await principal_of_key(self._database, credential)
        if credential.startswith(CLIENT_MARK):
            return await principal_of_client_token(self._database, credential)
        if credential.startswith(LOCAL_MARK):
            if self._local and hmac.compare_digest(credential.encode(), self._local):
                return LOCAL
            raise Unauthenticated
        if self._outside is not None:
            issuer, kid = claimed(credential)
            if issuer == self._outside.issuer:
                return await self._outside.check(credential, kid)
        return await self._tokens.check(credential)
