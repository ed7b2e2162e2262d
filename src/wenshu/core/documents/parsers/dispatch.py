"""Chooses the parser for a file by its content."""

from collections.abc import Callable

from wenshu.core.documents.limits import Limits
from wenshu.core.documents.model import Parsed
from wenshu.core.documents.parsers import csv, docx, email, html, markdown, pdf, pptx, text, xlsx
from wenshu.core.documents.sniff import Format, sniff
from wenshu.kit.errors import ParseFailed

_PARSERS: dict[Format, Callable[[bytes, Limits], Parsed]] = {
    Format.PDF: pdf.parse,
    Format.DOCX: docx.parse,
    Format.PPTX: pptx.parse,
    Format.XLSX: xlsx.parse,
    Format.CSV: csv.parse,
    Format.HTML: html.parse,
    Format.MD: markdown.parse,
    Format.TXT: text.parse,
    Format.EML: email.parse,
}
_TABLES: dict[Format, Callable[[bytes, Limits], list[list[str]]]] = {Format.XLSX: xlsx.rows, Format.CSV: csv.rows}


def parse(data: bytes, name: str, limits: Limits) -> Parsed:
    """The document, never an empty one.

    Raises ParseFailed, MemoryError, or whatever a library makes of a broken file: the caller sorts those.
    """
    if len(data) > limits.file_bytes:
        raise ParseFailed("too_large")
    parsed = _PARSERS[sniff(data, name, limits)](data, limits)
    if not parsed.text.strip():
        raise ParseFailed("empty_text")
    return parsed


def rows(data: bytes, name: str, limits: Limits) -> list[list[str]]:
    """The first visible sheet of a workbook, or a CSV, row by row from row 1; cells as text. Raises as ``parse``."""
    if len(data) > limits.file_bytes:
        raise ParseFailed("too_large")
    kind = sniff(data, name, limits)
    if kind not in _TABLES:
        raise ParseFailed("unsupported", "不是表格文件（.xlsx 或 .csv）")
    return _TABLES[kind](data, limits)
