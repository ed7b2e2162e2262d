"""Plain text: a paragraph a line, or where lines are wrapped at a margin, as they belong together."""

import itertools
import re
from collections.abc import Iterator

from wenshu.core.documents.builder import TextBuilder, clean
from wenshu.core.documents.decode import decode
from wenshu.core.documents.limits import Limits
from wenshu.core.documents.lines import is_wrapped, unwrap
from wenshu.core.documents.model import Parsed
from wenshu.core.documents.sniff import Format

_BLANK_LINES = re.compile(r"\n[^\S\n]*\n\s*")
_LINE = re.compile(r"[^\n]+")
_SAMPLE_LINES = 2_000


def parse(data: bytes, limits: Limits) -> Parsed:
    """The text by its blank lines: what stands between two is one block, with its line breaks."""
    builder = TextBuilder(limits)
    text = clean(decode(data))
    sample = [match[0] for match in itertools.islice(_LINE.finditer(text), _SAMPLE_LINES)]
    wrapped = is_wrapped(sample)
    for group in _groups(text):
        for paragraph in unwrap(group.split("\n")) if wrapped else [group]:
            builder.paragraph(paragraph)
    return builder.build(title="", media_type=Format.TXT.media_type)


def _groups(text: str) -> Iterator[str]:
    at = 0
    for blank in _BLANK_LINES.finditer(text):
        yield text[at : blank.start()]
        at = blank.end()
    yield text[at:]
