"""Where Chinese (and mixed English) text falls into sentences and clauses, by offsets that tile it."""

import re
from typing import NamedTuple


class Span(NamedTuple):
    """Character offsets ``[start, end)`` in the text that was split."""

    start: int
    end: int


def split(text: str) -> list[Span]:
    """Split ``text`` into sentences: contiguous spans from 0 to its length, none empty.

    A sentence ends after 。！？；!?;…, after an English full stop, and at a line's end; closing quotes and brackets
    and the blanks that follow belong to it. It does not end at decimals, abbreviations, list markers, marks inside
    names and addresses, inside a short pair of brackets, or within a row of a table.
    """
    spans: list[Span] = []
    begin = 0
    for line in _LINE.finditer(text):
        for end in _ends(text, line.start(), line.end()):
            if text[begin:end].strip() or not spans:
                spans.append(Span(begin, end))
            else:  # a blank line belongs to the sentence before it
                spans[-1] = Span(spans[-1].start, end)
            begin = end
    return spans


def clauses(text: str, sentence: Span) -> list[Span]:
    """Split one sentence into clauses, after ，；、 and the like; they tile the sentence.

    It is not cut inside brackets or quotation marks, between digits (``1,000``), or in an address (``a.cn/x,y``).
    """
    shelter = _sheltered(text, sentence.start, sentence.end, _PAIRS | _QUOTES)
    spans: list[Span] = []
    begin = sentence.start
    for mark in _CLAUSE_END.finditer(text, sentence.start, sentence.end):
        if mark.start() in shelter or mark.end() >= sentence.end or _inside_word(text, mark):
            continue
        spans.append(Span(begin, mark.end()))
        begin = mark.end()
    spans.append(Span(begin, sentence.end))
    return spans


def trim(text: str, span: Span) -> Span:
    """Give ``span`` without the blanks at its two ends; an all-blank span becomes empty at its start."""
    start, end = span
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return Span(start, end)


_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_ROW = re.compile(r"\s*\|.*\|\s*$|[^\t\n]*\t[^\t\n]*\t")
_END = re.compile(r"[。！？；…!?;.]+")
_CLAUSE_END = re.compile(r"[，；、;,][，；、;,\s]*")
_CLOSER = "”’」』）)】》〉〕]"
_STRAIGHT_QUOTE = re.compile('"')
_QUOTE_END = "”’」』"
_GOES_ON = "，、；：,的是等之为与和及了著着"
_PAIRS = {"（": "）", "(": ")", "《": "》", "〈": "〉", "【": "】", "〔": "〕", "[": "]"}
_QUOTES = {"“": "”", "‘": "’", "「": "」", "『": "』"}
_LONGEST_SHELTER = 120
_ABBREVIATION = re.compile(
    r"(?:^|[^A-Za-z])(?:[A-Za-z]|Mr|Mrs|Ms|Dr|Prof|St|vs|etc|No|Nos|Fig|Vol|Inc|Ltd|Co|Corp|Jr|Sr|Jan|Feb|Mar|Apr|Jun|Jul"
    r"|Aug|Sep|Sept|Oct|Nov|Dec|e\.g|i\.e|U\.S|a\.m|p\.m|al|ed|pp?)$"
)
_LIST_MARKER = re.compile(r"(?:^|[\s。；])\s*[（(]?(?:\d{1,3}|[A-Za-z]|[一二三四五六七八九十]{1,3})$")


def _ends(text: str, start: int, stop: int) -> list[int]:
    """List where sentences end in the line ``text[start:stop]``; the last is always ``stop``."""
    if _ROW.match(text, start, stop):
        return [stop]
    shelter = _sheltered(text, start, stop, _PAIRS)
    closing = {mark.start() for mark in list(_STRAIGHT_QUOTE.finditer(text, start, stop))[1::2]}
    ends: list[int] = []
    for mark in _END.finditer(text, start, stop):
        if mark.start() in shelter or not _is_end(text, mark, start, stop):
            continue
        end = mark.end()
        while end < stop and (text[end] in _CLOSER or end in closing):
            end += 1
        if mark.end() < end < stop and text[end - 1] in _QUOTE_END and text[end] in _GOES_ON:
            continue
        while end < stop and text[end].isspace():
            end += 1
        if end < stop:
            ends.append(end)
    return [*ends, stop]


def _is_end(text: str, mark: re.Match[str], start: int, stop: int) -> bool:
    marks, end = mark.group(), mark.end()
    if any(char in "。！？；…" for char in marks):
        return True
    following = text[end] if end < stop else " "
    if marks[-1] != ".":  # half-width ! ? ; : inside an address or code a letter or digit follows
        return not (following.isascii() and (following.isalnum() or following in "=&/%_-"))
    if not (following.isspace() or following in _CLOSER):
        return False
    if len(marks) > 1:
        return True
    before = text[max(start, mark.start() - 12) : mark.start()]
    at_line_start = mark.start() - start <= 12
    if _LIST_MARKER.search(before if at_line_start else "x" + before):
        return False
    return not _ABBREVIATION.search(before)


def _inside_word(text: str, mark: re.Match[str]) -> bool:
    """Whether the comma belongs to a number, or without a blank to a word of another script."""
    at = mark.start()
    while at > 0 and text[at - 1].isspace():
        at -= 1
    before, after = text[at - 1 : at], text[mark.end() : mark.end() + 1]
    if before.isdigit() and after.isdigit():
        return True
    return (
        at == mark.start()
        and mark.group() in {",", ";"}
        and before.isascii()
        and before.isalnum()
        and after.isascii()
        and after.isalnum()
    )


def _sheltered(text: str, start: int, stop: int, pairs: dict[str, str]) -> set[int]:
    """Find the offsets inside a matched pair of brackets (``pairs``) of at most 120 characters."""
    inside: set[int] = set()
    open_at: list[tuple[str, int]] = []
    for offset in range(start, stop):
        char = text[offset]
        if char in pairs:
            open_at.append((pairs[char], offset))
        elif open_at and any(closer == char for closer, _ in open_at[-4:]):
            while open_at[-1][0] != char:
                open_at.pop()
            begin = open_at.pop()[1]
            if offset - begin <= _LONGEST_SHELTER and not _own_sentence(text, begin, start):
                inside.update(range(begin, offset))
    return inside


def _own_sentence(text: str, bracket: int, start: int) -> bool:
    """Whether the bracket opens a sentence of its own, as a note after a full stop does."""
    before = text[max(start, bracket - 3) : bracket].rstrip()
    return not before or before[-1] in "。！？；"
