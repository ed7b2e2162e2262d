"""``wenshu key``: API keys of a tenant, and the keys that sign the server's tokens."""

from typing import Annotated

import typer

from wenshu.cli.administer import Home, OfTenant, PageNumber, PageSize, call, show_one, show_page
from wenshu.cli.output import note, say

app = typer.Typer(help="API Key 与签名密钥 API keys and signing keys.", no_args_is_help=True, rich_markup_mode=None)
_COLUMNS = {
    "name": "名称 name",
    "prefix": "前缀 prefix",
    "tenantId": "租户 tenant",
    "orgCode": "组织 organisation",
    "roles": "角色 roles",
    "families": "接口 families",
    "expireTime": "到期 expires",
    "revokeTime": "吊销 revoked",
    "lastUsedTime": "最近使用 last used",
    "keyId": "编号 id",
}
KeyId = Annotated[str, typer.Argument(help="编号 The key's id.")]


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(help="名称 What it is for.")],
    tenant: OfTenant = "",
    org: Annotated[str, typer.Option(help="只限该组织 Kept to this organisation.")] = "",
    role: Annotated[list[str], typer.Option(help="角色，viewer 为只读 Roles; a viewer only reads.")] = ["member"],  # noqa: B006 (Typer copies it)
    family: Annotated[list[str], typer.Option(help="可调用的接口，缺省为除 admin 外全部 What it may call.")] = [],  # noqa: B006 (Typer copies it)
    days: Annotated[int | None, typer.Option(min=1, help="有效天数 Days until it expires.")] = None,
    home: Home = None,
) -> None:
    """创建 API Key，只显示一次 Create a key, shown once."""
    body = {"name": name, "orgCode": org or None, "roles": role, "families": family or None, "days": days}
    made = call(home, "POST", "keys", tenant=tenant, body=body)
    show_one(made, _COLUMNS)
    note("API Key 只显示这一次 The key, shown this once:")
    say(made["key"])


@app.command("list")
def list_keys(tenant: OfTenant = "", page: PageNumber = 1, size: PageSize = 20, home: Home = None) -> None:
    """列出租户的 API Key List a tenant's keys."""
    found = call(home, "GET", "keys", tenant=tenant, query={"page": page, "size": size})
    show_page(found, _COLUMNS)


@app.command("show")
def show(key_id: KeyId, tenant: OfTenant = "", home: Home = None) -> None:
    """查看 API Key Show a key."""
    show_one(call(home, "GET", "keys", key_id, tenant=tenant), _COLUMNS)


@app.command("delete")
def delete(key_id: KeyId, tenant: OfTenant = "", home: Home = None) -> None:
    """吊销 API Key，立即失效 Revoke a key at once."""
    show_one(call(home, "DELETE", "keys", key_id, tenant=tenant), _COLUMNS)


@app.command("rotate-signing")
def rotate_signing(
    at_once: Annotated[bool, typer.Option("--at-once", help="旧令牌立即作废 Void all earlier tokens.")] = False,
    home: Home = None,
) -> None:
    """轮换访问令牌的签名密钥 Rotate the key that signs access tokens."""
    body = {"atOnce": at_once}
    rotated = call(home, "POST", "signing-keys", "rotate", body=body)
    say(f"新的签名密钥 The key that signs from now on: {rotated['kid']}")
