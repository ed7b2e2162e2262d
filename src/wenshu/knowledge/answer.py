"""The extractive answer: the sentences that answer a question, word for word, or the reason why there is none."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from wenshu.knowledge.cite import Citation, Cited, Statement
from wenshu.knowledge.compare import compare, compares
from wenshu.knowledge.coverage import Folded, Probe
from wenshu.knowledge.doubt import confidence, missing, unknown
from wenshu.knowledge.factbook import Told
from wenshu.knowledge.growth import grows, growth
from wenshu.knowledge.holding import held, seeks_rows
from wenshu.knowledge.listing import listed
from wenshu.knowledge.lookup import look_up
from wenshu.knowledge.passage import Passage
from wenshu.knowledge.question import Question, read
from wenshu.knowledge.quote import statements, whole_pair
from wenshu.knowledge.rank import Candidate, ranked
from wenshu.knowledge.scene import Scene
from wenshu.knowledge.stated import stated
from wenshu.knowledge.thesaurus import Thesaurus
from wenshu.zh.fold import fold

__all__ = ["Answer", "Citation", "Statement", "answer"]


@dataclass(frozen=True)
class Answer(Cited):
    """An answer, or a refusal: then there are no statements and ``refusal`` says why, in Chinese."""

    statements: tuple[Statement, ...] = ()
    refusal: str | None = None
    missing: tuple[str, ...] = ()
    """What the question names and no passage does; it may be named in an answer that stands, too."""
    certain: bool = False
    """Whether it was read off a place that the question names, not only the likeliest."""


def answer(
    question: str,
    passages: Sequence[Passage],
    *,
    beyond: Sequence[Passage] = (),
    facts: Sequence[Told] = (),
    told: str = "",
    today: date | None = None,
    thesaurus: Thesaurus | None = None,
) -> Answer:
    """Answer from the passages alone: quotes with their spans, never other words; refuse when the evidence is weak.

    A QA pair whose question is the one asked is answered with its whole answer. ``told`` is what was answered before:
    nothing of it is said again. ``beyond`` are all the pieces of tables that only have a piece among the passages: what
    is worked out over a table needs them. ``facts`` are what the library states of what the question names.
    ``today`` is what 今年 goes by. Never raises.

    Where the question's own words find no answer, the words are tried that a tenant's ``thesaurus`` has for them.
    """
    hand = _Hand([passage for passage in passages if passage.text.strip()] or _places(facts), beyond, facts)
    said = _answer(question, hand, told, today, thesaurus)
    if said.refusal is None or thesaurus is None:
        return said
    texts = [f"{passage.title} {passage.heading} {passage.text}" for passage in passages]
    others = (_answer(one, hand, told, today, thesaurus) for one in thesaurus.wordings(question, texts))
    return next((other for other in others if other.refusal is None), said)


class _Hand(NamedTuple):
    """What there is at hand: see ``answer``."""

    passages: Sequence[Passage]
    beyond: Sequence[Passage]
    facts: Sequence[Told]


def _answer(question: str, hand: _Hand, told: str, today: date | None, thesaurus: Thesaurus | None) -> Answer:
    asked = read(question, thesaurus)
    passages = hand.passages
    if not asked.runs or not passages:
        return Answer(refusal=NOTHING_FOUND if asked.runs else NOTHING_ASKED)
    scene = Scene(asked, passages, today)
    found = ranked(scene)
    if told:
        return _more(scene, found, told)
    if pair := _matching_pair(asked, passages):
        return Answer((whole_pair(pair),), certain=True)
    doubt = confidence(scene, found)
    if read_off := _read_off(scene, found, doubt, hand):
        return Answer(read_off, certain=True)
    lacking = tuple(_as_written(question, gap) for gap in missing(asked, passages))
    absent = _as_written(question, unknown(scene, question))
    if absent:
        lacking = tuple(dict.fromkeys((absent, *lacking)))
    # One row is no answer where the table as a whole was asked about.
    if absent or doubt < 0 or (found[0].unit.kind == "row" and compares(asked)):
        return Answer(refusal=_refusal(lacking), missing=lacking)
    return Answer(tuple(statements(asked, _chosen(found))), missing=lacking)


def needs_more(asked: Question) -> bool:
    """Whether the answer may have to be worked out: over all rows of a table, or from another year's figure."""
    return compares(asked) or grows(asked) or seeks_rows(asked)


def _more(scene: Scene, found: Sequence[Candidate], told: str) -> Answer:
    """What the passages say to the question beyond what was told."""
    left = [one for one in found if one.text not in told]
    items = listed(scene.question, scene.passages)
    said = tuple(item for item in items.statements if item.text not in told) if items else ()
    if said:
        return Answer(said)
    if confidence(scene, left) < 0:
        return Answer(refusal=NOTHING_MORE)
    return Answer(tuple(statements(scene.question, _chosen(left))))


NOTHING_MORE = "关于这个问题，素材库中没有找到更多内容。"
NOTHING_ASKED = "没有看到具体的问题，请写明想了解什么。"
NOTHING_FOUND = "素材库中没有找到相关内容，无法回答。"
NOT_ENOUGH = "素材库中找到了相近的内容，但不足以回答这个问题。"

_SECOND, _THIRD = 3.0, 2.0  # score margins within which another sentence is said too
_SAME_QUESTION = 0.8  # share of pairs of characters that two questions have in common (Dice)


def _refusal(lacking: Sequence[str]) -> str:
    return f"素材库中没有找到与“{lacking[0]}”有关的内容，无法回答。" if lacking else NOT_ENOUGH


def _as_written(question: str, gap: str) -> str:
    """Write a folded piece of the question as the question does (folding keeps lengths)."""
    at = fold(question).find(gap) if gap else -1
    return question[at : at + len(gap)] if at >= 0 else gap


def _places(facts: Sequence[Told]) -> list[Passage]:
    return list({one.passage.key: one.passage for one in facts}.values())


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


def _chosen(found: Sequence[Candidate]) -> list[Candidate]:
    """Choose the best sentence, and those too near to it to tell apart; of one passage in its order.

    Beside a row of a table only rows stand.
    """
    best = found[0]
    chosen = [best]
    seen = {best.text}
    others = [one for one in found[1:3] if best.unit.kind != "row" or one.unit.kind == "row"]
    for candidate, margin in zip(others, (_SECOND, _THIRD), strict=False):
        if best.score - candidate.score < margin and candidate.text not in seen:
            chosen.append(candidate)
            seen.add(candidate.text)
    first = {candidate.passage.key: at for at, candidate in reversed(list(enumerate(chosen)))}
    return sorted(chosen, key=lambda candidate: (first[candidate.passage.key], candidate.span.start))


def _read_off(scene: Scene, found: Sequence[Candidate], doubt: float, hand: _Hand) -> tuple[Statement, ...]:
    """What a list, a table or a fact says to the question, where no sentence says as much of it."""
    asked, passages, beyond = scene.question, scene.passages, hand.beyond
    named = list({passage.key: passage for passage in (*passages, *_places(hand.facts))}.values())
    whole = {passage.key: passage for passage in (*beyond, *passages)}
    wide = scene.over(tuple(whole.values())) if beyond else scene
    complete = frozenset(passage.key for passage in beyond)
    if worked_out := compare(wide, complete) or held(wide, complete):
        return worked_out.statements
    finding = listed(asked, passages) or look_up(asked, named) or stated(asked, scene.when, hand.facts) or growth(wide)
    if finding is None:
        return ()
    best = found[0] if found else None
    if best and best.unit.kind == "sentence" and doubt >= 0:
        probe = Probe(asked)
        said = probe.share(probe.all, probe.literal(Folded(f"{best.passage.title} {best.passage.heading} {best.text}")))
        if said > finding.coverage or (said == finding.coverage and not finding.certain):
            return ()
    return finding.statements
