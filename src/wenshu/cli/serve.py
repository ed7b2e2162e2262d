"""``wenshu serve``: run the server."""

from pathlib import Path
from typing import Annotated, Any

import typer

from wenshu.cli.output import fail, say
from wenshu.cli.settings import read_settings
from wenshu.server.home import HomeInUse


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
) -> None:
    """启动服务器 Start the server; Ctrl-C stops it gracefully."""
    # Half a second that the other commands need not wait for.
    from wenshu.server import logs  # noqa: PLC0415 (see above)
    from wenshu.server.compose import Misconfigured  # noqa: PLC0415 (see above)
    from wenshu.server.serve import serve as run_server  # noqa: PLC0415 (see above)

    server: dict[str, Any] = {"host": host, "port": port, "workers": workers, "trust_network": trust_network or None}
    flags: dict[str, Any] = {"server": {name: value for name, value in server.items() if value is not None}}
    settings = read_settings(home, flags)
    logs.configure(settings.log.level)
    try:
        run_server(settings, ready=_ready)
    except Misconfigured as error:
        fail(str(error))
    except HomeInUse as error:
        fail(f"数据目录已被另一个文枢进程使用：{error}\nAnother Wenshu process owns the data folder.")


def _ready(url: str) -> None:
    say(f"文枢已启动 Wenshu is up: {url}/console/")
    say("无需登录：仅本机可访问。No sign-in needed: only this machine can reach it. Ctrl-C 停止 stops it.")
