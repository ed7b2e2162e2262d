"""``wenshu reindex``: make the index anew from what is stored, beside a server that goes on answering."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from wenshu.cli.output import fail, say
from wenshu.cli.settings import read_settings
from wenshu.core.settings import Settings
from wenshu.kit.errors import WenshuError


def reindex(
    tenant: Annotated[str, typer.Option(help="只重建该租户 Only this tenant.")] = "",
    home: Annotated[Path | None, typer.Option(help="数据目录 Data folder.")] = None,
) -> None:
    """按已存材料重建索引，服务器可照常运行 Rebuild the index from the material, also beside a running server."""
    # What the other commands need not wait for.
    from wenshu.server.compose import Misconfigured, check_supported  # noqa: PLC0415 (see above)

    settings = read_settings(home)
    try:
        check_supported(settings)
        count = asyncio.run(_rebuild(settings, tenant))
    except (Misconfigured, WenshuError) as error:
        fail(f"重建未完成 Not finished: {error}")
    say(f"重建完成：{count} 项文档与问答 Rebuilt, documents and pairs.")


async def _rebuild(settings: Settings, tenant: str) -> int:
    from wenshu.server.rebuild import rebuild  # noqa: PLC0415 (see above)

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    done = 0
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("重建 Rebuilding", total=None)
        async for made in rebuild(settings, tenant):
            done = made.done
            progress.update(task, completed=made.done, total=made.total)
    return done
