"""Answers worked out over tables: highest and lowest, sums and averages, differences and growth, figures shown."""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

from wenshu.knowledge.cite import Statement, cite
from wenshu.knowledge.columns import answering, column_strength
from wenshu.knowledge.coverage import Folded
from wenshu.knowledge.figures import Series, figure, rows_of, series, spoken
from wenshu.knowledge.lookup import Finding, Line, Table, tables
from wenshu.knowledge.match import Matcher
from wenshu.knowledge.moments import moments, years
from wenshu.knowledge.question import Question
from wenshu.knowledge.rows import best_row, parts_of
from wenshu.knowledge.scene import Scene
from wenshu.knowledge.units import is_part, key_of, measured
from wenshu.zh.fold import fold
from wenshu.zh.numerals import numerals


def compares(asked: Question) -> bool:
    """Whether the question can be answered only from several figures of a table, not from the likeliest row."""
    return any(pattern.search(asked.text) for pattern in (_HIGHEST, _LOWEST, _SUM, _MEAN, _APART))


def compare(scene: Scene, whole: frozenset[str] = frozenset()) -> Finding | None:
    """Work out what the question asks for over the table that it is about, with all the figures behind it.

    Only over tables that are there with all their rows: those whose passages are no parts, or all among ``whole``, and
    where every compared cell is a plain number of one unit.
    """
    asked = scene.question
    if not compares(asked):
        return None
    found = [table for table in tables(scene.passages) if is_whole(table, whole)]
    for work in (_apart, _over_rows):
        best: tuple[float, Finding] | None = None
        for table in found:
            finding = work(scene, table)
            if finding and (best is None or finding.coverage > best[0]):
                best = finding.coverage, finding
        if best:
            return best[1]
    return None


_HIGHEST = re.compile(
    r"最(?:高|大|多|贵|重|长|快|好|热|强|久)|(?:哪|谁).{0,8}(?:更|比较)(?:贵|高|大|多|重|长|快)|(?:哪|谁)[^多]{0,4}(?:贵|重)(?!量)"
)
_LOWEST = re.compile(
    r"最(?:低|小|少|便宜|轻|短|慢|差)|(?:哪|谁).{0,8}(?:更|比较)(?:便宜|低|小|少|轻|短|慢)|(?:哪|谁)[^多]{0,4}(?:便宜|轻)"
)
_SUM = re.compile(r"一共|总共|合计|总计|加起来|总和|共(?=有?多少|有?几)")
_MEAN = re.compile(r"平均(?=.{0,6}(?:多少|几))(?!售价|单价|回款|工资|响应)")
_APART = re.compile(
    r"差(?:了)?(?:多少|几)|相差|差价|差额|(?:贵|便宜|多|少|高|低|重|轻|长|短|大|小|快|慢)(?:了|出)?(?:多少|几)(?!钱一|次)|比.{1,16}(?:能)?多.{0,4}(?:多少|几)"
)
_GROWTH = re.compile(r"同比|环比|增长(?:率|了)?(?:是)?(?:多少|百分之几|几)|增长率|增幅|涨了?(?:多少|百分之几)")
_OPERATION = re.compile(
    "|".join(pattern.pattern for pattern in (_HIGHEST, _LOWEST, _SUM, _MEAN, _APART, _GROWTH))
    + "|哪[个款种台家块些]|型号|产品|是多少|[两二三四五六七八九十\\d]+(?:个|款|种|座|台|家|类)"
)
_KINDS = tuple(
    (re.compile(asks), re.compile(column))
    for asks, column in (
        (r"贵|便宜|多少钱|几块钱|差价|价", r"价"),
        (r"重|轻", r"重"),
        (r"长|短|久", r"期|长|时间|寿命|天"),
        (r"大|小|能装|能放", r"容|面积|规模|规格|吨"),
        (r"快|慢", r"时间|小时|天|时效"),
        (r"卖", r"销|收入|合计"),
        (r"人|走的", r"人"),
    )
)
_MOST_ROWS = 400
_ENOUGH = 0.7
_NAMED, _BY_UNIT = 0.5, 0.65
_MOST_SHOWN, _MOST_CITED = 12, 40
_MOST_LINES = 400


def is_whole(table: Table, whole: frozenset[str]) -> bool:
    """Whether all rows of a table are there: none of its passages is a part, but for those that are all there."""
    held = {line.passage.key: line.passage for line in table.lines}
    return len(table.lines) <= _MOST_LINES and all(not is_part(one) or key in whole for key, one in held.items())


def _said(matcher: Matcher, text: str) -> int:
    return matcher.said(Folded(text)).near


def _operation(matcher: Matcher) -> int:
    """The characters of the question that only say what to work out."""
    bits = 0
    for match in _OPERATION.finditer(matcher.text):
        bits |= (1 << match.end()) - (1 << match.start())
    return bits


def _coverage(scene: Scene, table: Table, lines: Sequence[Line]) -> float:
    """The share of the question, but for what is to be worked out, that stands in the table's rows and above them."""
    matcher = scene.matcher
    wanted = matcher.all & ~_operation(matcher)
    rows = " ".join(cell for line in lines for cell in line.row.cells)
    said = _said(matcher, f"{table.context} {' '.join(table.columns)} {rows}")
    times = scene.when
    for moment in times & moments(fold(f"{table.context} {' '.join(table.columns)} {rows}")):
        said |= sum(1 << at for at in range(len(matcher.text)) if moment.isdigit() and matcher.text[at].isdigit())
    total = matcher.weight(wanted)
    return matcher.weight(said & wanted) / total if total else 1.0


def _columns(scene: Scene, table: Table, lines: Sequence[Line]) -> list[tuple[float, int]]:
    """The columns that may be meant, with how surely, the surest first; none that is not of figures."""
    asked = scene.question
    found: list[tuple[float, int]] = []
    for at, name in enumerate(table.columns):
        if at == key_of(lines[0].row) or series(lines, at) is None:
            continue
        strength = column_strength(asked, name)
        if strength < _NAMED and _said(scene.matcher, name) & ~_operation(scene.matcher):
            strength = _NAMED + 0.1
        if strength < _NAMED and (
            answering(asked, name) or any(asks.search(asked.text) and kind.search(name) for asks, kind in _KINDS)
        ):
            strength = _NAMED
        if strength < _BY_UNIT and _is_asked_unit(asked, table, at, lines):
            strength = _BY_UNIT
        strength = _at_its_time(scene, name, strength)
        if strength and any(unit in asked.text for unit in _per(table.lines[0].row.columns[at])):
            strength += 0.1
        if strength >= _NAMED:
            found.append((strength, at))
    figures = [at for at in range(len(table.columns)) if at != key_of(lines[0].row) and series(lines, at)]
    named = any(column_strength(asked, name) >= _NAMED for name in table.columns)
    if not found and len(figures) == 1 and not named:  # there is nothing else to compare
        found = [(_NAMED, figures[0])]
    return sorted(found, key=lambda one: (-one[0], one[1]))


def _is_asked_unit(asked: Question, table: Table, at: int, lines: Sequence[Line]) -> bool:
    """Whether the column's figures are in the unit that the question asks for: 几升 and 80L."""
    found = series(lines, at)
    wanted = _UNIT.search(asked.text)
    if found is None or wanted is None:
        return False
    own = fold(measured(table.lines[0].row.columns[at])[1]) or found.unit
    return bool(own) and own.lstrip("百千万亿") in {wanted.group(1), _UNITS.get(wanted.group(1), "")}


def _per(column: str) -> list[str]:
    """What a price is for (元/箱): 一箱, 每箱."""
    unit = measured(column)[1].partition("/")[2]
    return [f"一{unit}", f"每{unit}"] if unit else []


_UNITS = {
    "升": "l",
    "公斤": "kg",
    "千克": "kg",
    "克": "g",
    "米": "m",
    "厘米": "cm",
    "毫米": "mm",
    "瓦": "w",
    "千瓦": "kw",
}
_UNIT = re.compile("(?:几|多少)[百千万亿]{0,2}(公斤|千克|厘米|毫米|千瓦|[升克米瓦吨台人个天年])")


def _at_its_time(scene: Scene, name: str, strength: float) -> float:
    """A column of another year is not meant; one that is called just by the asked year or quarter is."""
    own = moments(name)
    if years(own) and years(scene.when) and not years(own) & years(scene.when):
        return 0.0
    if own and own & scene.when:
        return max(strength, _NAMED) + 0.3
    if own and not scene.when and _ONLY_TIME.fullmatch(name):
        return _NAMED if re.search("合计|全年", name) else 0.0
    return strength + (0.05 if re.search("合计|全年|总", name) else 0.0)


_ONLY_TIME = re.compile(r"(?:20\d\d)?\s*(?:年|q[1-4]|第?[一二三四]季度|\d{1,2}\s*月|季度合计|合计|全年)+")


def _over_rows(scene: Scene, table: Table) -> Finding | None:
    """Highest, lowest, sum, average of a column over the rows that the question means."""
    asked = scene.question
    if not any(pattern.search(asked.text) for pattern in (_HIGHEST, _LOWEST, _SUM, _MEAN)):
        return None
    lines = _rows_of_two(asked, table) or _meant_rows(scene, table)
    if not 1 < len(lines) <= _MOST_ROWS:
        return None
    columns = _columns(scene, table, lines)
    if not columns and (some := _with_figures(asked, table)):
        lines, columns = some, _columns(scene, table, some)
    coverage = _coverage(scene, table, lines)
    if not columns or coverage < _ENOUGH:
        return None
    found = series(lines, columns[0][1])
    said = _worked_out(asked, found) if found else None
    return _finding(said, _shown(asked, found, lines), coverage + columns[0][0] / 100) if said and found else None


def _shown(asked: Question, found: Series, lines: Sequence[Line]) -> Sequence[Line]:
    """The rows to cite: all where they are few, else the highest or lowest, or as many as can be looked at."""
    if len(lines) <= _MOST_SHOWN:
        return lines
    for choose, pattern in ((max, _HIGHEST), (min, _LOWEST)):
        if pattern.search(asked.text):
            return [lines[found.values.index(choose(found.values))]]
    return lines[:_MOST_CITED]


def _rows_of_two(asked: Question, table: Table) -> list[Line]:
    """The rows of the two things that the question sets side by side; none where there are not two."""
    parts = parts_of(asked.text)
    two = [line for part in parts if (line := best_row(part, rows_of(table)))] if parts else []
    return two if len(two) > 1 and two[0] != two[1] else []


def _with_figures(asked: Question, table: Table) -> list[Line]:
    """The rows with a figure in one column, where they are as many as the question says (三座)."""
    lines = rows_of(table)
    for at in range(len(table.columns)):
        told = [line for line in lines if figure(line.row.cells[at])]
        if 1 < len(told) == _count(asked) < len(lines):
            return told
    return []


def _meant_rows(scene: Scene, table: Table) -> list[Line]:
    """The rows that hold what the question names beyond the table's own names; all where it names nothing of rows."""
    matcher = scene.matcher
    lines = rows_of(table)
    above = _said(matcher, f"{table.context} {' '.join(table.columns)}") | _operation(matcher)
    left = matcher.all & ~above
    held = [matcher.said(Folded(" ".join(line.row.cells))).meant & left for line in lines]
    weights = [matcher.weight(bits) for bits in held]
    most = max(weights, default=0.0)
    if most < 1:
        return _of_the_time(scene, lines)
    named = [line for line, weight in zip(lines, weights, strict=True) if weight > 0]
    alike = [line for line, weight in zip(lines, weights, strict=True) if weight == most]
    chosen = alike if len(alike) > 1 else named
    wanted = _count(scene.question)
    if wanted and len(chosen) != wanted and len(named) == wanted:
        chosen = named
    return _of_the_time(scene, chosen)


def _of_the_time(scene: Scene, lines: Sequence[Line]) -> list[Line]:
    """Without the rows of other years."""
    asked = years(scene.when)
    own = [years(moments(fold(line.row.cells[key_of(line.row)]))) for line in lines]
    return [line for line, has in zip(lines, own, strict=True) if not (asked and has and not asked & has)]


def _count(asked: Question) -> int:
    """How many things the question says that there are (三款, 两座); 0 where it does not."""
    found = re.search("([两二三四五六七八九十]|\\d{1,2})(?:个|款|种|座|台|家|类)", asked.text)
    if found is None:
        return 0
    read = numerals(found.group(1))
    return int(read[0].value) if read else 0


def _worked_out(asked: Question, found: Series) -> str | None:
    count = _count(asked)
    for choose, pattern in ((max, _HIGHEST), (min, _LOWEST)):
        if match := pattern.search(asked.text):
            return _extreme(found, found.values.index(choose(found.values)), match.group())
    if count and count != len(found.lines):
        return None
    return _mean(found) if _MEAN.search(asked.text) else _sum(found)


def _extreme(found: Series, best: int, word: str) -> str | None:
    if found.values.count(found.values[best]) > 1:
        return None
    if len(found.lines) > _MOST_SHOWN:
        return f"{found.name}{word}的是{found.named(best)}，为{found.said(best)}（共比较{len(found.lines)}项）。"
    word = word if word.startswith("最") else f"{'更' if len(found.values) == 2 else '最'}{_BARE.sub('', word)}"
    return f"{found.name}{word}的是{found.named(best)}，为{found.said(best)}（{_figures(found, '、')}）。"


_BARE = re.compile("^(?:哪|谁).*?(?=[贵高大多重长快便低小少轻短慢])|更|比较")


def _sum(found: Series) -> str | None:
    if _NOT_ADDED.search(found.name) or found.unit == "%":
        return None
    if len(found.lines) > _MOST_SHOWN:
        return f"{found.name}合计为{spoken(sum(found.values, Decimal(0)), found)}（共{len(found.lines)}项相加）。"
    return f"{found.name}合计为{spoken(sum(found.values, Decimal(0)), found)}（{_figures(found, ' + ')}）。"


_NOT_ADDED = re.compile(r"价|率|比|均|占|增长|增幅|日期|编号|%|期$")


def _mean(found: Series) -> str:
    value = sum(found.values, Decimal(0)) / len(found.values)
    if len(found.lines) > _MOST_SHOWN:
        return f"{found.name}平均为{spoken(round(value, 2), found)}（共{len(found.lines)}项）。"
    return f"{found.name}平均为{spoken(round(value, 2), found)}（{_figures(found, '、')}）。"


def _figures(found: Series, joint: str) -> str:
    return joint.join(f"{found.named(at)} {line.row.cells[found.at]}" for at, line in enumerate(found.lines))


def _apart(scene: Scene, table: Table) -> Finding | None:
    """How far two rows, or one row in two years, are apart."""
    asked = scene.question
    if not _APART.search(asked.text):
        return None
    return next((finding for finding in _differences(scene, table) if finding), None)


def _differences(scene: Scene, table: Table) -> Iterator[Finding | None]:
    lines = rows_of(table)
    if len(years(scene.when)) == 2:
        yield _between_years(scene, table, lines)
    two = _rows_of_two(scene.question, table)
    if not two:
        return
    columns = _columns(scene, table, two)
    coverage = _coverage(scene, table, two)
    found = series(two, columns[0][1]) if columns and coverage >= _ENOUGH else None
    if found:
        gap = abs(found.values[0] - found.values[1])
        said = "，".join(f"{found.named(at)}的{found.name}为{found.said(at)}" for at in (0, 1))
        yield _finding(f"{said}，相差{spoken(gap, found)}。", two, coverage + columns[0][0] / 100)


def _between_years(scene: Scene, table: Table, lines: Sequence[Line]) -> Finding | None:
    """One row in the columns of two years."""
    new, old = sorted(years(scene.when), reverse=True)
    at = {
        year: [place for place, name in enumerate(table.columns) if years(moments(name)) == frozenset({year})]
        for year in (new, old)
    }
    if any(len(places) != 1 for places in at.values()):
        return None
    line = best_row(scene.question.text, lines)
    if line is None or _coverage(scene, table, [line]) < _ENOUGH:
        return None
    both = [series([line], at[year][0]) for year in (new, old)]
    if both[0] is None or both[1] is None or both[0].unit != both[1].unit:
        return None
    gap = both[0].values[0] - both[1].values[0]
    word = "多" if gap >= 0 else "少"
    said = "，".join(f"{year}年为{one.said(0)}" for year, one in zip((new, old), both, strict=True) if one)
    return _finding(f"{both[0].named(0)}：{said}，{word}{spoken(abs(gap), both[0])}。", [line], 1.0)


def _finding(said: str, lines: Sequence[Line], coverage: float) -> Finding:
    citations = tuple(cite(line.passage, *line.unit.span) for line in lines)
    return Finding((Statement(said, citations),), coverage, certain=True)
