"""All that is held of a tenant or a person: exported to a file, or erased, by a job that the command waits for."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from wenshu.cli.administer import ask_server
from wenshu.cli.client import CallFailed, Client
from wenshu.cli.output import fail, note, say

To = Annotated[Path, typer.Option("--to", help="写入的 ZIP 文件 The ZIP file to write.")]
Yes = Annotated[bool, typer.Option("--yes", help="不再询问 Do not ask.")]
_JOBS = "/api/v1/admin/jobs"


def export(home: Path | None, tenant: str, whose: Mapping[str, str], to: Path) -> None:
    """Export, and download what came of it."""
    if to.exists():
        fail(f"文件已存在 The file exists: {to}")

    async def work(client: Client) -> Any:  # noqa: ANN401 (JSON)
        job = await _done(client, tenant, "export", whose)
        made = await client.admin("GET", "export", job["id"], tenant=tenant)
        await client.download(made["file"]["url"], to)
        return made["file"] | job["result"]

    file = ask_server(home, work)
    say(str(to))
    note(f"已导出 Exported: {file['rows']:,} 行 rows，{file['files']:,} 个文件 files，SHA-256 {file['sha256']}")


def erase(home: Path | None, tenant: str, whose: Mapping[str, str], *, named: str, yes: bool) -> None:
    """Erase, after the operator said so."""
    if not yes:
        typer.confirm(f"将永久删除 {named} 的全部数据，无法恢复 Delete all of {named} for good?", abort=True)
    job = ask_server(home, lambda client: _done(client, tenant, "erasure", whose))
    rows = job["result"]["rows"]
    for name, count in sorted(rows.items()):
        note(f"  {name}: {count:,}")
    say(f"已删除 Erased: {named}，{sum(rows.values()):,} 行 rows，{job['result']['erased_at']}")
    note("此前的备份与导出文件里仍有这些数据，请一并处理 Earlier backups and exports still hold it.")


async def _done(client: Client, tenant: str, what: str, whose: Mapping[str, str]) -> dict[str, Any]:
    """The job, once it is over. Raises CallFailed where it failed."""
    taken = await client.admin("POST", what, tenant=tenant, body=whose)
    path = f"{_JOBS}/{taken['jobId']}"
    async for _ in client.follow(f"{path}/progress", {}):
        pass
    job: dict[str, Any] = await client.get(path, {})
    if job["state"] != "succeeded":
        reason = job["error"]["message"] if job["error"] else job["state"]
        raise CallFailed(f"任务未完成 The job did not succeed: {reason} ({taken['jobId']})")
    return job
