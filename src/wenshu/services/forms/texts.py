"""Values that only a form's own words find: enumerations by synonyms, yes and no, text by phrases and labels."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, cast

from wenshu.services.forms.fields import Field
from wenshu.zh.fold import fold
from wenshu.zh.recognise.papers import papers

Own = tuple[int, int, object, float]
"""Start, end, value, weight."""

_NO = re.compile(r"(?:不|没|无|别|甭|未|免)(?:用|需要?|要|必|必要|想|再|会|打算|准备)?(?:[\u4e00-\u9fff]{0,2})$")
_NEGATED = re.compile(r"(?:不是|并非|不要|别|没有|不算|而不是|不用|不走|不请)(?:什么|那个?|请|用|坐|选)?$")
_STOP = "，。；！？,;!?\n"
_IS = r"\s?(?:[是为叫写填选用:：]|就是|是叫|名叫|一栏|那栏|写的?是|填的?是){0,2}\s?[:：]?\s?"
_TRIM = re.compile(
    r"^[\s\"'“”‘’「」:：,，的是了]+|[\s\"'“”‘’「」,，。;；!！?？]+$|(?:吧|哈|哦|啊|呢|呀|了|谢谢|麻烦了)$"
)
_NOTHING = re.compile(
    r"^(?:什么|哪|多少|谁|怎么|不知道|不清楚|没有|无|是|的|了|呢|吗|吧|你|我|他|她|它|这个?|那个?|一下|和|跟|也)?$"
)


def choices(folded: str, field: Field) -> Iterator[Own]:
    """Values of an enumeration, by themselves and their synonyms, longer words first."""
    taken: list[tuple[int, int]] = []
    for word, value, weight in _words(field):
        for match in re.finditer(re.escape(word), folded):
            span = match.span()
            if any(span[0] < end and start < span[1] for start, end in taken):
                continue
            taken.append(span)
            if not _NEGATED.search(folded, max(0, span[0] - 6), span[0]):
                yield (*span, value, weight)


def _words(field: Field) -> list[tuple[str, object, float]]:
    values = cast("list[Any]", field.item.get("enum", []))
    synonyms = cast("dict[str, list[str]]", field.schema.get("synonyms", {}))
    words = [(fold(str(value)), value, 2.2) for value in values]
    words += [(fold(word), value, 1.8) for value in values for word in synonyms.get(str(value), ())]
    return sorted(words, key=lambda one: len(one[0]), reverse=True)


def flags(folded: str, field: Field) -> Iterator[Own]:
    """Yes or no: what is asked for or declined by one of the field's names."""
    synonyms = cast("dict[str, list[str]]", field.schema.get("synonyms", {}))
    said: list[tuple[int, int]] = []
    for value in (False, True):
        for word in sorted(map(fold, synonyms.get(str(value).lower(), ())), key=len, reverse=True):
            for match in re.finditer(re.escape(word), folded):
                if not any(match.start() < end and start < match.end() for start, end in said):
                    said.append(match.span())
                    yield (*match.span(), value, 2.5)
    for label in field.labels:
        for match in re.finditer(re.escape(label), folded):
            if any(match.start() < end and start < match.end() for start, end in said):
                continue
            said.append(match.span())
            denied = _NO.search(folded, max(0, match.start() - 6), match.start())
            behind = re.match(r"[:：]?\s?(?:不用|不需要|不要|不|否|无|没)", folded[match.end() : match.end() + 5])
            yield (*match.span(), not (denied or behind), 1.5)


def texts(folded: str, text: str, field: Field) -> Iterator[Own]:
    """Text behind a label or inside a phrase, to the end of the clause."""
    for pattern, weight in _patterns(field.labels, field.phrases, field.kind):
        for match in pattern.finditer(folded):
            start, end = _trimmed(folded, *match.span(1))
            if end - start >= 1 and not _NOTHING.fullmatch(folded[start:end]):
                yield start, end, text[start:end], weight


_SPOT = re.compile(
    r"(?:[a-z]|[一二三四五六七八九十\d]{1,4}|[东南西北])(?:号楼|栋|座|楼|层|号厂房|号车间|号库)[\u4e00-\u9fff\da-z]{0,8}?"
    r"(?:会议室|办公室|洗手间|卫生间|茶水间|机房|大厅|走廊|前台|工位|食堂|车间|仓库|室|厅|区|间|房|(?=的|[，,。;\s]|$))"
    r"|[a-z]?\d{3,4}(?:会议室|办公室|室|房间?)"
)
_IS_PAPER = re.compile("合同名称|文件名称|文件名")
_IS_SPOT = re.compile("地点|位置|会议室")


def known(folded: str, text: str, field: Field) -> Iterator[Own]:
    """Text that the schema gives as one of its ``examples``, and for places in a building what names one."""
    taken: list[tuple[int, int]] = []
    for word in sorted(map(fold, cast("list[str]", field.schema.get("examples", []))), key=len, reverse=True):
        for match in re.finditer(re.escape(word), folded):
            if not any(match.start() < end and start < match.end() for start, end in taken):
                taken.append(match.span())
                yield (*match.span(), text[match.start() : match.end()], 1.8)
    if _IS_PAPER.search(" ".join(field.labels)):
        for one in papers(folded):
            yield one.start, one.end, text[one.start : one.end], 1.5 if one.bare else 2.3
    if _IS_SPOT.search(field.labels[0] + field.labels[-1]):
        for match in _SPOT.finditer(folded):
            yield (*match.span(), text[match.start() : match.end()], 1.9)


def _trimmed(folded: str, start: int, end: int) -> tuple[int, int]:
    while match := _TRIM.search(folded[start:end]):
        if match.start() == 0:
            start += match.end()
        else:
            end = start + match.start()
        if start >= end:
            break
    return start, end


@lru_cache(maxsize=2048)
def _patterns(
    labels: tuple[str, ...], phrases: tuple[str, ...], kind: str
) -> tuple[tuple[re.Pattern[str], float], ...]:
    made: list[tuple[re.Pattern[str], float]] = []
    if kind == "text":
        names = "|".join(map(re.escape, labels))
        made.append((re.compile(rf"(?:{names})\s?(?:[是为叫写填:：]|就是|名叫)+\s?([^{_STOP}]{{1,60}})"), 2.5))
    for rank, phrase in enumerate(phrases):
        before, _, after = phrase.partition("{}")
        ending = _compiled(after) if after else f"(?=[{_STOP}]|$)"
        made.append((re.compile(rf"{_compiled(before)}([^{_STOP}]{{1,60}}?){ending}"), 2.2 - 0.05 * rank))
    return tuple(made)


def _compiled(words: str) -> str:
    """Words of a phrase; ``|`` parts alternatives."""
    parts = [re.escape(part) for part in words.split("|")]
    return f"(?:{'|'.join(parts)})" if words else ""
