"""``wenshu audit``: who did what, and whether the log is whole."""

from typing import Annotated

import typer

from wenshu.cli.administer import Home, OfTenant, PageNumber, PageSize, call, show_one, show_page
from wenshu.cli.output import fail, say

app = typer.Typer(help="审计日志 The audit log.", no_args_is_help=True, rich_markup_mode=None)
_COLUMNS = {
    "number": "号 number",
    "time": "时间 time",
    "actor": "谁 who",
    "action": "做了什么 what",
    "target": "对象 on what",
    "outcome": "结果 outcome",
    "address": "地址 address",
    "traceId": "trace id",
}
_CHAIN = {
    "tenantId": "租户 tenant",
    "entries": "条数 entries",
    "head": "末尾 head",
    "trimmed": "已清理至 trimmed",
    "intact": "完整 intact",
}
OfServer = Annotated[bool, typer.Option("--server", help="服务器自身的日志 The server's own log.")]


@app.command("list")
def list_entries(
    tenant: OfTenant = "",
    server: OfServer = False,
    actor: Annotated[str, typer.Option(help="谁 Who, e.g. user:…, key:….")] = "",
    action: Annotated[str, typer.Option(help="做了什么 What, e.g. user.create.")] = "",
    page: PageNumber = 1,
    size: PageSize = 20,
    home: Home = None,
) -> None:
    """列出审计日志，新的在前 List the log, the newest first."""
    query: dict[str, str | int] = {"page": page, "size": size, "server": str(server).lower()}
    query |= {name: value for name, value in {"actor": actor, "action": action}.items() if value}
    show_page(call(home, "GET", "audit", tenant=tenant, query=query), _COLUMNS)


@app.command("verify")
def verify(
    tenant: OfTenant = "",
    server: OfServer = False,
    expect: Annotated[str, typer.Option(help="此前记下的末尾 A head that was written down: NUMBER:HASH.")] = "",
    home: Home = None,
) -> None:
    """校验日志未被改动；记下末尾，下次以 --expect 对照 Verify the chain; keep the head elsewhere."""
    query = {"server": str(server).lower()}
    query |= {"expect": expect} if expect else {}
    chain = call(home, "GET", "audit", "verify", tenant=tenant, query=query)
    show_one(chain, _CHAIN)
    if not chain["intact"]:
        fail(f"第 {chain['brokenAt']} 条起与链不符 The log was changed at entry {chain['brokenAt']}")
    if chain["expected"] is False:
        fail(f"记下的末尾 {expect} 已不在链上 The head {expect} no longer stands in the chain: it was rebuilt")
    say(f"--expect {chain['entries']}:{chain['head']}")
