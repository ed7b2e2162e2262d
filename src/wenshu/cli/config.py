"""``wenshu config``: what is set, and by what."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from wenshu.cli.settings import read_settings
from wenshu.core.settings import show

app = typer.Typer(help="查看配置 Settings.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def settings_commands() -> None:
    """查看配置 Settings."""


@app.command("show")
def show_settings(
    home: Annotated[Path | None, typer.Option(help="数据目录 Data folder.")] = None,
    describe: Annotated[bool, typer.Option("--describe", help="连同说明 With what each is for.")] = False,
) -> None:
    """列出每项配置的值与来源，密钥不显示 Each setting, its value and its source; secrets stay hidden."""
    settings = read_settings(home)
    table = Table(box=None, header_style="bold", pad_edge=False)
    for title in ("配置 setting", "值 value", "来源 source", *(("说明 what it is for",) if describe else ())):
        table.add_column(title, overflow="fold")
    for item in show(settings, {} if home is None else {"home": home}):
        table.add_row(item.name, item.value, item.source, *((item.description,) if describe else ()))
    Console(soft_wrap=not describe).print(table)
