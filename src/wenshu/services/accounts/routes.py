"""``/api/login`` and its companions."""

from typing import Annotated

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import Response

from wenshu.services.accounts import login as logins
from wenshu.services.accounts import passwords, renew, users
from wenshu.services.accounts.dialect import ACCOUNTS
from wenshu.services.accounts.parts import Parts
from wenshu.services.accounts.schemas import Done, Login, Me, NewPassword, Refresh, Tokens
from wenshu.web.caller import NamedCaller
from wenshu.web.dialect import JsonResponse
from wenshu.web.routing import dialect_router
from wenshu.web.trail import Trail, trail_of

router = dialect_router(ACCOUNTS, prefix="/api", tag="账户 Accounts")
public = dialect_router(ACCOUNTS, prefix="/.well-known", tag="账户 Accounts")


def _trail(request: Request) -> Trail:
    return trail_of(request)


AnyTrail = Annotated[Trail, Depends(_trail)]
"""Of a call by somebody who is not known yet."""


@router.post("/login", summary="用户登录 Log in")
async def login(body: Login, trail: AnyTrail, parts: Parts) -> Tokens:
    """Tokens for a user name and a password."""
    return await logins.login(parts, trail, body.username, body.password)


@router.post("/refresh", summary="刷新令牌 Refresh the tokens")
async def refresh(body: Refresh, trail: AnyTrail, parts: Parts) -> Tokens:
    """New tokens; the refresh token that was sent is used up."""
    return await renew.renew(parts, trail, body.refresh_token)


@router.post("/logout", summary="退出登录 Log out")
async def logout(body: Refresh, trail: AnyTrail, parts: Parts) -> Done:
    """End the login: its access tokens are void at once."""
    await renew.logout(parts, trail, body.refresh_token)
    return Done(message="已退出登录")


@router.post("/password", summary="修改密码 Change one's own password")
async def change_password(body: NewPassword, caller: NamedCaller, parts: Parts) -> Tokens:
    """All the user's tokens are void; new ones are answered."""
    return await passwords.change(parts, caller.principal, caller.trail, body)


@router.get("/me", summary="当前用户 Who am I")
async def me(caller: NamedCaller, parts: Parts) -> Me:
    """The user behind the token, or the key itself."""
    return await users.me(parts, caller.principal)


@public.get("/jwks.json", summary="令牌公钥 The keys that check access tokens", response_class=Response)
async def jwks(parts: Parts) -> Response:
    """A JSON Web Key Set (RFC 7517): for services that check our access tokens themselves."""
    return JsonResponse(await parts.keyring.published(), headers={"Cache-Control": "public, max-age=300"})
