"""Whether the best sentence is evidence enough, and what of the question the passages never mention."""

import re
from collections.abc import Sequence

from wenshu.knowledge.coverage import Folded, Probe, folded, gaps
from wenshu.knowledge.evidence import evidence, places
from wenshu.knowledge.match import Matcher
from wenshu.knowledge.passage import Passage
from wenshu.knowledge.question import Question
from wenshu.knowledge.rank import Candidate, weights
from wenshu.knowledge.scene import Scene
from wenshu.zh.fold import fold


def confidence(scene: Scene, ranked: Sequence[Candidate]) -> float:
    """Weigh the evidence: log-odds that the best of ``ranked`` answers, and is not just the nearest thing.

    From 0 on, say it. The numbers weigh differently where the question names what the passage is titled, and where
    retrieval holds the passage for likely. Nothing ranked is no evidence.
    """
    if not ranked:
        return -9.0
    learned = weights("doubt")
    numbers = features(scene, ranked)
    return sum(
        learned[case]["bias"] + sum(learned[case][name] * value for name, value in numbers.items())
        for case, holds in cases(scene.question, ranked[0]).items()
        if holds
    )


def cases(question: Question, best: Candidate) -> dict[str, bool]:
    """The cases in which the numbers have weights of their own."""
    title = _IN_BRACKETS.sub("", best.passage.title)
    named = len(title) > 1 and best.passage.kind != "qa" and fold(title) in question.text
    return {"always": True, "titled": named, "likely": best.passage.score > _LIKELY}


def features(scene: Scene, ranked: Sequence[Candidate]) -> dict[str, float]:
    """Measure what ``confidence`` weighs, each about 0 to 1."""
    best, matcher = ranked[0], scene.matcher
    whole = scene.whole(best.passage)
    known = best.said.near | best.above.near
    others = [one.score for one in ranked[1:] if one.passage.key != best.passage.key]
    return {
        **{name: best.features[name] for name in _OF_RANK},
        "rank": best.score / 10,
        "margin": min(best.score - ranked[1].score, 5) / 5 if len(ranked) > 1 else 0.6,
        "margin_of_passages": min(best.score - others[0], 6) / 6 if others else 0.5,
        "whole": matcher.share(whole.meant),
        "gap_here": _gap(matcher, known),
        "gap_literal": _gap(matcher, whole.literal),
        "gap_meant": _gap(matcher, whole.meant),
        "gap_anywhere": _gap(matcher, scene.everything.near),
        "weight": min(matcher.total, 40) / 40,
        **_relation(scene, best),
        **_pairs(scene.question, best),
    }


def unknown(scene: Scene, question: str) -> str:
    """What the question is about, folded, where no passage at all mentions it; "" where all is known.

    Its first word, a code or name of another script, or Y of ``X的Y是…``: what is said of others is no answer then. In
    an English ``question`` (as written) words are names by their capital or a digit.
    """
    matcher, said = scene.matcher, scene.everything
    for word, bits in matcher.codes:
        if bits & ~said.near and (not question.isascii() or _is_name(word, question)):
            return word
    first = next(iter(scene.question.runs), "")
    attribute = _ATTRIBUTE.search(matcher.text)
    opens = len(first) > 1 and matcher.text.startswith(first) and not first.isascii() and not _NO_THING.match(first)
    spans = [(0, len(first))] if opens else []
    spans += [attribute.span(1)] if attribute else []
    for start, end in spans:
        bits = (1 << end) - (1 << start)
        if matcher.weight(bits) >= _NAMED and not said.meant & bits and not scene.sounds_like(bits):
            return matcher.text[start:end]
    return ""


def missing(question: Question, passages: Sequence[Passage]) -> tuple[str, ...]:
    """List the names, words and numbers of the question, folded, that stand in no passage, the weightiest first."""
    matcher = Matcher(question)
    said = 0
    for passage in passages:
        found = matcher.said(folded(f"{passage.title} {passage.name} {passage.heading} {passage.text}"))
        said |= found.meant | (found.near & matcher.words)
    lacking = [(matcher.weight(bits), text) for text, bits in _stretches(matcher, said)]
    told = sorted((one for one in lacking if one[0] >= _TELLING), key=lambda one: (not one[1].isascii(), -one[0]))
    return tuple(dict.fromkeys(text for _, text in told))


_ATTRIBUTE = re.compile("的([\u4e00-\u9fff]{2,6})[是为]")
_NAMED = 1.5  # what a name weighs at least: not only the commonest characters
_NO_THING = re.compile("[今明去当前后本上下][年月天日周次]|万一|如果|要是|假如|当时|目前|现在|刚才|除")
_LIKELY = 0.5
_TELLING = 3.5  # two characters that are none of the common ones, or a number
_CONTEXT = 60
_MOST_GAP = 15
_IN_BRACKETS = re.compile(r"\s*[（(].*$")
_OF_RANK = (
    *(
        "covered",
        "context",
        "literal",
        "meant",
        "near",
        "above",
        "near_above",
        "beyond",
        "near_beyond",
        "around",
        "rest",
    ),
    *("words_lacking", "time", "other_time", "telling", "opening", "score", "score_of_best", "score_of_pair", "length"),
    *("list", "row", "item", "cell", "column", "cell_and_column", "person", "defined"),
)


def _is_name(word: str, question: str) -> bool:
    at = fold(question).find(word)
    return any(character.isupper() or character.isdigit() for character in question[max(at, 0) :][: len(word)])


def _gap(matcher: Matcher, said: int) -> float:
    """The weightiest stretch of the question that is not said, at most 1."""
    heaviest = max((matcher.weight(bits) for _, bits in _stretches(matcher, said)), default=0.0)
    return min(heaviest, _MOST_GAP) / _MOST_GAP


def _stretches(matcher: Matcher, said: int) -> list[tuple[str, int]]:
    """The stretches of the question that weigh something and are not said, with their bits; each of one script."""
    found: list[tuple[str, int]] = []
    start = -1
    for at, weight in enumerate([*matcher.weights, 0.0]):
        open_ = weight > 0 and not said >> at & 1
        other = start >= 0 and open_ and matcher.text[at].isascii() != matcher.text[at - 1].isascii()
        if start >= 0 and (other or not open_):
            found.append((matcher.text[start:at], (1 << at) - (1 << start)))
            start = -1
        if open_ and start < 0:
            start = at
    return found


def _relation(scene: Scene, best: Candidate) -> dict[str, float]:
    """What is asked of the thing that the passage is about: how much of it is said, and how near to the answer."""
    matcher, question = scene.matcher, scene.question
    asked = matcher.all & ~best.above.near
    total = matcher.weight(asked)
    if total < 1:
        return {"relation": 1.0, "relation_meant": 1.0, "relation_weight": 0.0, "no_relation": 1.0, "nearness": 0.0}
    text = fold(best.text)
    terms = matcher.where(text, asked)
    answers = places(question, text)
    apart = [max(0, max(a[0], b[0]) - min(a[1], b[1])) for a in answers for b in terms]
    return {
        "relation": matcher.weight(best.said.literal & asked) / total,
        "relation_meant": matcher.weight(best.said.meant & asked) / total,
        "relation_weight": min(total, 20) / 20,
        "no_relation": 0.0,
        "nearness": 1 / (1 + min(apart) / 4) if apart else 0.0,
    }


def _pairs(question: Question, best: Candidate) -> dict[str, float]:
    """The same by pairs of characters that count alike (``coverage``), and whether the asked kind of thing is there."""
    probe, passage = Probe(question), best.passage
    title = f"{passage.title} {passage.heading} "
    context = passage.text[max(0, best.span.start - _CONTEXT) : best.span.start]
    sentence, whole, near = Folded(best.text), Folded(title + passage.text), Folded(title + context + best.text)
    head = probe.literal(Folded(title))
    words = [run for run in question.runs if run.isascii()]
    held = evidence(question, sentence.text)
    return {
        "pairs_whole": probe.share(probe.all, probe.literal(whole)),
        "pairs_near": probe.share(probe.all, probe.covered(near)),
        "pairs_subject": probe.share(probe.subject, probe.literal(near)),
        "pairs_gap": min(max((len(gap) for gap in gaps(question, probe.covered(whole))), default=0), 6) / 6,
        "pairs_relation": probe.share(probe.all - head, probe.literal(sentence)),
        "hard": min(sum(word not in whole.words for word in words), 2),
        "astray": min(sum(word not in near.words for word in words), 2),
        "amount": min(probe.weight(probe.literal(sentence) - head), 8) / 8,
        "held": held,
        "no_evidence": float(held == 0 and question.asks in {"when", "count", "where", "why"}),
    }
