"""Which rows of a table have what a question names: 哪些型号支持远传, 汤总分管哪些部门; counted and named."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from wenshu.knowledge.cite import Statement, cite
from wenshu.knowledge.columns import column_strength, stem
from wenshu.knowledge.compare import compares, is_whole
from wenshu.knowledge.coverage import Folded
from wenshu.knowledge.figures import rows_of
from wenshu.knowledge.lookup import Finding, Line, Table, tables
from wenshu.knowledge.match import Said
from wenshu.knowledge.question import Question
from wenshu.knowledge.scene import Scene
from wenshu.knowledge.units import Row, key_of, measured
from wenshu.zh.fold import fold


def seeks_rows(asked: Question) -> bool:
    """Whether the question asks which things of a table have something, or how many do."""
    return _WHICH.search(asked.text) is not None and not compares(asked)


def held(scene: Scene, whole: frozenset[str] = frozenset()) -> Finding | None:
    """Name the rows, at least two, that have what the question names in one column of a table that is there whole.

    What it names is a column of yes and no (远传: √), or what the cells of a column say. All else that it says must
    stand above the table or in its columns' names.
    """
    if not seeks_rows(scene.question):
        return None
    found = [one for table in tables(scene.passages) if is_whole(table, whole) for one in _conditions(scene, table)]
    best = max(found, key=lambda one: (round(one.coverage, 2), one.weight, -one.at), default=None)
    if best is None:
        return None
    return Finding((_statement(scene.question, best),), best.coverage, certain=True)


class _Condition(NamedTuple):
    """Rows that have the same in a column, and how that is said."""

    lines: tuple[Line, ...]
    at: int
    said: str
    coverage: float
    weight: float


_WHICH = re.compile(
    r"哪些|哪[几两三四]|(?:有|是)(?:几|多少)[个款种台家类项人]|哪[个款种类][^么]{0,6}(?:有|支持|带|能|可以)"
)
_BEHIND = re.compile(r"哪(?:些|[几两三四]?[个款种类]?)([^\W\d_]{2,12})")
_YES = re.compile(r"[√✓✔●○有是Yy]|支持|具备|标配|可选?|yes|支持[（(].*")
_NO = re.compile(r"[×✗✘\-—–/无否Nn]|不支持|没有|不具备|不可|no|")
_NEGATED = r"(?:不|没有?|无|未)(?:支持|带|有|含|能|可以|具备)?"
_BETWEEN = re.compile(r"[、，,/；;]\s*")
_FILLERS = "应该 需要 具体 可以 支持 具备 带有 属于 产品 型号 项目 总共 一共 全部 所有 现在 目前"
_ENOUGH = 0.8
_LEAST, _MOST = 2, 40
_MOST_NAMED = 30
_LONGEST_CELL = 40


def _conditions(scene: Scene, table: Table) -> Iterator[_Condition]:
    lines = rows_of(table)
    if len(lines) < _LEAST:
        return
    key = key_of(lines[0].row)
    above = Folded(f"{table.context} {' '.join(table.columns)} {_FILLERS} {_kind_asked(scene.question, table, key)}")
    names = scene.matcher.said(above)
    for at, name in enumerate(table.columns):
        if at == key:
            continue
        if at < len(lines[0].row.cells) and _is_yes_or_no(lines, at):
            yield from _with_yes(scene, lines, at, name, names)
        else:
            yield from _with_value(scene, lines, at, names)


def _with_yes(scene: Scene, lines: Sequence[Line], at: int, name: str, above: Said) -> Iterator[_Condition]:
    """The rows that have what the column is called, or have it not where the question says so."""
    if column_strength(scene.question, name) < 1:
        return
    negated = re.search(_NEGATED + re.escape(name), scene.question.text) is not None
    chosen = tuple(line for line in lines if (_YES.fullmatch(fold(line.row.cells[at])) is not None) != negated)
    coverage = scene.matcher.share(above.meant | _negation(scene))
    if chosen and coverage >= _ENOUGH:
        said = f"{'没有' if negated else '有'}{measured(lines[0].row.columns[at])[0]}"
        yield _Condition(chosen, at, said, coverage, scene.matcher.weight(above.meant))


def _with_value(scene: Scene, lines: Sequence[Line], at: int, above: Said) -> Iterator[_Condition]:
    """The rows whose cell says what the rest of the question does; cells that say it alike are of one kind."""
    matcher = scene.matcher
    left = matcher.all & ~above.meant
    if not left or matcher.weight(left) < 1:
        return
    by_value: dict[str, list[Line]] = {}
    for line in lines:
        for part in _BETWEEN.split(line.row.cells[at])[:_MOST_NAMED]:
            if 1 < len(part) <= _LONGEST_CELL:
                by_value.setdefault(part.strip(), []).append(line)
    for value, chosen in by_value.items():
        said = matcher.said(Folded(value))
        whole = stem(value) in scene.question.text
        if not said.meant & left or not (whole or matcher.weight(said.meant & left) >= _MOST_OF * matcher.weight(left)):
            continue
        coverage = matcher.share(above.meant | said.meant)
        if len(chosen) >= _LEAST and coverage >= _ENOUGH and not matcher.words & ~(above.near | said.near):
            name = measured(lines[0].row.columns[at])[0]
            yield _Condition(tuple(chosen), at, f"{name}为{value}", coverage, matcher.weight(said.meant & left))


_MOST_OF = 0.9


def _negation(scene: Scene) -> int:
    bits = 0
    for match in re.finditer(_NEGATED, scene.question.text):
        bits |= (1 << match.end()) - (1 << match.start())
    return bits


def _is_yes_or_no(lines: Sequence[Line], at: int) -> bool:
    cells = [fold(line.row.cells[at]).strip() for line in lines]
    return any(_YES.fullmatch(cell) for cell in cells) and all(
        _YES.fullmatch(cell) or _NO.fullmatch(cell) for cell in cells
    )


def _kind_asked(asked: Question, table: Table, key: int) -> str:
    """What the question calls the rows (哪些部门): said by the table as a whole, where its rows are such things."""
    focus = asked.focus
    names = " ".join((table.columns[key], table.context))
    return focus if focus and (focus in names or focus[-1] in table.columns[key] or focus in _GENERIC) else ""


_GENERIC = frozenset({"型号", "产品", "项目", "部门", "人", "人员", "城市", "地方", "门店", "客户", "设备", "机型"})


def _statement(asked: Question, found: _Condition) -> Statement:
    row = found.lines[0].row
    wanted = _sought(asked, row, found.at)
    lines = list({(line.passage.key, line.unit.span): line for line in found.lines}.values())[:_MOST]
    names = list(dict.fromkeys(line.row.cells[wanted] for line in lines if line.row.cells[wanted]))
    told = "、".join(names[:_MOST_NAMED]) + ("等" if len(names) > _MOST_NAMED else "")
    citations = tuple(cite(line.passage, *line.unit.span) for line in lines)
    of = "" if wanted == key_of(row) else measured(row.columns[wanted])[0]
    return Statement(f"{found.said}的{of}有{len(names)}{'种' if of else '项'}：{told}。", citations)


def _sought(asked: Question, row: Row, condition: int) -> int:
    """The column whose values are asked for: the one named right behind 哪些, else the one that names the rows."""
    named = _BEHIND.search(asked.text)
    if named:
        for at, column in enumerate(row.columns):
            if at != condition and len(stem(column)) > 1 and named.group(1).startswith(stem(column)):
                return at
    return key_of(row)
