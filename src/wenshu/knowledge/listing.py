"""Answers that are lists: the items under a heading that asks the same as the question."""

import re
from collections.abc import Sequence
from itertools import groupby

from wenshu.knowledge.cite import Statement, cite
from wenshu.knowledge.coverage import Folded, Probe
from wenshu.knowledge.lookup import Finding
from wenshu.knowledge.passage import Passage
from wenshu.knowledge.question import Question
from wenshu.knowledge.units import Unit, plain, units


def listed(asked: Question, passages: Sequence[Passage]) -> Finding | None:
    """Say all items of the list whose heading, or sentence before it (``…：``), says what is asked; else None.

    Only where several things, or the way to do something, are asked for.
    """
    if not asked.several and asked.asks != "how":
        return None
    probe = Probe(asked)
    best: Finding | None = None
    for passage in passages:
        found = units(passage)
        for kind, group in groupby(enumerate(found), key=lambda numbered: (numbered[1].kind, numbered[1].under)):
            items = list(group)
            before = found[items[0][0] - 1].said if items[0][0] else ""
            lead = f"{kind[1]} {before if before.endswith(('：', ':')) else ''}"
            if kind[0] != "item" or len({unit.line for _, unit in items}) < 2:
                continue
            coverage = _coverage(probe, lead, passage)
            if asked.asks == "how" and not asked.several and not _WAY.search(lead):
                continue
            if coverage >= _ENOUGH and (best is None or coverage > best.coverage):
                best = Finding(_items(passage, [unit for _, unit in items]), coverage, certain=True)
    return best


_WAY = re.compile(r"步骤|方法|流程|做法|方式|程序|办法")
_ENOUGH = 0.8
_HALF = 0.5
_MOST_ITEMS = 10
_FILLERS = "情况 哪些 方面 内容 步骤 方法 具体 应该 需要 可以 进行"


def _coverage(probe: Probe, lead: str, passage: Passage) -> float:
    """The share of the question that the list's lead says, with the source's name; 0 where the lead says too little."""
    above = Folded(f"{lead} {passage.title} {passage.heading} {_FILLERS}")
    if any(run.isascii() and run not in above.text for run in probe.question.runs):
        return 0.0
    beyond = probe.all - probe.literal(Folded(f"{passage.title} {_FILLERS}"))
    own = probe.literal(Folded(lead))
    return probe.share(probe.all, probe.literal(above)) if own & beyond and probe.share(beyond, own) >= _HALF else 0.0


def _items(passage: Passage, found: Sequence[Unit]) -> tuple[Statement, ...]:
    lines = list(dict.fromkeys(unit.line for unit in found))[:_MOST_ITEMS]
    return tuple(Statement(plain(passage.text[line.start : line.end]), (cite(passage, *line),)) for line in lines)
