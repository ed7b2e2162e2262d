"""What is said with its sources: citations, statements, and the text with its ``[n]`` markers."""

from collections.abc import Sequence
from dataclasses import dataclass

from wenshu.knowledge.passage import Passage


@dataclass(frozen=True, slots=True)
class Citation:
    """The place that supports a statement. ``start`` and ``end`` are offsets in the source's whole text."""

    passage: Passage
    start: int
    end: int
    quote: str
    """Exactly the source's text from ``start`` to ``end``."""


def cite(passage: Passage, start: int, end: int) -> Citation:
    """Cite ``passage.text[start:end]`` (offsets in the passage)."""
    return Citation(passage, passage.start + start, passage.start + end, passage.text[start:end])


def attributed(quote: str, title: str) -> str:
    """Put the source's title before a quote that begins with a pronoun, where it is short enough to say."""
    if quote.startswith(PRONOUNS) and title and len(title) <= _LONGEST_TITLE and title not in quote:
        return f"{title}：{quote}"
    return quote


PRONOUNS = ("他", "她", "它", "牠", "其", "该", "此")
_LONGEST_TITLE = 20


@dataclass(frozen=True, slots=True)
class Statement:
    """A piece of text and what supports it; without citations it is ours: a heading, a connective, an open slot."""

    text: str
    citations: tuple[Citation, ...] = ()


class Cited:
    """What is made of statements. Subclasses have ``statements`` and may say what stands between two of them."""

    __slots__ = ()

    statements: tuple[Statement, ...]
    joint: str = "\n"

    @property
    def text(self) -> str:
        """Statements joined, each followed by its markers (``[1][2]``)."""
        return self.joint.join(marked(self.statements))

    def cited(self) -> list[Citation]:
        """List the first citation of each distinct passage, in the order of the markers: the n-th is ``[n]``."""
        return list(_numbered(self.statements).values())


def marked(statements: Sequence[Statement]) -> list[str]:
    """Write each statement with its markers, numbered by first use over distinct passages.

    Markers go before the blanks that end a text, and into the last cell of a table row. The list for a beginning of
    the statements is a beginning of the list: a stream may be marked as it comes.
    """
    numbers = {key: number for number, key in enumerate(_numbered(statements), 1)}
    return [_with_markers(statement, numbers) for statement in statements]


def _with_markers(statement: Statement, numbers: dict[str, int]) -> str:
    used = dict.fromkeys(numbers[citation.passage.key] for citation in statement.citations)
    markers = "".join(f"[{number}]" for number in used)
    body = statement.text.rstrip()
    blanks = statement.text[len(body) :]
    if markers and body.startswith("|") and body.endswith("|"):
        cells = body[:-1].rstrip()
        return f"{cells}{' ' if cells.endswith('|') else ''}{markers} |{blanks}"
    return f"{body}{markers}{blanks}"


def _numbered(statements: Sequence[Statement]) -> dict[str, Citation]:
    first: dict[str, Citation] = {}
    for statement in statements:
        for citation in statement.citations:
            first.setdefault(citation.passage.key, citation)
    return first
