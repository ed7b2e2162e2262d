"""``wenshu worker``: run background jobs beside the servers."""

from pathlib import Path
from typing import Annotated, Any

import typer

from wenshu.cli.output import fail, say
from wenshu.cli.settings import read_settings
from wenshu.server.home import HomeInUse


def worker(
    concurrency: Annotated[
        int | None, typer.Option(min=1, max=1000, help="同时执行的任务数 Jobs at a time (default 8).")
    ] = None,
    home: Annotated[Path | None, typer.Option(help="自己的数据目录 A data folder of its own.")] = None,
) -> None:
    """执行后台任务，不监听（需要 PostgreSQL） Run background jobs and listen to nobody; needs PostgreSQL."""
    # Half a second that the other commands need not wait for.
    from wenshu.server import logs  # noqa: PLC0415 (see above)
    from wenshu.server.compose import Misconfigured  # noqa: PLC0415 (see above)
    from wenshu.server.work import work  # noqa: PLC0415 (see above)

    jobs: dict[str, Any] = {"worker": True, **({} if concurrency is None else {"concurrency": concurrency})}
    settings = read_settings(home, {"jobs": jobs})
    logs.configure(settings.log.level)
    try:
        work(settings, ready=_ready)
    except Misconfigured as error:
        fail(str(error))
    except HomeInUse as error:
        fail(f"数据目录已被另一个文枢进程使用，请用 --home 另指定一个：{error}\nIn use: name another data folder.")


def _ready() -> None:
    say("后台任务进程已启动 The worker is up. Ctrl-C 停止 stops it.")
