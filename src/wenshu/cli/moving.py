"""``wenshu move``: an embedded home's rows and files outside, with progress; cut short, it goes on where it was."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wenshu.cli.output import fail, note, say
from wenshu.cli.progress import shown
from wenshu.cli.settings import read_settings
from wenshu.core.settings import Settings
from wenshu.kit.errors import WenshuError
from wenshu.server.home import Home, HomeInUse

if TYPE_CHECKING:
    from wenshu.server.move.move import Outcome

_STAGES = {
    "rows": "复制数据 Rows",
    "compare-rows": "核对数据 Comparing rows",
    "files": "复制文件 Files",
    "compare-files": "核对文件 Comparing files",
    "index": "建立索引 Index",
}


def move(
    database: Annotated[str, typer.Option(help="目标数据库 PostgreSQL: postgresql://user@host/name.")] = "",
    storage: Annotated[str, typer.Option(help="目标存储 Store: s3://bucket/prefix or file:///folder.")] = "",
    milvus: Annotated[str, typer.Option(help="连同索引 The index, too: http://milvus:19530.")] = "",
    home: Annotated[Path | None, typer.Option(help="数据目录 Data folder.")] = None,
) -> None:
    """把数据目录搬到外部数据库与存储，逐项核对；中断后重新运行即可继续 Move a stopped home outside, and compare."""
    # What the other commands need not wait for.
    from wenshu.server import logs  # noqa: PLC0415 (see above)
    from wenshu.server.move.faults import MoveFailed  # noqa: PLC0415 (see above)
    from wenshu.server.move.move import Outcome  # noqa: PLC0415 (see above)

    settings = read_settings(home)
    logs.configure("error")  # what is wrong is told here, not in a log
    outcome = Outcome()
    try:
        asyncio.run(_move(settings, database, storage, milvus, outcome))
    except MoveFailed as error:
        fail(f"搬迁未完成 Not moved: {error}")
    except WenshuError as error:
        fail(f"搬迁中断，重新运行即可继续 Interrupted, run it again to go on: {error.message}")
    except HomeInUse as error:
        fail(f"请先停止服务器：{error}\nStop the server first: it owns the data folder.")
    for table in outcome.tables:
        note(f"  {table.name}: {table.rows:,}，sha256 {table.digest[:16]}")
    rows = sum(table.rows for table in outcome.tables)
    say(
        f"搬迁完成，核对一致：{len(outcome.tables)} 张表 {rows:,} 行，{outcome.files:,} 个文件 {outcome.bytes:,} 字节。"
        f"Moved and compared: {rows:,} rows, {outcome.files:,} files."
    )
    if outcome.damaged:
        note(
            f"其中 {len(outcome.damaged)} 个文件在源目录中已缺失或损坏，按原样搬迁 were missing or damaged before: "
            + ", ".join(outcome.damaged)
        )
    for line in _next_steps(settings, database, storage, milvus):
        say(line)


async def _move(settings: Settings, database: str, storage: str, milvus: str, outcome: "Outcome") -> None:
    from wenshu.server.move.move import move as run  # noqa: PLC0415 (see above)
    from wenshu.server.move.move import opened  # noqa: PLC0415 (see above)
    from wenshu.server.move.plan import planned  # noqa: PLC0415 (see above)

    planning = planned(settings, database=database, storage=storage, milvus=milvus)
    async with planning as plan, opened(plan.home, plan.file) as source:
        await shown(run(source, plan.folder, plan.database, plan.objects, outcome, plan.reindex), _STAGES)


def _next_steps(settings: Settings, database: str, storage: str, milvus: str) -> Iterator[str]:
    yield "接下来为新服务器设置 Set for the new server:"
    if database:
        yield "  WENSHU_DATABASE_URL=（同上 as given）"
    if storage:
        yield f"  WENSHU_STORAGE_URL={storage}"
    if milvus:
        yield f"  WENSHU_MILVUS_URI={milvus}"
    if not settings.storage.link_secret.get_secret_value():
        secret = Home(settings.home).secret
        yield f"  WENSHU_STORAGE_LINK_SECRET=（{secret} 的内容，已发出的链接继续有效 its content keeps links valid）"
    if database and not milvus:
        yield "  然后在新服务器的机器上运行 wenshu reindex 建立索引 then make the index there: wenshu reindex"
    yield "数据目录未作改动，确认无误后自行删除 The data folder is as it was: delete it once all is well."
