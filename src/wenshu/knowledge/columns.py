"""Which column of a table a question asks for, and by which cell it names a row."""

import re
from collections.abc import Sequence
from functools import lru_cache

from wenshu.knowledge.question import Question
from wenshu.knowledge.units import Row, key_of
from wenshu.zh.fold import fold


def column_strength(asked: Question, name: str) -> float:
    """How far a question names a column (folded, without unit): the share of the name's pairs in it.

    0 where the name holds a number or a word of another script that the question does not.
    """
    if len(name) < 2:
        return 0.0
    words = {word for run in asked.runs if run.isascii() for word in (run, *run.split("-"))}
    if any(word not in words for word in re.findall(r"[a-z0-9.]+", name)):
        return 0.0
    if name in asked.text:
        return 1.0
    runs = re.findall(r"[\u3400-\u9fff]{2,}", name)
    pairs = [run[at : at + 2] for run in runs for at in range(len(run) - 1)]
    return 0.99 * sum(pair in asked.text for pair in pairs) / len(pairs) if pairs else 0.0


def answering(asked: Question, name: str) -> bool:
    """Whether a column called so answers this kind of question: 价 for 多少钱, 姓名 for 谁."""
    return any(column.search(name) for column in _asked_kinds(asked.text))


def asked_column(asked: Question, row: Row) -> float:
    """How surely one of the row's filled columns, but for the naming one, is asked for."""
    key = key_of(row)
    best = 0.0
    for at, (column, cell) in enumerate(zip(row.columns, row.cells, strict=False)):
        if at != key and cell:
            name = stem(column)
            strength = column_strength(asked, name)
            if strength < _BY_KIND and answering(asked, name):
                strength = _BY_KIND
            best = max(best, strength)
    return best


def named_cell(text: str, row: Row) -> float:
    """How far a question (folded) names one of the row's cells: the share of the cell's pairs that stand in it."""
    best = 0.0
    key = key_of(row)
    for at, cell in enumerate(row.cells[:_MOST_CELLS]):
        pairs = _pairs(cell)
        if pairs:
            share = sum(pair in text for pair in pairs) / len(pairs)
            best = max(best, share if at == key else _OTHER * share)
    return best


def chosen_columns(asked: Question, row: Row) -> tuple[int, ...]:
    """The columns of a row to say: those asked for, with the cells that the question names; () for the whole row."""
    if not row.columns:
        return ()
    key = key_of(row)
    filled = zip(row.columns, row.cells, strict=True)
    strengths = [column_strength(asked, stem(column)) if cell else 0.0 for column, cell in filled]
    strengths[key] = 0.0
    if duties := in_charge(asked, row.columns):
        strengths = [1.0 if at in duties and at != key else 0.0 for at in range(len(row.columns))]
    best = max(strengths)
    wanted = [at for at, strength in enumerate(strengths) if best >= _ENOUGH and strength >= best - _ABOUT]
    if not wanted:
        wanted = [
            at
            for at, column in enumerate(row.columns)
            if at != key and row.cells[at] and answering(asked, stem(column))
        ]
    if not wanted:
        return ()
    named = [
        at
        for at, cell in enumerate(row.cells)
        if at != key
        and any(pair in asked.text for pair in _pairs(cell))
        and all(pair in asked.text for pair in _pairs(cell))
    ]
    return tuple(sorted({*wanted, *named}))


def in_charge(asked: Question, columns: Sequence[str]) -> list[int]:
    """The columns that say what somebody is in charge of, where that is asked: 分管哪些部门 is not for the 部门."""
    if _DUTY.search(asked.text) is None:
        return []
    return [at for at, column in enumerate(columns) if _DUTIES.search(stem(column))]


@lru_cache(maxsize=4096)
def stem(cell: str) -> str:
    """A cell or column's name, folded, without what stands in brackets at its end."""
    return _BRACKETS.sub("", fold(cell)).strip()


_DUTY = re.compile(r"(?:负责|分管|主管|管理|管)(?:着|的是?)?(?:什么|哪些|哪[几两三])")
_DUTIES = re.compile(r"分管|主管(?!人)|职责|负责(?!人)|管辖")
_BY_KIND = 0.7
_ENOUGH, _ABOUT = 0.5, 0.05
_OTHER = 0.9
_MOST_CELLS = 8
_LONGEST_NAME = 30
_BRACKETS = re.compile(r"\s*[(\[][^()\[\]]*[)\]]\s*$")
_NUMBER = re.compile(r"[\d.,%+\-~/ ]*")
# What a question says → what the column that answers it is called; both folded.
ANSWERING = tuple(
    (re.compile(asks), re.compile(column))
    for asks, column in (
        (r"什么意思|含义|意思|代表什么|表示什么|指什么", r"含义|意义|定义|解释|说明|描述"),
        (r"怎么办|怎么处理|如何处理|怎样处理|怎么解决|如何解决|怎么修|怎么弄|处理|解决", r"处理|措施|对策|办法|解决"),
        (r"谁|哪位|什么人", r"姓名|负责人|责任人|联系人|经办人|主管"),
        (r"多少钱|几块钱|价格|价钱|什么价|单价|售价|报价|贵|便宜|卖多少|要多少", r"价"),
        (r"什么时候|何时|哪天|几号|哪年|哪一年|时间|日期", r"时间|日期|年份|年月|截止"),
        (r"(?:负责|分管|管|做)(?:着|的)?(?:什么|哪些|哪几)|职责", r"分管|职责|负责|工作|职能"),
        (r"电话|联系方式|怎么联系|手机|号码", r"电话|手机|联系方式|热线|分机"),
        (r"在哪里|在哪|哪里|地址|地点|位置", r"地址|地点|位置|所在地"),
        (r"多重|几斤|几公斤|重量", r"重"),
        (r"多大|尺寸", r"尺寸|规格|面积|容"),
        (r"保修|质保", r"保修|质保"),
        (r"起订|最少(?:买|订)", r"起订"),
        (r"多久(?:到货|交货|发货)|几天(?:到货|交货|发货)|交期", r"交货|货期|交期"),
        (r"能放多久|放多久|保质", r"保质"),
        (r"哪个厂|哪里生产|谁生产|厂家", r"生产厂|厂家|产地"),
    )
)


@lru_cache(maxsize=256)
def _asked_kinds(text: str) -> tuple[re.Pattern[str], ...]:
    return tuple(column for asks, column in ANSWERING if asks.search(text))


@lru_cache(maxsize=4096)
def _pairs(cell: str) -> tuple[str, ...]:
    name = stem(cell)
    if not 1 < len(name) <= _LONGEST_NAME or _NUMBER.fullmatch(name):
        return ()
    return tuple(name[at : at + 2] for at in range(len(name) - 1))
