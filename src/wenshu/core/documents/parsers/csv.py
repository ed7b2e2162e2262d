"""CSV and its relatives, as one table."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator

from wenshu.core.documents.builder import TextBuilder
from wenshu.core.documents.decode import decode
from wenshu.core.documents.limits import Limits
from wenshu.core.documents.model import Parsed
from wenshu.core.documents.sniff import Format
from wenshu.kit.errors import ParseFailed

_LINE = re.compile(r"[^\r\n]+")
_QUOTED = re.compile(r'"[^"]*"')
_FIELD_CHARACTERS = 1_000_000


def parse(data: bytes, limits: Limits) -> Parsed:
    """One table, its first row being the header; cells as written. The separator is the one the first lines use."""
    builder = TextBuilder(limits)
    try:
        builder.table(_reader(data))
    except csv.Error as error:
        raise ParseFailed("corrupt", "CSV 的单元格过长") from error
    return builder.build(title="", media_type=Format.CSV.media_type)


def rows(data: bytes, limits: Limits) -> list[list[str]]:
    """All rows, blank ones included, cells as written."""
    del limits  # cells are no longer than the file, which is limited
    try:
        return list(_reader(data))
    except csv.Error as error:
        raise ParseFailed("corrupt", "CSV 的单元格过长") from error


def _reader(data: bytes) -> Iterator[list[str]]:
    text = decode(data)
    csv.field_size_limit(_FIELD_CHARACTERS)
    return csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))


def _delimiter(text: str) -> str:
    lines = [_QUOTED.sub("", match[0][:10_000]) for match, _ in zip(_LINE.finditer(text), range(20), strict=False)]
    # A separator stands in every row alike; commas inside prose do not.
    counts = {mark: Counter(line.count(mark) for line in lines) for mark in ",\t;|"}
    usual = {mark: count.most_common(1)[0] for mark, count in counts.items() if lines}
    likely = [(times, columns, mark) for mark, (columns, times) in usual.items() if columns]
    return max(likely, key=lambda each: each[:2])[2] if likely else ","
