"""What the commands of administration share: one call to the server, and how rows are shown."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, cast

import typer
from rich.console import Console
from rich.table import Table

from wenshu.cli.client import CallFailed, Client, connect
from wenshu.cli.output import fail, note
from wenshu.cli.settings import read_settings

Home = Annotated[Path | None, typer.Option(help="数据目录 Data folder.")]
OfTenant = Annotated[str, typer.Option("--tenant", help="租户编码 Tenant code.")]
PageNumber = Annotated[int, typer.Option("--page", min=1, help="第几页 Which page.")]
PageSize = Annotated[int, typer.Option("--size", min=1, max=100, help="每页条数 Items of a page.")]
_WIDEST = 1000
Columns = Mapping[str, str]
"""Field of an answer → heading."""


def ask_server(home: Path | None, work: Callable[[Client], Awaitable[Any]]) -> Any:  # noqa: ANN401 (JSON)
    """Do the work with a client of the server that owns the home; end with 1 and its words where it refuses."""

    async def run() -> Any:  # noqa: ANN401 (JSON)
        async with connect(read_settings(home)) as client:
            return await work(client)

    try:
        return asyncio.run(run())
    except CallFailed as error:
        fail(str(error))


def call(
    home: Path | None,
    method: str,
    *path: str,
    tenant: str = "",
    body: Mapping[str, Any] | None = None,
    query: Mapping[str, str | int] | None = None,
) -> Any:  # noqa: ANN401 (JSON)
    """One call of administration; its ``data``."""
    return ask_server(home, lambda client: client.admin(method, *path, tenant=tenant, body=body, query=query))


def show_rows(rows: Sequence[Mapping[str, Any]], columns: Columns) -> None:
    """Rows as a table on standard output."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in columns.values():
        table.add_column(heading, no_wrap=True)
    for row in rows:
        table.add_row(*(_text(row.get(field)) for field in columns))
    # As wide as the rows are: an id that is cut or folded cannot be copied.
    Console(width=_WIDEST).print(table, crop=False)


def show_page(page: Mapping[str, Any], columns: Columns) -> None:
    """A page as a table; how many there are on standard error."""
    show_rows(page["items"], columns)
    shown = f"第 {page['page']} 页，共 {page['total']} 条"
    note(f"{shown} Page {page['page']}, {page['total']} in all")


def show_one(row: Mapping[str, Any], columns: Columns) -> None:
    """One thing, a line a field."""
    show_rows([{"name": heading, "value": row.get(field)} for field, heading in columns.items()], _PAIR)


_PAIR = {"name": "项 field", "value": "值 value"}


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "是 yes" if value else "否 no"
    if isinstance(value, list):
        return ", ".join(map(str, cast("list[object]", value)))
    return "" if value is None else str(value)
