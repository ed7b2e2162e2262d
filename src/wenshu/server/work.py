"""Working: a process that runs jobs beside the servers on the same database, and takes no calls."""

import asyncio
import signal
from collections.abc import Callable

import structlog
import uvloop

from wenshu.core.database.engine import open_database
from wenshu.core.settings import Settings
from wenshu.server.compose import Misconfigured, check_supported, composed
from wenshu.server.home import Home
from wenshu.server.prepare import own, prepare
from wenshu.server.probes import probed

log = structlog.get_logger()
ALONE = (
    "wenshu worker 需要 PostgreSQL：SQLite 的数据目录只由一个进程使用，wenshu serve 自己就执行后台任务。"
    "请直接运行 wenshu serve，或设 WENSHU_DATABASE_URL=postgresql://…。\n"
    "wenshu worker needs PostgreSQL: with SQLite one process has the data folder, and wenshu serve runs the jobs "
    "itself. Run wenshu serve, or set WENSHU_DATABASE_URL=postgresql://…."
)


def work(settings: Settings, *, ready: Callable[[], None]) -> None:
    """Run jobs until a signal asks to stop; ``ready`` is called once they are taken.

    Raises Misconfigured and HomeInUse before anything is opened, and Misconfigured where a part does not start.
    """
    check_supported(settings)
    home = Home(settings.home)
    if not open_database(settings.database, home.database).shared:
        raise Misconfigured(ALONE)
    own(home)
    try:
        prepare(settings, home)
        uvloop.run(_work(settings, home, ready))
    finally:
        home.release()


async def _work(settings: Settings, home: Home, ready: Callable[[], None]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    url = settings.server.public_url or "http://localhost"
    async with composed(settings, home, url, kind="worker") as parts, probed(settings, parts):
        log.info("working", home=str(home.path))
        ready()
        await stop.wait()
    log.info("stopped")
