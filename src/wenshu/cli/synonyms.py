"""``wenshu import synonyms``: groups of terms from a table, one a line, beside or in place of those that are there."""

import asyncio
import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from wenshu.cli.ask import Home, Org, Tenant
from wenshu.cli.client import CallFailed, connect
from wenshu.cli.output import fail, say
from wenshu.cli.settings import read_settings
from wenshu.core.documents.decode import decode
from wenshu.core.settings import Settings
from wenshu.kit.errors import ParseFailed
from wenshu.zh.fold import fold

_ADDRESS = "/vector_db_service/synonyms"
_HEADER = {"词", "同义词", "标准词", "term", "terms", "synonym", "synonyms", "canonical"}
Groups = list[list[str]]


def import_synonyms(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="CSV：每行一组同义词 One group of terms a line.")
    ],
    replace: Annotated[
        bool, typer.Option("--replace", help="替换已有的全部同义词 In place of all that are there.")
    ] = False,
    tenant: Tenant = "",
    org: Org = "",
    home: Home = None,
) -> None:
    """导入同义词（CSV，每行一组；与已有的组有相同的词时并入该组） Import synonyms from a CSV, one group a line."""
    try:
        groups = _groups(file)
        told = asyncio.run(_put(read_settings(home), groups, {"tenant_code": tenant, "org_code": org}, replace=replace))
    except (CallFailed, ParseFailed) as error:
        fail(str(error))
    say(f"导入完成：文件 {len(groups)} 组，现有 {len(told['groups'])} 组 Imported; groups in the file, and now in all.")


async def _put(settings: Settings, groups: Groups, scope: Mapping[str, str], *, replace: bool) -> Any:  # noqa: ANN401 (JSON)
    async with connect(settings) as client:
        there = await client.get(_ADDRESS, scope)
        merged = groups if replace else _merged(there["groups"], groups)
        return await client.put(_ADDRESS, {**scope, "groups": merged, "version": there["version"]})


def _groups(file: Path) -> Groups:
    """The lines that have terms, without a header. Raises ParseFailed where it is no text, CallFailed for no groups."""
    rows = csv.reader(io.StringIO(decode(file.read_bytes())))
    found = [[cell.strip() for cell in row if cell.strip()] for row in rows]
    found = [row for row in found if row]
    if found and {fold(cell) for cell in found[0]} <= _HEADER:
        found = found[1:]
    if not found:
        raise CallFailed("文件中没有同义词 There is no group in the file")
    return found


def _merged(there: Sequence[Sequence[str]], more: Groups) -> Groups:
    """The groups that are there, each with the terms of those that share one with it; the others behind them.

    Raises CallFailed for a line whose terms are in two groups: which of them it means is for people to say.
    """
    merged = [list(group) for group in there]
    owner = {fold(term): at for at, group in enumerate(merged) for term in group}
    for line, group in enumerate(more, 1):
        of = {owner[fold(term)] for term in group if fold(term) in owner}
        if len(of) > 1:
            first, second, *_ = (merged[at][0] for at in sorted(of))
            raise CallFailed(
                f"第 {line} 组（{'、'.join(group)}）同时属于“{first}”与“{second}”两组，请先合并 A group that joins two"
            )
        at = of.pop() if of else len(merged)
        if at == len(merged):
            merged.append([])
        merged[at] += [term for term in group if fold(term) not in owner]
        owner |= {fold(term): at for term in group}
    return merged
