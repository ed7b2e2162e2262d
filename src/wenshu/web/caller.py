"""Callers: the principal behind a request, and the scope that its words name."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from pydantic import BaseModel, Field
from starlette.requests import Request

from wenshu.core.auth.principal import MAX_CODE, TRUSTED, Principal
from wenshu.core.database.scope import Scope
from wenshu.kit.errors import Forbidden, Unauthenticated
from wenshu.web.context import WebContext, web_context

Code = Annotated[str | None, Field(max_length=MAX_CODE)]


class ScopedBody(BaseModel):
    """The two fields by which a body names its scope."""

    tenant_code: Code = Field(None, description="租户编码 Tenant")
    org_code: Code = Field(None, description="组织编码 Organisation")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, in which family."""

    principal: Principal
    family: str
    context: WebContext

    def scope(self, tenant_code: str | None, org_code: str | None) -> Scope:
        """The scope the call works in; counts against its tenant's rate limit.

        Raises InvalidInput, Forbidden for a scope that is not the token's, RateLimited.
        """
        return self._admitted(self.principal.scope(tenant_code, org_code))

    def scope_of(self, body: ScopedBody) -> Scope:
        """The scope that a body names."""
        return self.scope(body.tenant_code, body.org_code)

    def bearer(self, tenant_code: str | None, org_code: str | None) -> Scope:
        """The scope of a call by an unguessable id (``Principal.bearer``). Raises as ``scope`` does."""
        return self._admitted(self.principal.bearer(tenant_code, org_code))

    def _admitted(self, scope: Scope) -> Scope:
        self.context.limiter.admit(self.family, scope.tenant)
        return scope


async def _any_caller(request: Request) -> Caller:
    if "authorization" in request.headers:
        return await _named_caller(request)
    context = web_context(request)
    if not context.open_to_all:
        raise Unauthenticated("需要登录令牌")
    return Caller(TRUSTED, context.dialect_for(request.url.path).family, context)


async def _named_caller(request: Request) -> Caller:
    context = web_context(request)
    principal = await context.authenticator.of_headers(request.headers.getlist("authorization"))
    family = context.dialect_for(request.url.path).family
    if principal.families is not None and family not in principal.families:
        raise Forbidden("此 API Key 无权调用该接口")
    return Caller(principal, family, context)


AnyCaller = Annotated[Caller, Depends(_any_caller)]
"""The caller of an open family: tokenless where the server trusts its network; a token that is sent is checked."""

NamedCaller = Annotated[Caller, Depends(_named_caller)]
"""The caller of a family that always takes a token or an API key."""
