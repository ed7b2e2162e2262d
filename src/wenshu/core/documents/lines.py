"""Lines that only the width of a page broke, put together again: a sentence must not end where a line does."""

import itertools
import re
import unicodedata
from collections.abc import Sequence

_FULL = 0.85  # share of the widest line from which on a line may have been broken by the margin
_NARROWEST, _WIDEST = 40, 160  # columns: narrower is a list of names or figures, wider was never wrapped
_ENDS = re.compile(r"[。！？；：…!?;:.]['\"”’」』）)】》]*$")
_STARTS_NEW = re.compile(
    r"\s|[-*+•·●■◆○▪–—]\s?|#{1,6} |\||>|\(?\d{1,3}[.)、．）]|[（(]?[一二三四五六七八九十]{1,3}[）)、．.]"
    r"|第[\d一二三四五六七八九十百]{1,4}[章节条编部篇]"
)


def unwrap(lines: Sequence[str]) -> list[str]:
    """Paragraphs, each one line, without blank ones.

    A line is joined to the next where it nearly fills the width, does not end like a sentence, and the next does not
    begin like an item or an indented paragraph. Two Chinese characters meet without a space.
    """
    widths = [_columns(line) for line in lines]
    widest = max(widths, default=0)
    full = widest * _FULL if _NARROWEST <= widest <= _WIDEST else float("inf")
    paragraphs: list[list[str]] = []
    joining = False
    for line, width in zip(lines, widths, strict=True):
        text = line.strip()
        if not text:
            joining = False
            continue
        if joining and not _STARTS_NEW.match(line):
            paragraphs[-1].append(text)
        else:
            paragraphs.append([text])
        joining = width >= full and not _ENDS.search(text)
    return [_join(parts) for parts in paragraphs]


def is_wrapped(lines: Sequence[str]) -> bool:
    """Whether most lines of a text file end at its margin, and not where its paragraphs do."""
    widths = [_columns(line) for line in lines if line.strip()]
    widest = max(widths, default=0)
    return _NARROWEST <= widest <= _WIDEST and sum(width >= widest * _FULL for width in widths) * 2 >= len(widths) > 2


def _columns(line: str) -> int:
    if line.isascii():
        return len(line.rstrip())
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in line.rstrip())


def _join(parts: Sequence[str]) -> str:
    text = [parts[0]]
    for before, after in itertools.pairwise(parts):
        spaced = before[-1].isascii() or after[0].isascii()
        if before[-1] == "-" and len(before) > 1 and before[-2].isalpha() and after[0].islower():
            text[-1] = text[-1][:-1]
            spaced = False
        text.append(f" {after}" if spaced else after)
    return "".join(text)
