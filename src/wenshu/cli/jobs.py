"""``wenshu jobs``: look after what runs in the background, of all tenants or of one."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.table import Table

from wenshu.cli.ask import Home, Org, Tenant
from wenshu.cli.client import CallFailed, connect
from wenshu.cli.output import fail, note, say
from wenshu.cli.settings import read_settings

app = typer.Typer(help="后台任务 Background jobs.", no_args_is_help=True, rich_markup_mode=None)
_PATH = "/api/v1/admin/jobs"
_STATES = {"queued": "排队", "running": "运行中", "succeeded": "成功", "failed": "失败", "cancelled": "已取消"}
JobId = Annotated[str, typer.Argument(help="任务编号 The job's id.")]
Json = Annotated[bool, typer.Option("--json", help="输出 JSON Print JSON.")]


@app.command("list")
def list_jobs(
    state: Annotated[str, typer.Option(help="queued | running | succeeded | failed | cancelled")] = "",
    kind: Annotated[str, typer.Option(help="任务种类 Only of this kind.")] = "",
    page: Annotated[int, typer.Option(min=1, help="页码 Page.")] = 1,
    size: Annotated[int, typer.Option(min=1, max=100, help="每页条数 Jobs a page.")] = 20,
    as_json: Json = False,
    tenant: Tenant = "",
    org: Org = "",
    home: Home = None,
) -> None:
    """列出任务，最新的在前 List jobs, newest first."""
    query = {"state": state, "kind": kind, "page": page, "size": size, "tenant_code": tenant, "org_code": org}
    data = _call(home, "GET", "", query)
    if as_json:
        _print_json(data)
        return
    table = Table("任务 Job", "种类 Kind", "租户 Tenant", "状态 State", "进度 Progress", "运行 Runs", "创建 Created")
    for job in data["items"]:
        tenant_org = "/".join(part for part in (job["tenant_code"], job["org_code"]) if part) or "–"
        table.add_row(
            *(job["id"], job["kind"], tenant_org, _state(job), _progress(job), str(job["attempts"]), job["created_at"])
        )
    Console(width=None if Console().is_terminal else 200).print(table)
    pages = max(1, -(-data["total"] // data["size"]))
    note(f"第 {data['page']}/{pages} 页，共 {data['total']} 个任务 Page, jobs in all.")


@app.command("show")
def show(job_id: JobId, as_json: Json = False, tenant: Tenant = "", org: Org = "", home: Home = None) -> None:
    """一个任务的内容、结果与经过 One job: what was asked, what it came to, what happened."""
    job = _call(home, "GET", f"/{job_id}", {"tenant_code": tenant, "org_code": org})
    if as_json:
        _print_json(job)
        return
    for name, value in (
        ("任务 Job", job["id"]),
        ("种类 Kind", job["kind"]),
        ("状态 State", _state(job)),
        ("进度 Progress", _progress(job)),
        ("运行 Runs", job["attempts"]),
        ("错误 Error", f"{job['error']['message']} ({job['error']['code']})" if job["error"] else ""),
        ("不早于 Not before", job["run_after"]),
        ("创建 Created", job["created_at"]),
        ("开始 Started", job["started_at"]),
        ("结束 Finished", job["finished_at"]),
        ("内容 Payload", _short(job["payload"])),
        ("结果 Result", _short(job["result"])),
        ("追踪 Trace", job["trace_id"]),
    ):
        if value not in {"", None}:
            say(f"{name}：{value}")
    say("经过 Events：")
    for event in job["events"]:
        data = event["data"]
        count = f" {data['done']}/{data['total']}" if data.get("total") else ""
        say(f"  {event['created_at']}  {_STATES.get(data['state'], data['state'])}{count}  {data['message']}".rstrip())


@app.command("retry")
def retry(job_id: JobId, tenant: Tenant = "", org: Org = "", home: Home = None) -> None:
    """重试失败或已取消的任务，已完成的步骤不再执行 Try again; finished steps are not done again."""
    job = _call(home, "POST", f"/{job_id}/retry", {"tenant_code": tenant, "org_code": org})
    say(f"已重新排队 Queued again: {job['id']}")


@app.command("cancel")
def cancel(job_id: JobId, tenant: Tenant = "", org: Org = "", home: Home = None) -> None:
    """取消任务：排队的立即取消，运行中的在当前步骤后结束 Cancel; a running job ends at its next step."""
    job = _call(home, "POST", f"/{job_id}/cancel", {"tenant_code": tenant, "org_code": org})
    say(
        f"将在当前步骤后结束 Ends at its next step: {job['id']}"
        if job["cancel_asked"]
        else f"已取消 Cancelled: {job['id']}"
    )


def _call(home: Path | None, method: str, path: str, query: dict[str, Any]) -> Any:  # noqa: ANN401 (JSON)
    async def call() -> Any:  # noqa: ANN401 (JSON)
        async with connect(read_settings(home)) as client:
            if method == "GET":
                return await client.get(f"{_PATH}{path}", query)
            return await client.post(f"{_PATH}{path}", {}, query)

    return _run(call())


def _run(work: Coroutine[Any, Any, Any]) -> Any:  # noqa: ANN401 (JSON)
    try:
        return asyncio.run(work)
    except CallFailed as error:
        fail(str(error))


def _print_json(data: object) -> None:
    say(orjson.dumps(data, option=orjson.OPT_INDENT_2).decode())


def _state(job: dict[str, Any]) -> str:
    said = f"{_STATES[job['state']]} {job['state']}"
    return f"{said}（取消中 cancelling）" if job["cancel_asked"] else said


def _progress(job: dict[str, Any]) -> str:
    return f"{job['done']}/{job['total']}" if job["total"] else ""


def _short(value: object) -> str:
    text = "" if value is None else orjson.dumps(value).decode()
    return text if len(text) <= 300 else f"{text[:300]}…"
