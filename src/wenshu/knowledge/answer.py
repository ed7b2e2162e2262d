"""The extractive answer: the sentences that answer a question, word for word, or the reason why there is none."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from wenshu.knowledge.cite import Citation, Cited, Statement, attributed, cite
from wenshu.knowledge.compare import compare, compares
from wenshu.knowledge.coverage import Folded, Probe
from wenshu.knowledge.doubt import confidence, missing
from wenshu.knowledge.evidence import evidence, names_focus
from wenshu.knowledge.listing import listed
from wenshu.knowledge.lookup import look_up
from wenshu.knowledge.passage import Passage
from wenshu.knowledge.question import Question, read
from wenshu.knowledge.rank import Candidate, rank
from wenshu.knowledge.units import plain
from wenshu.zh.fold import fold
from wenshu.zh.sentences import Span, clauses, trim

__all__ = ["Answer", "Citation", "Statement", "answer"]


@dataclass(frozen=True)
class Answer(Cited):
    """An answer, or a refusal: then there are no statements and ``refusal`` says why, in Chinese."""

    statements: tuple[Statement, ...] = ()
    refusal: str | None = None
    missing: tuple[str, ...] = ()
    """What the question names and no passage does; it may be named in an answer that stands, too."""


def answer(question: str, passages: Sequence[Passage], *, told: str = "") -> Answer:
    """Answer from the passages alone: quotes with their spans, never other words; refuse when the evidence is weak.

    A QA pair whose question is the one asked is answered with its whole answer. ``told`` is what was answered before:
    nothing of it is said again. Never raises.
    """
    asked = read(question)
    passages = [passage for passage in passages if passage.text.strip()]
    if not asked.runs or not passages:
        return Answer(refusal=NOTHING_FOUND if asked.runs else NOTHING_ASKED)
    if told:
        return _more(asked, passages, told)
    if pair := _matching_pair(asked, passages):
        span = trim(pair.text, Span(0, len(pair.text)))
        return Answer((Statement(pair.text[span.start : span.end], (cite(pair, *span),)),))
    ranked = rank(asked, passages)
    if read_off := _read_off(asked, passages, ranked):
        return Answer(read_off)
    lacking = tuple(_as_written(question, gap) for gap in missing(asked, passages))
    if not ranked or _refuses(asked, question, ranked[0], lacking):
        row = bool(ranked) and ranked[0].unit.kind == "row" and compares(asked)
        return Answer(refusal=NOT_ENOUGH if row else _refusal(lacking), missing=lacking)
    return Answer(tuple(_statements(asked, _chosen(ranked))), missing=lacking)


def _more(asked: Question, passages: Sequence[Passage], told: str) -> Answer:
    """What the passages say to the question beyond what was told."""
    ranked = [one for one in rank(asked, passages) if one.text not in told]
    found = listed(asked, passages)
    items = tuple(item for item in found.statements if item.text not in told) if found else ()
    if items:
        return Answer(items)
    if not ranked or confidence(asked, ranked[0]) < 0:
        return Answer(refusal=NOTHING_MORE)
    return Answer(tuple(_statements(asked, _chosen(ranked))))


NOTHING_MORE = "关于这个问题，素材库中没有找到更多内容。"
NOTHING_ASKED = "没有看到具体的问题，请写明想了解什么。"
NOTHING_FOUND = "素材库中没有找到相关内容，无法回答。"
NOT_ENOUGH = "素材库中找到了相近的内容，但不足以回答这个问题。"

_NAME = re.compile(r"[A-Z0-9]")
_SECOND, _THIRD = 3.0, 2.0  # score margins within which another sentence is said too
_LONG = 100  # characters; a longer sentence is cut to its answering clauses
_SAME_QUESTION = 0.8  # share of pairs of characters that two questions have in common (Dice)


def _refuses(asked: Question, question: str, best: Candidate, lacking: Sequence[str]) -> bool:
    """Whether the best sentence or row is no answer.

    A row is none where the table as a whole was asked about, or where the library lacks a word of the question: rows
    are alike, and one about something else reads as an answer.
    """
    if best.unit.kind == "row" and (lacking or compares(asked)):
        return True
    unknown = _amount_of_nothing(asked, lacking) or _names_the_absent(question, lacking)
    return unknown or confidence(asked, best) < 0


def _refusal(lacking: Sequence[str]) -> str:
    return f"素材库中没有找到与“{lacking[0]}”有关的内容，无法回答。" if lacking else NOT_ENOUGH


def _amount_of_nothing(asked: Question, lacking: Sequence[str]) -> bool:
    """Whether an amount is asked of something no passage mentions: any number at hand would pass for it."""
    return asked.asks == "count" and len(asked.focus) > 1 and any(gap.endswith(asked.focus) for gap in lacking)


def _names_the_absent(question: str, lacking: Sequence[str]) -> bool:
    """Whether a number, or a foreign word that reads as a name, stands in no passage: all else would be another's.

    In a Chinese question any foreign word is a name; in an English one, those with a capital or a digit.
    """
    foreign = question.isascii()
    return any(gap.isascii() and (not foreign or _NAME.search(gap)) for gap in lacking)


def _as_written(question: str, gap: str) -> str:
    """Write a folded piece of the question as the question does (folding keeps lengths)."""
    at = fold(question).find(gap)
    return question[at : at + len(gap)] if at >= 0 else gap


def _matching_pair(asked: Question, passages: Sequence[Passage]) -> Passage | None:
    pairs = [(passage, _likeness(asked, read(passage.name))) for passage in passages if passage.kind == "qa"]
    best = max(pairs, key=lambda pair: pair[1], default=None)
    return best[0] if best and best[1] >= _SAME_QUESTION else None


def _likeness(left: Question, right: Question) -> float:
    """Dice's coefficient over the questions' terms; 0 where they differ in a number, a name or the kind asked."""
    if left.text == right.text:
        return 1.0
    words = [{run for run in q.runs if run.isascii()} for q in (left, right)]
    if words[0] != words[1] or left.asks != right.asks:
        return 0.0
    ours, theirs = Probe(left).pairs, Probe(right).pairs
    return 2 * len(ours & theirs) / (len(ours) + len(theirs)) if ours or theirs else 0.0


def _chosen(ranked: Sequence[Candidate]) -> list[Candidate]:
    """Choose the best sentence, and those too near to it to tell apart; of one passage in its order.

    Beside a row of a table only rows stand.
    """
    best = ranked[0]
    chosen = [best]
    seen = {best.text}
    others = [one for one in ranked[1:3] if best.unit.kind != "row" or one.unit.kind == "row"]
    for candidate, margin in zip(others, (_SECOND, _THIRD), strict=False):
        if best.score - candidate.score < margin and candidate.text not in seen:
            chosen.append(candidate)
            seen.add(candidate.text)
    first = {candidate.passage.key: at for at, candidate in reversed(list(enumerate(chosen)))}
    return sorted(chosen, key=lambda candidate: (first[candidate.passage.key], candidate.span.start))


def _read_off(asked: Question, passages: Sequence[Passage], ranked: Sequence[Candidate]) -> tuple[Statement, ...]:
    """What a list or table says to the question, where no sentence says as much of it."""
    found = listed(asked, passages) or compare(asked, passages) or look_up(asked, passages)
    if found is None:
        return ()
    best = ranked[0] if ranked else None
    if best and best.unit.kind == "sentence" and confidence(asked, best) >= 0:
        probe = Probe(asked)
        said = probe.share(probe.all, probe.literal(Folded(f"{best.passage.title} {best.passage.heading} {best.text}")))
        if said > found.coverage or (said == found.coverage and not found.certain):
            return ()
    return found.statements


def _statements(asked: Question, chosen: Sequence[Candidate]) -> Iterator[Statement]:
    """Quote what was chosen; neighbours on one line are one quote."""
    for line, group in groupby(chosen, key=lambda candidate: (candidate.passage.key, candidate.unit.line)):
        candidates = list(group)
        passage = candidates[0].passage
        spans = [candidate.span for candidate in candidates]
        del line
        if candidates[0].unit.kind == "row":
            yield Statement(candidates[0].text, (cite(passage, *spans[0]),))
        elif len(candidates) == 1 and len(candidates[0].text) > _LONG:
            yield _statement(passage, _cut(asked, candidates[0]))
        else:
            yield from (_statement(passage, span) for span in _joined(passage.text, spans))


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
