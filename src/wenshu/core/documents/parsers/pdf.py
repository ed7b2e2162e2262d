"""PDF by pdfium: the text of each page, its lines put together into paragraphs, bookmarks as headings."""

import itertools
import re
from collections.abc import Iterator

import pypdfium2

from wenshu.core.documents.builder import TextBuilder, clean, one_line
from wenshu.core.documents.limits import Limits
from wenshu.core.documents.lines import unwrap
from wenshu.core.documents.model import Parsed
from wenshu.core.documents.sniff import Format
from wenshu.kit.errors import ParseFailed

_PASSWORD = 4  # FPDF_ERR_PASSWORD; 5 is an unknown security handler
_SECURITY = 5
_BOOKMARKS = 5_000
_SPACES = re.compile(r"\s+")


def parse(data: bytes, limits: Limits) -> Parsed:
    """Pages count from 1; pages without text are left out. No text at all: ``empty_text``, as it is a scan."""
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        raise ParseFailed("encrypted" if error.err_code in (_PASSWORD, _SECURITY) else "corrupt") from error
    with document:
        pages = len(document)
        if pages > limits.pdf_pages:
            raise ParseFailed("too_large", f"PDF 超过 {limits.pdf_pages} 页")
        builder = TextBuilder(limits)
        headings = _bookmarks(document)
        for number in range(1, pages + 1):
            _page(builder, _lines(document, number), headings.get(number, {}), number)
        parsed = builder.build(title=_title(document), media_type=Format.PDF.media_type, pages=pages)
    if not parsed.text:
        raise ParseFailed("empty_text", "PDF 没有文字层（可能是扫描件），OCR 尚未启用")
    return parsed


def _lines(document: pypdfium2.PdfDocument, number: int) -> list[str]:
    page = document.get_page(number - 1)
    text_page = page.get_textpage()
    try:
        # U+FFFE is how pdfium writes the hyphen at a line's end.
        return clean(text_page.get_text_bounded().replace("\ufffe", "-")).split("\n")
    finally:
        text_page.close()
        page.close()


def _page(builder: TextBuilder, lines: list[str], headings: dict[str, int], number: int) -> None:
    pending: list[str] = []
    for line in lines:
        level = headings.pop(_SPACES.sub("", line), None)
        if level is None:
            pending.append(line)
            continue
        _paragraphs(builder, pending, number)
        builder.heading(line, level, number)
        pending = []
    _paragraphs(builder, pending, number)


def _paragraphs(builder: TextBuilder, lines: list[str], number: int) -> None:
    for paragraph in unwrap(lines):
        builder.paragraph(paragraph, number)


def _bookmarks(document: pypdfium2.PdfDocument) -> dict[int, dict[str, int]]:
    """Page → the bookmark's title without spaces → its level."""
    found: dict[int, dict[str, int]] = {}
    for title, level, number in itertools.islice(_outline(document), _BOOKMARKS):
        found.setdefault(number, {}).setdefault(_SPACES.sub("", title), level)
    return found


def _outline(document: pypdfium2.PdfDocument) -> Iterator[tuple[str, int, int]]:
    for bookmark in document.get_toc(max_depth=6):
        destination = bookmark.get_dest()
        index = destination.get_index() if destination else None
        if index is not None:
            yield clean(bookmark.get_title()), bookmark.level + 1, index + 1


def _title(document: pypdfium2.PdfDocument) -> str:
    return one_line(document.get_metadata_value("Title"))
