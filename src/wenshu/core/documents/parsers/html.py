"""HTML: title, headings, paragraphs, lists and tables that a reader would see; no scripts, styles or hidden parts."""

import re
from collections.abc import Iterator

from lxml import html
from lxml.etree import ElementBase, ParserError

from wenshu.core.documents.builder import TextBuilder, clean, one_line
from wenshu.core.documents.decode import decode
from wenshu.core.documents.limits import Limits
from wenshu.core.documents.model import Parsed
from wenshu.core.documents.sniff import Format
from wenshu.kit.errors import ParseFailed

_CHARSET = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9_.:-]{2,40})""", re.IGNORECASE)
_DECLARATION = re.compile(r"\A\s*<\?xml[^>]{0,500}\?>")
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_CHINESE_GAP = re.compile(r"(?<=[\u3000-\u9fff\uff00-\uffef])[ \t]*\n\s*(?=[\u3000-\u9fff\uff00-\uffef])")
# fmt: off
_SKIPPED = frozenset((
    "script", "style", "noscript", "template", "head", "svg", "math", "iframe", "object", "embed", "canvas", "audio",
    "video", "map", "select", "datalist", "nav",
))
_BLOCKS = frozenset((
    "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "dialog", "div", "dl",
    "dt", "fieldset", "figcaption", "figure", "footer", "form", "frameset", "header", "hr", "html", "legend", "li",
    "main", "menu", "ol", "p", "pre", "section", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
))
# fmt: on
_HEADINGS = {f"h{level}": level for level in range(1, 7)}


def parse(data: bytes, limits: Limits) -> Parsed:
    """The page. Its encoding is the byte order mark's, the declared one where the bytes agree, or the usual guess."""
    declared = _CHARSET.search(data[:4096])
    text = decode(data, label=declared[1].decode("ascii") if declared else None)
    builder = TextBuilder(limits)
    title = build(builder, text)
    parsed = builder.build(title=title, media_type=Format.HTML.media_type)
    first = next((parsed.text_of(block) for block in parsed.headings), "")
    return parsed if parsed.title else builder.build(title=first, media_type=parsed.media_type)


def build(builder: TextBuilder, text: str) -> str:
    """Adds the page's blocks; returns its title, which may be empty."""
    source = _DECLARATION.sub("", clean(text)).strip()
    if not source:
        return ""
    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True)
    try:
        root = html.document_fromstring(source.encode(), parser=parser)
    except ParserError:  # comments only
        return ""
    # Whatever is wrong with a page is put up with, but past its limit of depth the parser drops the rest of the text.
    if len(parser.error_log.filter_from_fatals()):
        raise ParseFailed("too_large", "网页嵌套过深")
    title = root.find(".//title")
    _Walker(builder).walk(root)
    return one_line(title.text or "") if title is not None else ""


class _Walker:
    """Goes through the tree without recursion: pages nest as deep as they like."""

    def __init__(self, builder: TextBuilder) -> None:
        self._builder = builder
        self._inline: list[str] = []
        self._items = 0  # list items that are open
        self._heading = 0

    def walk(self, root: ElementBase) -> None:
        stack: list[tuple[ElementBase, Iterator[ElementBase]]] = []
        self._enter(root)
        stack.append((root, iter(root)))
        while stack:
            element, children = stack[-1]
            child = next(children, None)
            if child is None:
                stack.pop()
                self._leave(element)
                self._inline.append(element.tail or "" if stack else "")
            elif self._whole(child):
                self._inline.append(child.tail or "")
            else:
                self._enter(child)
                stack.append((child, iter(child)))
        self._flush()

    def _whole(self, element: ElementBase) -> bool:
        """Takes or drops an element at once where its children are not to be walked."""
        tag = element.tag
        if tag in _SKIPPED or element.get("hidden") is not None or _HIDDEN.search(element.get("style", "")):
            return True
        if tag == "pre":
            self._flush()
            self._builder.paragraph(_all_text(element).strip("\n"))
            return True
        # A table that holds a table is the layout of a page, not data.
        if tag == "table" and next(element.iterdescendants("table", "h1", "h2", "h3", "form"), None) is None:
            self._flush()
            self._builder.table(_rows(element))
            return True
        return False

    def _enter(self, element: ElementBase) -> None:
        tag = element.tag
        if tag in _HEADINGS or tag in _BLOCKS:
            self._flush()
        self._heading = _HEADINGS.get(tag, self._heading)
        self._items += tag == "li"
        if tag == "br":
            self._inline.append("\u2028")  # kept apart from the line breaks of the source, which mean nothing
        self._inline.append(element.text or "")

    def _leave(self, element: ElementBase) -> None:
        tag = element.tag
        if tag in _HEADINGS or tag in _BLOCKS:
            self._flush()
        if tag in _HEADINGS:
            self._heading = 0
        self._items -= tag == "li"

    def _flush(self) -> None:
        if not self._inline:
            return
        text = _collapse("".join(self._inline))
        self._inline = []
        if self._heading:
            self._builder.heading(text, self._heading)
        elif self._items:
            self._builder.item(text, self._items - 1)
        else:
            self._builder.paragraph(text)


def _collapse(text: str) -> str:
    lines = _CHINESE_GAP.sub("", text).split("\u2028")
    return "\n".join(" ".join(line.split()) for line in lines).strip()


def _all_text(element: ElementBase) -> str:
    return "".join(element.itertext())


def _rows(table: ElementBase) -> Iterator[list[str]]:
    """Rows of cells; a cell that spans rows says the same in each, one that spans columns is followed by blanks."""
    below: dict[int, tuple[int, str]] = {}
    for row in table.iterdescendants("tr"):
        cells: list[str] = []
        for cell in row.iterchildren("td", "th"):
            _fill(cells, below)
            text = _collapse(_visible_text(cell))
            rows = _span(cell, "rowspan")
            if rows > 1:
                below[len(cells)] = (rows - 1, text)
            cells += [text, *[""] * (_span(cell, "colspan") - 1)]
        _fill(cells, below)
        yield cells


def _fill(cells: list[str], below: dict[int, tuple[int, str]]) -> None:
    while len(cells) in below:
        left, text = below.pop(len(cells))
        if left > 1:
            below[len(cells)] = (left - 1, text)
        cells.append(text)


def _visible_text(cell: ElementBase) -> str:
    pieces: list[str] = []
    for node in cell.iter():
        above = node.getparent()
        shown = node.tag not in _SKIPPED
        pieces.append((node.text or "") if shown else "")
        if node.tag in ("br", "p", "div", "li"):
            pieces.append(" ")
        if node is not cell and above is not None:
            pieces.append(node.tail or "")
    return "".join(pieces)


def _span(cell: ElementBase, name: str) -> int:
    value = cell.get(name, "1").strip()
    return min(int(value), 200) if value.isascii() and value.isdigit() and int(value) else 1
