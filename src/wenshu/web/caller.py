"""Callers: the principal behind a request, and the scope that its words name."""

from dataclasses import dataclass
from hmac import compare_digest
from typing import Annotated

from fastapi import Depends
from pydantic import BaseModel, Field
from starlette.requests import Request

from wenshu.core.auth.principal import MAX_CODE, OPERATOR, TRUSTED, Principal
from wenshu.core.database.scope import EVERYTHING, Scope
from wenshu.kit import headers
from wenshu.kit.errors import Unauthenticated
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
        """The scope the call works in; counts against its tenant's rate limit. Raises InvalidInput, RateLimited."""
        scope = self.principal.scope(tenant_code, org_code)
        self.context.limiter.admit(self.family, scope.tenant)
        return scope

    def scope_of(self, body: ScopedBody) -> Scope:
        """The scope that a body names."""
        return self.scope(body.tenant_code, body.org_code)

    def overseen(self, tenant_code: str | None, org_code: str | None) -> Scope:
        """The scope that a call may look after: the operator's is everything, unless the call narrows it."""
        narrowed = self.scope(tenant_code, org_code)
        return EVERYTHING if self.principal is OPERATOR and not tenant_code else narrowed

    def bearer(self, tenant_code: str | None, org_code: str | None) -> Scope:
        """The scope of a call by an unguessable id: everything, unless the call narrows it."""
        narrowed = self.scope(tenant_code, org_code)
        return narrowed if tenant_code else EVERYTHING


async def _caller(request: Request) -> Caller:
    context = web_context(request)
    family = context.dialect_for(request.url.path).family
    key = request.headers.get(headers.OPERATOR)
    if key is not None:
        if not compare_digest(key.encode(), context.operator_key.encode()):
            raise Unauthenticated("运维密钥无效")
        return Caller(OPERATOR, family, context)
    # No token was ever issued by this server: one that is sent can only be false.
    if "authorization" in request.headers:
        raise Unauthenticated
    if not context.open_to_all:
        raise Unauthenticated("需要登录令牌")
    return Caller(TRUSTED, family, context)


AnyCaller = Annotated[Caller, Depends(_caller)]
"""The caller of an open family: tokenless where the server trusts its network."""
