"""How an answer says what was found: sentences word for word, of a long one the clauses that answer, rows in words."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from wenshu.knowledge.cite import Statement, attributed, cite
from wenshu.knowledge.columns import chosen_columns
from wenshu.knowledge.coverage import Folded, Probe
from wenshu.knowledge.evidence import evidence, names_focus
from wenshu.knowledge.passage import Passage
from wenshu.knowledge.question import Question
from wenshu.knowledge.rank import Candidate
from wenshu.knowledge.units import in_words, plain
from wenshu.zh.sentences import Span, clauses, trim


def statements(asked: Question, chosen: Sequence[Candidate]) -> Iterator[Statement]:
    """Quote what was chosen; neighbours on one line are one quote, a pair's answer is said whole."""
    paired: set[str] = set()
    for (key, _), group in groupby(chosen, key=lambda candidate: (candidate.passage.key, candidate.unit.line)):
        candidates = list(group)
        passage, first = candidates[0].passage, candidates[0]
        if passage.kind == "qa" and len(passage.text) <= _LONGEST_PAIR:
            if key not in paired:
                paired.add(key)
                yield whole_pair(passage)
        elif first.unit.row:
            said = in_words(first.unit.row, chosen_columns(asked, first.unit.row))
            yield Statement(said, (cite(passage, *first.span),))
        elif len(candidates) == 1:
            yield _statement(passage, _fitting(asked, first))
        else:
            spans = _joined(passage.text, [candidate.span for candidate in candidates])
            yield from (_statement(passage, span) for span in spans)


def whole_pair(pair: Passage) -> Statement:
    """A pair's whole answer."""
    span = trim(pair.text, Span(0, len(pair.text)))
    return Statement(pair.text[span.start : span.end], (cite(pair, *span),))


_LONG = 100  # characters; a longer sentence is cut to its answering clauses
_LONGEST_WHOLE = 140  # characters up to which a sentence is said to its full stop, across semicolons
_LONGEST_PAIR = 300


def _fitting(asked: Question, candidate: Candidate) -> Span:
    """The sentence to its full stop where that is short enough; else as it is, or cut."""
    span = candidate.span
    if span.end - span.start > _LONG:
        return _cut(asked, candidate)
    text, line = candidate.passage.text, candidate.unit.line
    start, end = span
    if text[end - 1] in _GOES_ON:
        stop = next((at + 1 for at in range(end, line.end) if text[at] in _ENDS), line.end)
        end = stop if stop - start <= _LONGEST_WHOLE else end
    return trim(text, Span(start, end))


_GOES_ON = "；;：:"
_ENDS = "。！？"


def _joined(text: str, spans: Sequence[Span]) -> list[Span]:
    """Join sentences of a line with nothing but blanks between them."""
    joined: list[Span] = []
    for span in spans:
        if joined and not text[joined[-1].end : span.start].strip():
            joined[-1] = Span(joined[-1].start, span.end)
        else:
            joined.append(span)
    return joined


def _statement(passage: Passage, span: Span) -> Statement:
    quote = plain(passage.text[span.start : span.end])
    return Statement(attributed(quote, passage.title), (cite(passage, *span),))


def _cut(asked: Question, candidate: Candidate) -> Span:
    """Choose the run of clauses, at most ``_LONG`` characters, that says most of the question and what it asks for."""
    text = candidate.passage.text
    pieces = clauses(text, candidate.span)
    probe = Probe(asked)
    worth = [_worth(probe, text[piece.start : piece.end]) for piece in pieces]
    best, window = -1.0, (0, 0)
    for first in range(len(pieces)):
        total = 0.0
        for last in range(first, len(pieces)):
            size = pieces[last].end - pieces[first].start
            if size > _LONG and last > first:
                break
            total += worth[last]
            if total - 0.004 * size > best:
                best, window = total - 0.004 * size, (first, last)
    first, last = _widened(pieces, *window)
    span = trim(text, Span(pieces[first].start, pieces[last].end))
    return Span(span.start, _without_comma(text, span))


def _worth(probe: Probe, clause: str) -> float:
    folded = Folded(clause)
    asked = probe.question
    held = 1.5 * evidence(asked, folded.text) + 0.5 * names_focus(asked, folded.text)
    return probe.weight(probe.covered(folded)) + held


def _widened(pieces: Sequence[Span], first: int, last: int) -> tuple[int, int]:
    """Add as many clauses to the right, then to the left, as still fit."""
    while last + 1 < len(pieces) and pieces[last + 1].end - pieces[first].start <= _LONG:
        last += 1
    while first > 0 and pieces[last].end - pieces[first - 1].start <= _LONG:
        first -= 1
    return first, last


def _without_comma(text: str, span: Span) -> int:
    return span.end - 1 if text[span.end - 1] in "，,、；;" and span.end - span.start > 1 else span.end
