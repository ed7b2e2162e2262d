"""``wenshu serve``: run the server."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wenshu.cli.output import fail, note, say
from wenshu.cli.settings import read_settings
from wenshu.server.home import HomeInUse

if TYPE_CHECKING:
    from wenshu.server.serve import Welcome


def serve(
    host: Annotated[str | None, typer.Option(help="监听地址 Address to listen on (default 127.0.0.1).")] = None,
    port: Annotated[int | None, typer.Option(help="端口 Port; 0 takes a free one (default 8000).")] = None,
    home: Annotated[Path | None, typer.Option(help="数据目录 Data folder (default ./wenshu-home).")] = None,
    workers: Annotated[
        int | None, typer.Option(help="进程数 Server processes (default 1); more need PostgreSQL and Milvus.")
    ] = None,
    trust_network: Annotated[
        bool,
        typer.Option("--trust-network", help="信任所有能连到的人 Let all who reach the server call without a token."),
    ] = False,
    no_worker: Annotated[
        bool,
        typer.Option("--no-worker", help="不执行后台任务，只接收 Take jobs on, but run none."),
    ] = False,
) -> None:
    """启动服务器 Start the server; Ctrl-C stops it gracefully."""
    # Half a second that the other commands need not wait for.
    from wenshu.server import logs  # noqa: PLC0415 (see above)
    from wenshu.server.compose import Misconfigured  # noqa: PLC0415 (see above)
    from wenshu.server.serve import serve as run_server  # noqa: PLC0415 (see above)

    server: dict[str, Any] = {"host": host, "port": port, "workers": workers, "trust_network": trust_network or None}
    flags: dict[str, Any] = {"server": {name: value for name, value in server.items() if value is not None}}
    if no_worker:
        flags["jobs"] = {"worker": False}
    settings = read_settings(home, flags)
    logs.configure(settings.log.level)
    if not settings.jobs.worker and not settings.database.url.get_secret_value():
        note("后台任务只接收、不执行：没有别的进程会执行它们。Jobs are taken on, and nobody runs them.")
    try:
        run_server(settings, ready=_ready)
    except Misconfigured as error:
        fail(str(error))
    except HomeInUse as error:
        fail(f"数据目录已被另一个文枢进程使用：{error}\nAnother Wenshu process owns the data folder.")


def _ready(welcome: "Welcome") -> None:
    say(f"文枢已启动 Wenshu is up: {welcome.url}/console/")
    if not welcome.open_to_all:
        say("调用需带令牌：POST /api/login，或 API Key。Calls need a token or an API key. Ctrl-C 停止 stops it.")
    elif welcome.only_this_machine:
        say("无需登录：仅本机可访问。No sign-in needed: only this machine can reach it. Ctrl-C 停止 stops it.")
    else:
        say("无需登录：能连到本机的人都可调用。No sign-in: all who reach it may call. Ctrl-C 停止 stops it.")
    if welcome.first_password is not None:
        say(f"管理员 Administrator: admin / {welcome.first_password}（密码只显示这一次 shown this once）")
