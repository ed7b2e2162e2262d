"""``wenshu tenant``: tenants of the server."""

from typing import Annotated

import typer

from wenshu.cli import estate
from wenshu.cli.administer import Home, PageNumber, PageSize, call, show_one, show_page

app = typer.Typer(help="租户 Tenants.", no_args_is_help=True, rich_markup_mode=None)
_COLUMNS = {"tenantId": "编码 code", "name": "名称 name", "disabled": "停用 disabled", "createTime": "创建 created"}
Code = Annotated[str, typer.Argument(help="租户编码 Tenant code.")]


@app.command("create")
def create(
    code: Code, name: Annotated[str | None, typer.Option(help="名称 Its name.")] = None, home: Home = None
) -> None:
    """创建租户 Create a tenant."""
    body = {"tenantId": code, "name": name}
    show_one(call(home, "POST", "tenants", body=body), _COLUMNS)


@app.command("list")
def list_tenants(page: PageNumber = 1, size: PageSize = 20, home: Home = None) -> None:
    """列出租户 List the tenants."""
    show_page(call(home, "GET", "tenants", query={"page": page, "size": size}), _COLUMNS)


@app.command("show")
def show(code: Code, home: Home = None) -> None:
    """查看租户 Show a tenant."""
    show_one(call(home, "GET", "tenants", code), _COLUMNS)


@app.command("rename")
def rename(code: Code, name: Annotated[str, typer.Argument(help="新名称 The new name.")], home: Home = None) -> None:
    """修改名称 Give a tenant another name."""
    show_one(call(home, "PUT", "tenants", code, body={"name": name}), _COLUMNS)


@app.command("disable")
def disable(code: Code, home: Home = None) -> None:
    """停用租户，令牌与 API Key 立即失效 Close a tenant at once."""
    show_one(call(home, "POST", "tenants", code, "disable"), _COLUMNS)


@app.command("enable")
def enable(code: Code, home: Home = None) -> None:
    """启用租户 Open a tenant again."""
    show_one(call(home, "POST", "tenants", code, "enable"), _COLUMNS)


@app.command("export")
def export(code: Code, to: estate.To, home: Home = None) -> None:
    """导出租户的全部数据与文件 Export all rows and files of a tenant."""
    estate.export(home, "", {"tenantId": code}, to)


@app.command("erase")
def erase(code: Code, yes: estate.Yes = False, home: Home = None) -> None:
    """永久删除租户的全部数据与文件 Delete all rows and files of a tenant for good."""
    estate.erase(home, "", {"tenantId": code}, named=f"租户 tenant {code}", yes=yes)
