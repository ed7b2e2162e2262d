"""Answers from what documents state: the value of the attribute that a question asks for, of what it names."""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from typing import NamedTuple

from wenshu.knowledge.cite import Statement, cite
from wenshu.knowledge.columns import ANSWERING, answering, column_strength, stem
from wenshu.knowledge.coverage import Folded
from wenshu.knowledge.factbook import Known, Told
from wenshu.knowledge.facts import Fact, key, name_of
from wenshu.knowledge.lookup import Finding
from wenshu.knowledge.match import Matcher
from wenshu.knowledge.moments import moments, years
from wenshu.knowledge.question import Question
from wenshu.knowledge.units import plain
from wenshu.zh.fold import fold


class Match(NamedTuple):
    """A fact that answers a question, and how well: what of the question it says, and how surely it is asked for."""

    known: Known
    coverage: float
    named: float
    attribute: float
    alias: str = ""
    """The cell by which the question names the fact's row, where that is not the first."""

    @property
    def rating(self) -> tuple[float, float, float]:
        """What orders matches."""
        return self.named, round(self.coverage, 2), round(self.attribute, 2)

    @property
    def is_sure(self) -> bool:
        """Whether the question names the very thing and the very attribute, or one called for what it asks."""
        return self.named >= _ALIAS and self.attribute >= _BY_KIND


def matches(asked: Question, when: frozenset[str], known: Sequence[Known]) -> list[Match]:
    """The facts whose attribute is asked for of their own subject, the best first.

    All that the question says, but for what asks, must stand in a fact's names and above it; each word of another
    script and each year does. ``when`` are the times that the question speaks of.
    """
    if asked.asks in {"why", "yesno", "how"}:
        return []
    matcher = Matcher(asked)
    aliases = {_row(one): one.fact.value for one in reversed(known) if _is_alias(asked, one)}
    found = [match for one in known if (match := _match(asked, matcher, when, one, aliases.get(_row(one), "")))]
    return sorted(found, key=lambda match: match.rating, reverse=True)


def likeliest(asked: Question, known: Sequence[Known], today: date) -> list[Known]:
    """What is worth fetching the passages of: what answers, and the rows that the question names."""
    found = [match.known for match in matches(asked, moments(asked.text, today), known)]
    text = key(asked.text)
    rows = [one for one in known if one.fact.row >= 0 and (key(one.fact.subject) in text or _is_alias(asked, one))]
    told = {(one.document, one.ordinal): one for one in reversed(rows)}
    best = found[:_MOST_MATCHES]
    of_best = {_row(one) for one in best}
    aliases = [one for one in rows if _row(one) in of_best and _is_alias(asked, one)]
    return list(dict.fromkeys((*best, *aliases[:_MOST_MATCHES], *list(told.values())[::-1][:_MOST_ROWS])))


def beside(asked: Question, known: Sequence[Known]) -> list[Known]:
    """What else is stated of the very things that the question names, each attribute once."""
    text = key(asked.text)
    found: dict[tuple[str, str], Known] = {}
    for one in known:
        subject, attribute = key(one.fact.subject), key(one.fact.attribute)
        if len(subject) > 1 and subject in text and attribute not in text and not _asked_for(asked, one.fact):
            found.setdefault((subject, attribute), one)
    return list(found.values())[:_MOST_ROWS]


def names_in(question: str, known: Sequence[Known]) -> list[str]:
    """What the things are called that a question names, the longest name first, at most three."""
    text = key(question)
    names = [name for one in known for name in (key(one.fact.subject), name_of(one.fact)) if len(name) > 1]
    return sorted({name for name in names if name in text}, key=lambda name: (-len(name), name))[:_MOST_NAMES]


def of_the_named(asked: Question, known: Sequence[Known]) -> list[Known]:
    """All that is stated of the very things that the question names, as far as a draft can use it."""
    text = key(asked.text)
    return [one for one in known if len(key(one.fact.subject)) > 1 and key(one.fact.subject) in text][:_MOST_TOLD]


def of_likely_tables(asked: Question, known: Sequence[Known]) -> list[Known]:
    """One fact of each table that has names of the question, the table with most of them first."""
    text = key(asked.text)
    named: dict[tuple[int, int], set[str]] = {}
    first: dict[tuple[int, int], Known] = {}
    for one in known:
        if one.fact.table >= 0:
            names = (key(one.fact.subject), key(one.fact.attribute), name_of(one.fact))
            named.setdefault(one.table, set()).update(name for name in names if name and name in text)
            first.setdefault(one.table, one)
    told = sorted((table for table in named if named[table]), key=lambda table: -len("".join(named[table])))
    return [first[table] for table in told]


def stated(asked: Question, when: frozenset[str], told: Sequence[Told]) -> Finding | None:
    """Say the facts that answer best; None where none does, or where they are of several minds.

    Of documents whose titles bear years the newest is believed.
    """
    passages = {one.known: one for one in told}
    found = matches(asked, when, list(passages))
    best = _newest([match for match in found if match.rating == found[0].rating])
    values = {key(match.known.fact.value): match for match in reversed(best)}
    if not best or len(values) > (_MOST_VALUES if asked.several else 1):
        return None
    chosen = sorted(values.values(), key=lambda match: match.known.fact.start)
    certain = min(match.named for match in chosen) >= _ALIAS and min(match.attribute for match in chosen) >= _SURE
    said = tuple(say(passages[match.known], match.alias) for match in chosen)
    return Finding(said, best[0].coverage, certain=certain)


def say(told: Told, alias: str = "") -> Statement:
    """A fact in words, of a row with its column's name, of a line word for word, with the place of its value."""
    fact, passage = told.known.fact, told.passage
    start, end = fact.start - passage.start, fact.end - passage.start
    if fact.kind in {"cell", "pair"}:
        return Statement(in_words(fact, alias), (cite(passage, start, end),))
    first = max(fact.line.start - passage.start, 0)
    line = passage.text[first : max(fact.line.end - passage.start, end)]
    return Statement(plain(line).strip(), (cite(passage, start, end),))


def in_words(fact: Fact, alias: str = "") -> str:
    """``LX-U20-20：目录价为618元。``; a line of a key and its value stays as it is: ``保修期：24个月。``.

    ``alias`` is what else the row is called, said in brackets.
    """
    value = " ".join(fact.value.replace("\\|", "|").split())
    unit = fact.unit if fact.kind == "cell" and _is_bare(fact) else ""
    text = f"{value}{unit}"
    closed = text if text.endswith(("。", "！", "？", "；", ".", "!", "?")) else f"{text}。"
    if fact.kind == "cell":
        return f"{plain(fact.subject)}{f'（{plain(alias)}）' if alias else ''}：{plain(fact.attribute)}为{closed}"
    return f"{plain(fact.attribute)}：{closed}" if fact.subject else closed


_ENOUGH, _ALL = 0.8, 0.95
_AROUND = re.compile(r"^叫|指$")
_OWNER = re.compile("([\u3400-\u9fff]{2,})的")
_MEANING = re.compile(r"^(?:什么(?:是|叫))|是什么|指|意思|含义|定义")
_WHOLE, _ALIAS, _PARTLY = 1.0, 0.9, 0.5
_SURE, _BY_KIND = 0.95, 0.7
_NAMED = 0.5
_MOST_VALUES, _MOST_NAMES = 4, 3
_MOST_MATCHES, _MOST_ROWS, _MOST_TOLD = 8, 6, 24
_FILLERS = "应该 需要 具体 可以 显示 出现 情况 一下 产品 型号 项目 多少 现在 目前"


def _is_bare(fact: Fact) -> bool:
    """Whether the value is written without the unit that its column names."""
    return bool(fact.unit) and fact.unit not in fold(fact.value)


def _row(one: Known) -> tuple[tuple[int, int], int]:
    return one.table, one.fact.row


def _is_alias(asked: Question, one: Known) -> bool:
    """Whether the question names a row by this cell."""
    name = name_of(one.fact)
    return bool(name) and name in key(asked.text)


def _match(asked: Question, matcher: Matcher, when: frozenset[str], one: Known, alias: str) -> Match | None:
    fact = one.fact
    attribute = _asked_for(asked, fact) if fact.value != alias else 0.0
    if not attribute:
        return None
    above = f"{one.title} {fact.context} {fact.subject} {fact.attribute} {alias}"
    text = Folded(f"{above} {_FILLERS} {' '.join(_asking(asked, fact))}")
    said = matcher.said(text)
    if (matcher.words | _owners(matcher)) & ~(said.literal | said.meant):
        return None
    own, wanted = years(moments(fold(above))), years(when)
    if wanted and not wanted <= own:
        return None
    coverage, named = matcher.share(said.meant), max(_named(asked, fact), _ALIAS if alias else 0.0)
    if _defines(asked, fact):
        coverage = named = 1.0
    enough = _ENOUGH if named >= _ALIAS else _ALL
    return Match(one, coverage, named, attribute, alias) if coverage >= enough else None


def _owners(matcher: Matcher) -> int:
    """What the question says of whose attribute it asks for (日本的…), however common its characters are."""
    bits = 0
    for match in _OWNER.finditer(matcher.text):
        bits |= (1 << match.end(1)) - (1 << match.start(1))
    return bits & matcher.all


def _asked_for(asked: Question, fact: Fact) -> float:
    """How surely the question asks for the fact's attribute; 0 where it does not."""
    name = stem(fact.attribute)
    if _defines(asked, fact):
        return _SURE
    if fact.kind == "definition":
        return 0.0
    strength = column_strength(asked, name)
    by_kind = _BY_KIND if answering(asked, name) else 0.0
    return max(strength if strength >= _NAMED else 0.0, by_kind)


def _defines(asked: Question, fact: Fact) -> bool:
    """Whether the question only asks what something is that the fact explains: 什么是断温 and ``断温：…``."""
    term = fact.subject if fact.kind == "definition" else fact.attribute if fact.kind == "pair" else ""
    asks = asked.asks in {"define", "what"} and not asked.several and _MEANING.search(asked.text) is not None
    return bool(term) and asks and _AROUND.sub("", "".join(asked.runs)) == key(term)


def _asking(asked: Question, fact: Fact) -> Iterator[str]:
    """The question's own words for an attribute that is called otherwise."""
    name = stem(fact.attribute)
    for asks, answers in ANSWERING:
        if answers.search(name):
            yield from (match.group() for match in asks.finditer(asked.text))


def _named(asked: Question, fact: Fact) -> float:
    """1 where the question names the fact's subject, less where only what stands above it."""
    subject = key(fact.subject)
    return _WHOLE if len(subject) > 1 and subject in key(asked.text) else _PARTLY


def _newest(found: Sequence[Match]) -> list[Match]:
    """Of documents that are called by different years, those of the last; the others stay."""
    dated = {match.known.document: max(map(int, years(moments(fold(match.known.title)))), default=0) for match in found}
    if not all(dated.values()):
        return list(found)
    last = max(dated.values(), default=0)
    return [match for match in found if dated[match.known.document] == last]
