"""Wire models of accounts."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from wenshu.core.auth.passwords import MOST


class Login(BaseModel):
    """User name and password."""

    username: Annotated[str, Field(min_length=1, max_length=128, description="用户名 User name")]
    password: Annotated[str, Field(min_length=1, max_length=MOST, description="密码 Password")]


class Refresh(BaseModel):
    """A refresh token."""

    refresh_token: Annotated[str, Field(min_length=1, max_length=256, description="登录或刷新得到的 refresh_token")]


class NewPassword(BaseModel):
    """One's own password, and the one to have instead."""

    old_password: Annotated[str, Field(min_length=1, max_length=MOST, description="原密码")]
    new_password: Annotated[str, Field(min_length=1, max_length=MOST, description="新密码，8 至 128 个字符")]


class Tokens(BaseModel):
    """What a login or a refresh gives; ``expires_in`` in seconds."""

    access_token: str
    refresh_token: str
    expires_in: int
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 (a kind of token, not one)
    user_id: str
    message: str


class Me(BaseModel):
    """Who the token or key speaks for; a key has its own id for a user's."""

    user_id: str
    username: str
    display_name: str
    tenant_id: str | None
    org_code: str | None
    roles: list[str]
    is_operator: bool


class Done(BaseModel):
    """That something was done."""

    message: str
