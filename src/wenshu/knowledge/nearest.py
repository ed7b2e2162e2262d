"""The nearest passages: what a refusal shows in place of an answer, so that its reader can judge for himself."""

from collections.abc import Sequence
from typing import Any

from wenshu.knowledge.coverage import folded
from wenshu.knowledge.match import Matcher
from wenshu.knowledge.passage import Passage
from wenshu.knowledge.question import Question
from wenshu.knowledge.rank import rank
from wenshu.zh.sentences import Span

NOT_AN_ANSWER = "以下是最接近的段落，不是回答"
MOST = 3
LONGEST = 160
"""Characters of what is shown of a passage."""


def nearest(asked: Question, passages: Sequence[Passage]) -> list[dict[str, Any]]:
    """At most ``MOST`` passages that have to do with the question, the nearest first, as plain data.

    Of each the sentence that comes nearest, with what stands around it; ``start`` and ``end`` are its place in the
    source's whole text. What says next to nothing of the question is left out: then there may be none.
    """
    matcher = Matcher(asked)
    likely = sorted(passages, key=lambda passage: -passage.score)
    told = [_shown(asked, passage) for passage in likely[: 2 * MOST] if _is_near(matcher, passage)]
    return list({(one["name"], one["text"]): one for one in reversed(told)}.values())[::-1][:MOST]


_LEAST = 0.25
"""The share of the question, by what its characters tell."""


def _is_near(matcher: Matcher, passage: Passage) -> bool:
    return matcher.share(matcher.said(folded(f"{passage.title} {passage.heading} {passage.text}")).meant) >= _LEAST


def _shown(asked: Question, passage: Passage) -> dict[str, Any]:
    span = _part(asked, passage)
    return {
        "kind": passage.kind,
        "name": passage.name,
        "url": passage.url,
        "heading": passage.heading,
        "page": passage.page,
        "chunk_index": passage.ordinal,
        "start": passage.start + span.start,
        "end": passage.start + span.end,
        "text": passage.text[slice(*span)],
        "score": round(passage.score, 4),
    }


def _part(asked: Question, passage: Passage) -> Span:
    """The nearest sentence and as much behind and before it as fits."""
    best = rank(asked, [passage])[:1]
    start = best[0].span.start if best else 0
    end = min(len(passage.text), start + LONGEST)
    start = max(0, min(start, end - LONGEST))
    text = passage.text[start:end]
    return Span(start + len(text) - len(text.lstrip()), start + len(text.rstrip()))
