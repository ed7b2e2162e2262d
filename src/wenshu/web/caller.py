"""Callers: the principal behind a request, what they may call, and the scope that their words name."""

from dataclasses import dataclass
from typing import Annotated

import structlog
from fastapi import Depends, Header, params
from pydantic import BaseModel, BeforeValidator, Field
from starlette.requests import Request

from wenshu.core.auth.principal import MAX_CODE, TRUSTED, Principal
from wenshu.core.auth.roles import Role
from wenshu.core.database.scope import Scope
from wenshu.kit.errors import Forbidden, InvalidInput, Unauthenticated
from wenshu.web.context import WebContext, web_context
from wenshu.web.trail import Trail, trail_of

_TENANT = "X-Tenant-Id"
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
    trail: Trail

    def scope(self, tenant_code: str | None, org_code: str | None) -> Scope:
        """The scope the call works in; counts against its tenant's rate limit.

        Raises InvalidInput, Forbidden for a scope that is not the token's, RateLimited.
        """
        return self._admitted(self.principal.scope(tenant_code, org_code))

    def scope_of(self, body: ScopedBody) -> Scope:
        """The scope that a body names."""
        return self.scope(body.tenant_code, body.org_code)

    def overseen(self, tenant_code: str | None, org_code: str | None) -> Scope:
        """The scope that a call may look after (``Principal.oversees``). Raises as ``scope`` does."""
        return self._admitted(self.principal.oversees(tenant_code, org_code))

    def bearer(self, tenant_code: str | None, org_code: str | None) -> Scope:
        """The scope of a call by an unguessable id (``Principal.bearer``). Raises as ``scope`` does."""
        return self._admitted(self.principal.bearer(tenant_code, org_code))

    def _admitted(self, scope: Scope) -> Scope:
        # A token's tenant is known, and was counted, before anything else was looked at.
        if self.principal.tenant is None:
            self.context.limiter.admit(self.family, scope.tenant)
        if not scope.everything:
            self.trail.scope = scope
        return scope


class Gate:
    """Lets a caller through to a call, before anything of its body is read.

    ``role`` is the least that is needed. ``named``: a token or key is needed also where the server trusts its network.
    ``operator``: only those who look after the server. ``recorded``: whether the call stands in the audit log; None:
    where it is no GET.
    """

    def __init__(
        self, role: Role, *, named: bool = False, operator: bool = False, recorded: bool | None = None
    ) -> None:
        self.role: Role = role
        self.named = named or operator
        self.operator = operator
        self.recorded = recorded

    async def __call__(self, request: Request) -> Caller:
        """The caller. Raises Unauthenticated, Forbidden, and RateLimited for a tenant that calls too often."""
        known: Caller | None = getattr(request.state, "caller", None)
        caller = known or await self._caller(request)
        if self.named and caller.principal is TRUSTED:
            raise Unauthenticated("需要登录令牌")
        if self.operator and not caller.principal.operator:
            raise Forbidden("需要运维管理员")
        caller.principal.require(self.role)
        return caller

    async def _caller(self, request: Request) -> Caller:
        context = web_context(request)
        family = context.dialect_for(request.url.path).family
        principal = await self.principal(request, context)
        structlog.contextvars.bind_contextvars(caller=principal.name)
        caller = request.state.caller = Caller(principal, family, context, trail_of(request, principal))
        if not principal.may_call(family):
            raise Forbidden("此 API Key 无权调用该接口")
        if principal.tenant is not None:
            context.limiter.admit(family, principal.tenant)
        if len(request.headers.getlist(_TENANT)) > 1:
            # Whoever stands in front of us may have checked the other one.
            raise InvalidInput(f"{_TENANT} 只能出现一次", field=_TENANT)
        return caller

    async def principal(self, request: Request, context: WebContext) -> Principal:
        """Whom the request's credential speaks for; families that carry it elsewhere have gates of their own.

        Raises Unauthenticated.
        """
        credentials = request.headers.getlist("authorization")
        if credentials:
            return await context.authenticator.of_headers(credentials)
        if not context.open_to_all:
            raise Unauthenticated("需要登录令牌")
        return TRUSTED


def needs(role: Role, *, named: bool = False, operator: bool = False, recorded: bool | None = None) -> params.Depends:
    """A route's ``dependencies=[needs("editor")]``: the least role of its callers (``Gate``)."""
    return Depends(Gate(role, named=named, operator=operator, recorded=recorded))


AnyCaller = Annotated[Caller, Depends(Gate("viewer"))]
"""The caller of an open family: tokenless where the server trusts its network; a token that is sent is checked."""

NamedCaller = Annotated[Caller, Depends(Gate("viewer", named=True))]
"""The caller of a family that always takes a token or an API key."""


AnyOperator = Annotated[Caller, Depends(Gate("viewer", operator=True, recorded=True))]
"""Whoever looks after the server itself."""


@dataclass(frozen=True, slots=True)
class Administrator:
    """An administrator, and the scope that they work in."""

    caller: Caller
    scope: Scope

    @property
    def principal(self) -> Principal:
        """Who they are."""
        return self.caller.principal

    @property
    def trail(self) -> Trail:
        """What the call leaves in the audit log."""
        return self.caller.trail


def _utf8(value: object) -> object:
    """A header's text as it was sent: its bytes reach us as Latin-1, a tenant's code may be Chinese."""
    try:
        return value.encode("latin-1").decode() if isinstance(value, str) else value
    except UnicodeError:
        return value


def _administrator(
    caller: Annotated[Caller, Depends(Gate("admin", named=True, recorded=True))],
    x_tenant_id: Annotated[
        Code, BeforeValidator(_utf8), Header(description="租户编码（UTF-8）；运维管理员可指定任意租户 The tenant")
    ] = None,
) -> Administrator:
    scope = caller.trail.scope = caller.principal.governs(x_tenant_id)
    return Administrator(caller, scope)


AnyAdministrator = Annotated[Administrator, Depends(_administrator)]
"""Whoever looks after a tenant: its own administrator, or an operator who names it in ``X-Tenant-Id``."""
