"""DOCX: body in order (headings by style or outline level, lists, tables), text boxes after their paragraph."""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

import docx
from lxml.etree import ElementBase

from wenshu.core.documents.archive import check_contents, open_archive
from wenshu.core.documents.builder import TextBuilder, one_line
from wenshu.core.documents.limits import Limits
from wenshu.core.documents.model import Parsed
from wenshu.core.documents.sniff import Format

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_VAL = f"{_W}val"
# The old text of tracked changes, properties (whose tab stops look like tabs), and what is read elsewhere.
_SKIPPED = frozenset({_FALLBACK, f"{_W}del", f"{_W}moveFrom", f"{_W}pPr", f"{_W}rPr", f"{_W}txbxContent"})
_CHARACTERS = {
    f"{_W}tab": "\t",
    f"{_W}br": "\n",
    f"{_W}cr": "\n",
    f"{_W}noBreakHyphen": "-",
}
_HEADING_NAME = re.compile(r"(?:heading|标题)\s*([1-9])", re.IGNORECASE)
_TITLE_NAME = re.compile(r"title|标题", re.IGNORECASE)
_CONTENTS_NAME = re.compile(r"toc\s*\d|table of figures", re.IGNORECASE)
_BODY_LEVEL = 9


@dataclass(frozen=True, slots=True)
class _Style:
    name: str = ""
    level: int | None = None
    listed: bool = False


_PLAIN = _Style()


def parse(data: bytes, limits: Limits) -> Parsed:
    """Pages are not known (Word makes them when it shows the file). Tables of contents are left out."""
    with open_archive(data, limits) as archive:
        check_contents(archive, limits)
    document = docx.Document(io.BytesIO(data))
    reader = _Reader(TextBuilder(limits), _styles(document.styles.element))
    reader.blocks(document.element)
    title = reader.title or one_line(document.core_properties.title or "") or reader.first_heading
    return reader.builder.build(title=title, media_type=Format.DOCX.media_type)


class _Reader:
    def __init__(self, builder: TextBuilder, styles: dict[str, _Style]) -> None:
        self.builder = builder
        self.title = ""
        self.first_heading = ""
        self._styles = styles

    def blocks(self, parent: ElementBase) -> None:
        for child in parent:
            if child.tag == f"{_W}p":
                self._paragraph(child)
                for box in _boxes(child):
                    self.blocks(box)
            elif child.tag == f"{_W}tbl":
                self.builder.table(_rows(child))
            elif child.tag not in _SKIPPED:
                self.blocks(child)  # content controls and tracked insertions wrap blocks

    def _paragraph(self, paragraph: ElementBase) -> None:
        text = _text(paragraph)
        style = self._styles.get(_value(paragraph, f"{_W}pPr/{_W}pStyle") or "", _PLAIN)
        if not text.strip() or _CONTENTS_NAME.fullmatch(style.name):
            return
        level = _number(paragraph, f"{_W}pPr/{_W}outlineLvl", style.level)
        if _TITLE_NAME.fullmatch(style.name):
            self.title = self.title or one_line(text)
            level = 0
        if level is not None and level < _BODY_LEVEL:
            self.first_heading = self.first_heading or one_line(text)
            self.builder.heading(text, level + 1)
        elif _number(paragraph, f"{_W}pPr/{_W}numPr/{_W}numId", int(style.listed)):
            self.builder.item(text, _number(paragraph, f"{_W}pPr/{_W}numPr/{_W}ilvl", 0) or 0)
        else:
            self.builder.paragraph(text)


def _styles(root: ElementBase) -> dict[str, _Style]:
    elements = {style.get(f"{_W}styleId", ""): style for style in root.iterchildren(f"{_W}style")}
    return {identifier: _style(style, elements) for identifier, style in elements.items()}


def _style(style: ElementBase, elements: dict[str, ElementBase]) -> _Style:
    """The style with what it inherits; the chain is cut where a broken file makes it a ring."""
    name = _value(style, f"{_W}name") or ""
    level: int | None = None
    listed = False
    current: ElementBase | None = style
    for _ in range(16):
        if current is None:
            break
        named = _HEADING_NAME.fullmatch(_value(current, f"{_W}name") or "")
        level = int(named[1]) - 1 if named and level is None else level
        level = _number(current, f"{_W}pPr/{_W}outlineLvl", None) if level is None else level
        listed = listed or bool(_number(current, f"{_W}pPr/{_W}numPr/{_W}numId", 0))
        current = elements.get(_value(current, f"{_W}basedOn") or "")
    return _Style(name, level, listed)


def _value(element: ElementBase, path: str) -> str | None:
    found = element.find(path)
    return None if found is None else found.get(_VAL)


def _number(element: ElementBase, path: str, default: int | None) -> int | None:
    value = _value(element, path)
    return int(value) if value is not None and value.isascii() and value.isdigit() else default


def _text(element: ElementBase) -> str:
    return "".join(_pieces(element))


def _pieces(element: ElementBase) -> Iterator[str]:
    for child in element:
        if child.tag == f"{_W}t":
            yield child.text or ""
        elif child.tag in _CHARACTERS:
            yield _CHARACTERS[child.tag]
        elif child.tag not in _SKIPPED:
            yield from _pieces(child)


def _boxes(paragraph: ElementBase) -> Iterator[ElementBase]:
    for box in paragraph.iter(f"{_W}txbxContent"):
        # The fallback is the same box again, for older programs; boxes in boxes come with the outer one.
        if not any(above.tag in (_FALLBACK, f"{_W}txbxContent") for above in _between(box, paragraph)):
            yield box


def _between(element: ElementBase, top: ElementBase) -> Iterator[ElementBase]:
    above = element.getparent()
    while above is not None and above is not top:
        yield above
        above = above.getparent()


def _rows(table: ElementBase) -> Iterator[list[str]]:
    """Cells by grid column; a cell merged downwards says the same in each of its rows, so that a row stands alone."""
    above: dict[int, str] = {}
    for row in _children(table, f"{_W}tr"):
        cells: list[str] = []
        for cell in _children(row, f"{_W}tc"):
            merge = cell.find(f"{_W}tcPr/{_W}vMerge")
            continued = merge is not None and merge.get(_VAL, "continue") == "continue"
            text = above.get(len(cells), "") if continued else _cell(cell)
            above[len(cells)] = text
            span = min(_number(cell, f"{_W}tcPr/{_W}gridSpan", 1) or 1, 63)  # Word's own maximum of columns
            cells += [text, *[""] * (span - 1)]
        yield cells


def _children(element: ElementBase, tag: str) -> Iterator[ElementBase]:
    """Children of that tag, through the content controls that may wrap them."""
    for child in element:
        if child.tag == tag:
            yield child
        elif child.tag in (f"{_W}sdt", f"{_W}sdtContent", f"{_W}ins", f"{_W}customXml"):
            yield from _children(child, tag)


def _cell(cell: ElementBase) -> str:
    return " ".join(filter(None, (_text(paragraph).strip() for paragraph in cell.iter(f"{_W}p"))))
