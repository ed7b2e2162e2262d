"""Markdown: the source is the text; its headings, lists, tables and paragraphs are found line by line."""

import re
from dataclasses import dataclass

from wenshu.core.documents.builder import clean
from wenshu.core.documents.decode import decode
from wenshu.core.documents.limits import Limits
from wenshu.core.documents.model import Block, BlockKind, Parsed
from wenshu.core.documents.sniff import Format
from wenshu.kit.errors import ParseFailed

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(?:[^\n]*\n){0,100}?---[ \t]*(?:\n|\Z)")
_TITLE = re.compile(r"^title:[ \t]*[\"']?([^\n]*?)[\"']?[ \t]*$", re.MULTILINE)
_FENCE = re.compile(r" {0,3}(```+|~~~+)")
_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(?=\S)|(?=[^\s#!/\d]))")
_ITEM = re.compile(r"([ \t]*)(?:[-*+]|\d{1,9}[.)])[ \t]+\S")


def parse(data: bytes, limits: Limits) -> Parsed:
    """The source unchanged but for line breaks, front matter left out. The title is its ``title`` or first heading."""
    text = clean(decode(data))
    front = _FRONT_MATTER.match(text)
    named = _TITLE.search(front[0]) if front else None
    text = text[front.end() :] if front else text
    blocks = scan(text)
    if len(text) > limits.characters or len(blocks) > limits.blocks:
        raise ParseFailed("too_large", "文件中的文字过多")
    parsed = Parsed(text, tuple(blocks), "", Format.MD.media_type)
    title = named[1] if named else next((parsed.text_of(block) for block in parsed.headings), "")
    return Parsed(text, parsed.blocks, title, parsed.media_type)


def scan(text: str) -> list[Block]:
    """The blocks of Markdown text; fenced code is a paragraph."""
    scanner = _Scanner()
    at = 0
    for line in text.split("\n"):
        scanner.line(line, at)
        at += len(line) + 1
    scanner.close()
    return scanner.blocks


@dataclass(slots=True)
class _Open:
    kind: BlockKind
    start: int
    end: int
    level: int


class _Scanner:
    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self._open: _Open | None = None
        self._fence = ""

    def line(self, line: str, at: int) -> None:
        end = at + len(line.rstrip())
        start = at + len(line) - len(line.lstrip())
        fence = _FENCE.match(line)
        if self._fence or fence:
            self._code(fence[1] if fence else "", start, end)
        elif start >= end:
            self.close()
        elif heading := _HEADING.match(line):
            self.close()
            self._extend("heading", start, end, len(heading[1]))
            self.close()
        elif line.lstrip().startswith("|"):
            self._extend("table", start, end)
        elif item := _ITEM.match(line):
            self.close()
            self._extend("list", start, end, len(item[1].expandtabs(4)) // 2)
        elif self._open and self._open.kind == "list":
            self._extend("list", start, end, self._open.level)  # a lazy continuation line
        else:
            self._extend("paragraph", start, end)

    def close(self) -> None:
        if self._open:
            self.blocks.append(Block(self._open.kind, self._open.start, self._open.end, self._open.level))
        self._open = None

    def _code(self, mark: str, start: int, end: int) -> None:
        if not self._fence:
            self.close()
            self._fence = mark
        elif mark.startswith(self._fence):
            self._fence = ""
        if start < end:
            self._extend("paragraph", start, end)
        if not self._fence:
            self.close()

    def _extend(self, kind: BlockKind, start: int, end: int, level: int = 0) -> None:
        if self._open and (self._open.kind, self._open.level) != (kind, level):
            self.close()
        if self._open:
            self._open.end = end
        else:
            self._open = _Open(kind, start, end, level)
