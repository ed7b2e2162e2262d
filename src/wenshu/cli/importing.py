"""``wenshu import``: bring documents, question–answer pairs and synonyms in, with progress and failures' reasons."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from wenshu.cli.ask import Home, Org, Tenant
from wenshu.cli.client import CallFailed, Client, connect
from wenshu.cli.documents import import_documents
from wenshu.cli.output import fail, note, say
from wenshu.cli.settings import read_settings
from wenshu.cli.synonyms import import_synonyms
from wenshu.core.settings import Settings

app = typer.Typer(
    help="导入 Import documents, question–answer pairs or synonyms.", no_args_is_help=True, rich_markup_mode=None
)
app.command("synonyms")(import_synonyms)
_AT_ONCE = 4
_READABLE = {".pdf", ".docx", ".pptx", ".xlsx", ".csv", ".html", ".htm", ".md", ".markdown", ".txt", ".eml"}
Paths = Annotated[list[Path], typer.Argument(exists=True, help="文件或目录 Files or folders.")]
Step = Callable[[Client, Path], Awaitable[str]]


@app.command("docs")
def import_docs(
    paths: Paths,
    force: Annotated[
        bool, typer.Option("--force", help="内容未变的也重新导入 Import also what has not changed.")
    ] = False,
    tenant: Tenant = "",
    org: Org = "",
    home: Home = None,
) -> None:
    """导入文档：同名替换，未变的跳过，中断后再次执行会接着导入 Import documents; given again, it goes on."""
    scope = {"tenant_code": tenant, "org_code": org}
    files = {name: file for root in paths for name, file in _named(root)}
    if not files:
        fail("没有可导入的文件 No file to import")
    try:
        outcome = asyncio.run(import_documents(read_settings(home), files, scope, force=force))
    except (CallFailed, KeyboardInterrupt) as error:
        reason = str(error) or "已中断 Interrupted"
        fail(f"{reason}\n再次执行同一命令会接着导入 The same command, given again, goes on where it was.")
    for name, reason in outcome.failures:
        note(f"失败 {name}: {reason}")
    say(
        f"导入完成：新增或替换 {outcome.added} 个，未变 {outcome.skipped} 个，失败 {len(outcome.failures)} 个"
        " Imported, unchanged, failed."
    )
    if outcome.trouble:
        fail(outcome.trouble)
    if outcome.failures:
        raise typer.Exit(1)


@app.command("qa")
def import_qa(paths: Paths, tenant: Tenant = "", org: Org = "", home: Home = None) -> None:
    """导入问答模板（xlsx 或 csv，列：问题、答案、来源） Import pairs from filled-in templates."""
    scope = {"tenant_code": tenant, "org_code": org}

    async def step(client: Client, file: Path) -> str:
        data = await client.upload("/vector_db_service/add_qa_from_template", file, scope)
        skipped: list[dict[str, Any]] = data["skipped"] if data else []
        return "；".join(f"第 {row['row']} 行 {row['reason']}" for row in skipped)

    _import(read_settings(home), [file for path in paths for file in _files(path)], step)


def _import(settings: Settings, files: Sequence[Path], step: Step) -> None:
    if not files:
        fail("没有可导入的文件 No file to import")
    try:
        failures, remarks = asyncio.run(_each(settings, files, step))
    except CallFailed as error:
        fail(str(error))
    for file, remark in remarks:
        note(f"注 {file}: {remark}")
    for file, reason in failures:
        note(f"失败 {file}: {reason}")
    say(f"导入完成：成功 {len(files) - len(failures)} 个，失败 {len(failures)} 个 Imported, failed.")
    if failures:
        raise typer.Exit(1)


async def _each(
    settings: Settings, files: Sequence[Path], step: Step
) -> tuple[list[tuple[Path, str]], list[tuple[Path, str]]]:
    failures: list[tuple[Path, str]] = []
    remarks: list[tuple[Path, str]] = []
    slots = asyncio.Semaphore(_AT_ONCE)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    async with connect(settings) as client:
        with Progress(*columns, console=Console(stderr=True)) as progress:
            task = progress.add_task("导入 Importing", total=len(files))

            async def one(file: Path) -> None:
                async with slots:
                    try:
                        remark = await step(client, file)
                    except CallFailed as error:
                        failures.append((file, str(error)))
                    else:
                        if remark:
                            remarks.append((file, remark))
                    progress.advance(task)

            await asyncio.gather(*(one(file) for file in files))
    return failures, remarks


def _named(root: Path) -> list[tuple[str, Path]]:
    """Each file below the root with the name it gets: its path from there, a single file's own name."""
    return [(file.name if root.is_file() else file.relative_to(root).as_posix(), file) for file in _files(root)]


def _files(path: Path) -> list[Path]:
    """The file itself, or the readable files below a folder, hidden ones out, in a steady order."""
    if path.is_file():
        return [path]
    below = (
        file
        for file in sorted(path.rglob("*"))
        if not any(part.startswith(".") for part in file.relative_to(path).parts)
    )
    return [file for file in below if file.is_file() and file.suffix.lower() in _READABLE]
