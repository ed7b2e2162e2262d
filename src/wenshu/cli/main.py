"""``wenshu``: serve, look after, and use a server from the shell."""

from pathlib import Path
from typing import Annotated

import typer

from wenshu.cli import (
    ask,
    audit,
    backups,
    config,
    importing,
    jobs,
    keys,
    moving,
    reindexing,
    serve,
    tenants,
    users,
    worker,
)

app = typer.Typer(
    name="wenshu",
    help="文枢：一台服务器，做完企业的文字工作。One server for the text work of a business.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("serve")(serve.serve)
app.command("worker")(worker.worker)
app.command("ask")(ask.ask)
app.command("search")(ask.search)
app.command("reindex")(reindexing.reindex)
app.command("move")(moving.move)
app.command("backup")(backups.backup)
app.command("restore")(backups.restore)
app.add_typer(importing.app, name="import")
app.add_typer(jobs.app, name="jobs")
app.add_typer(tenants.app, name="tenant")
app.add_typer(users.app, name="user")
app.add_typer(keys.app, name="key")
app.add_typer(audit.app, name="audit")
app.add_typer(config.app, name="config")


@app.command("doctor")
def doctor(home: Annotated[Path | None, typer.Option(help="数据目录 Data folder.")] = None) -> None:
    """检查本机环境与配置，逐项说明 Check this machine and the settings; ends with 1 where something must be mended."""
    # It looks at every part, and loading them takes a second that the other commands need not wait for.
    from wenshu.cli.doctor import doctor as look  # noqa: PLC0415 (see above)

    look(home)
