"""What a parsed document is: one readable text, and blocks that say what stands where in it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, cast

import orjson

BlockKind = Literal["heading", "paragraph", "list", "table"]
_KINDS: tuple[BlockKind, ...] = ("heading", "paragraph", "list", "table")
_SLICE = 1_000_000


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch ``[start, end)`` of the text, in characters.

    ``level`` is 1 … 6 for a heading, the depth from 0 for a list, 0 otherwise; ``page`` counts from 1 and is None
    where the format has no pages.
    """

    kind: BlockKind
    start: int
    end: int
    level: int = 0
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Parsed:
    """A document as Markdown-like text; ``blocks`` are in order, do not overlap and point into ``text``.

    Headings stand as ``# …``, list items as ``- …``, tables as Markdown rows (one line each, the first being the
    header, then ``| --- |``). ``pages`` is the number of pages, slides or None; ``title`` may be empty.
    """

    text: str
    blocks: tuple[Block, ...]
    title: str
    media_type: str
    pages: int | None = None

    def text_of(self, block: Block) -> str:
        """The block as it stands in the text, a heading without its ``#`` marks."""
        text = self.text[block.start : block.end]
        return text[block.level :].strip() if block.kind == "heading" else text

    @property
    def headings(self) -> tuple[Block, ...]:
        """The headings alone."""
        return tuple(block for block in self.blocks if block.kind == "heading")


def structure(parsed: Parsed) -> str:
    """All of a document but its text, as a line of JSON, to be kept beside the text."""
    rows = [
        value
        for block in parsed.blocks
        for value in (_KINDS.index(block.kind), block.start, block.end, block.level, block.page or 0)
    ]
    return orjson.dumps([rows, parsed.title, parsed.media_type, parsed.pages]).decode()


def restore(text: str, line: str | bytes | memoryview) -> Parsed:
    """The document of a text and its ``structure``; ValueError for anything else."""
    rows, title, media_type, pages = cast("list[object]", orjson.loads(line))
    if not (isinstance(title, str) and isinstance(media_type, str) and isinstance(pages, int | None)):
        raise ValueError("not a parsed document")  # noqa: TRY004 - the data is wrong, not the caller
    if not isinstance(rows, list):
        raise ValueError("not a parsed document")  # noqa: TRY004 - as above
    return Parsed(text, tuple(_blocks(cast("list[object]", rows), len(text))), title, media_type, pages)


def dump(parsed: Parsed) -> Iterator[bytes]:
    """A document in pieces of bytes, to cross a process: a line of JSON, then the text as UTF-8."""
    yield structure(parsed).encode()
    yield b"\n"
    # Slices: at its limit of memory a process has no room for a second copy of the text.
    for start in range(0, len(parsed.text), _SLICE):
        yield parsed.text[start : start + _SLICE].encode()


def load(data: bytes) -> Parsed:
    """What ``dump`` wrote; ValueError for anything else, as the other process may have been subverted."""
    line = data.find(b"\n")
    return restore(str(memoryview(data)[line + 1 :], "utf-8"), data[: max(0, line)])


def _blocks(numbers: list[object], length: int) -> list[Block]:
    blocks: list[Block] = []
    before = 0
    for at in range(0, len(numbers), 5):
        match numbers[at : at + 5]:
            case [int(kind), int(start), int(end), int(level), int(page)] if before <= start < end <= length:
                blocks.append(Block(_KINDS[kind], start, end, level, page or None))
                before = end
            case _:
                raise ValueError("not a block inside the text")
    return blocks
