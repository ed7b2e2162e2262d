"""Plain text: a paragraph a line, or where lines are wrapped at a margin, as they belong together."""

from wenshu.core.documents.builder import TextBuilder, clean
from wenshu.core.documents.decode import decode
from wenshu.core.documents.limits import Limits
from wenshu.core.documents.lines import is_wrapped, unwrap
from wenshu.core.documents.model import Parsed
from wenshu.core.documents.sniff import Format


def parse(data: bytes, limits: Limits) -> Parsed:
    """The text by its blank lines: what stands between two is one block, with its line breaks."""
    builder = TextBuilder(limits)
    lines = clean(decode(data)).split("\n")
    wrapped = is_wrapped(lines)
    for group in _groups(lines):
        if wrapped:
            for paragraph in unwrap(group):
                builder.paragraph(paragraph)
        else:
            builder.paragraph("\n".join(group))
    return builder.build(title="", media_type=Format.TXT.media_type)


def _groups(lines: list[str]) -> list[list[str]]:
    groups: list[list[str]] = [[]]
    for line in lines:
        if line.strip():
            groups[-1].append(line)
        elif groups[-1]:
            groups.append([])
    return groups
