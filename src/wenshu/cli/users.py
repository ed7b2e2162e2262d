"""``wenshu user``: users of a tenant."""

from pathlib import Path
from typing import Annotated, Any

import typer

from wenshu.cli import estate
from wenshu.cli.administer import Home, OfTenant, PageNumber, PageSize, ask_server, call, show_one, show_page
from wenshu.cli.client import CallFailed, Client
from wenshu.cli.output import note, say

app = typer.Typer(help="用户 Users.", no_args_is_help=True, rich_markup_mode=None)
_COLUMNS = {
    "username": "用户名 name",
    "displayName": "姓名 display name",
    "tenantId": "租户 tenant",
    "orgCode": "组织 organisation",
    "roles": "角色 roles",
    "operator": "运维 operator",
    "disabled": "停用 disabled",
    "createTime": "创建 created",
    "userId": "编号 id",
}
Name = Annotated[str, typer.Argument(help="用户名 User name.")]
RoleNames = Annotated[list[str], typer.Option("--role", help="角色 Roles: viewer, member, editor, admin.")]


@app.command("create")
def create(
    username: Name,
    tenant: OfTenant = "",
    org: Annotated[str, typer.Option(help="只限该组织 Kept to this organisation.")] = "",
    role: RoleNames = ["member"],  # noqa: B006 (Typer copies it)
    display_name: Annotated[str | None, typer.Option(help="姓名 Display name.")] = None,
    operator: Annotated[bool, typer.Option("--operator", help="运维管理员 Looks after the server.")] = False,
    home: Home = None,
) -> None:
    """创建用户，密码随机生成、只显示一次 Create a user; the password is made up and shown once."""
    body = {"username": username, "displayName": display_name, "roles": role, "operator": operator}
    body["orgCode"] = org or None
    made = call(home, "POST", "users", tenant=tenant, body=body)
    show_one(made, _COLUMNS)
    _tell_password(made)


@app.command("list")
def list_users(tenant: OfTenant = "", page: PageNumber = 1, size: PageSize = 20, home: Home = None) -> None:
    """列出租户的用户 List a tenant's users."""
    found = call(home, "GET", "users", tenant=tenant, query={"page": page, "size": size})
    show_page(found, _COLUMNS)


@app.command("show")
def show(username: Name, tenant: OfTenant = "", home: Home = None) -> None:
    """查看用户 Show a user."""
    show_one(ask_server(home, lambda client: _find(client, tenant, username)), _COLUMNS)


@app.command("roles")
def roles(username: Name, role: RoleNames, tenant: OfTenant = "", home: Home = None) -> None:
    """修改角色，需重新登录 Change the roles; the user has to log in again."""
    show_one(_change(home, tenant, username, "PUT", body={"roles": role}), _COLUMNS)


@app.command("disable")
def disable(username: Name, tenant: OfTenant = "", home: Home = None) -> None:
    """停用用户，令牌立即失效 Shut a user out at once."""
    show_one(_change(home, tenant, username, "POST", "disable"), _COLUMNS)


@app.command("enable")
def enable(username: Name, tenant: OfTenant = "", home: Home = None) -> None:
    """启用用户 Let a user in again."""
    show_one(_change(home, tenant, username, "POST", "enable"), _COLUMNS)


@app.command("reset-password")
def reset_password(username: Name, tenant: OfTenant = "", home: Home = None) -> None:
    """重置密码，新密码只显示一次 Make up a new password, shown once."""
    _tell_password(_change(home, tenant, username, "POST", "reset-password"))


Person = Annotated[str, typer.Argument(help="用户名，或会话的 user_id A user's name, or the user_id of sessions.")]


@app.command("export")
def export(person: Person, to: estate.To, tenant: OfTenant = "", home: Home = None) -> None:
    """导出一个人的账户、会话与消息 Export somebody's account, sessions and messages."""
    estate.export(home, tenant, {"userId": person}, to)


@app.command("erase")
def erase(person: Person, tenant: OfTenant = "", yes: estate.Yes = False, home: Home = None) -> None:
    """永久删除一个人的账户、会话与消息 Delete somebody's account, sessions and messages for good."""
    estate.erase(home, tenant, {"userId": person}, named=f"用户 user {person}", yes=yes)


def _change(
    home: Path | None, tenant: str, username: str, method: str, *action: str, body: dict[str, Any] | None = None
) -> Any:  # noqa: ANN401 (JSON)
    async def work(client: Client) -> Any:  # noqa: ANN401 (JSON)
        user = await _find(client, tenant, username)
        return await client.admin(method, "users", user["userId"], *action, tenant=tenant, body=body)

    return ask_server(home, work)


async def _find(client: Client, tenant: str, username: str) -> dict[str, Any]:
    found = await client.admin("GET", "users", tenant=tenant, query={"username": username})
    if not found["items"]:
        raise CallFailed(f"租户里没有用户 {username} The tenant has no such user（--tenant）")
    return found["items"][0]


def _tell_password(user: dict[str, Any]) -> None:
    note("密码只显示这一次 The password, shown this once:")
    say(user["password"])
