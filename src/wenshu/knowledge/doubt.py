"""Whether the best sentence is evidence enough, and what of the question the passages never mention."""

from collections.abc import Sequence

from wenshu.knowledge.coverage import Folded, Probe, gaps
from wenshu.knowledge.evidence import evidence
from wenshu.knowledge.passage import Passage
from wenshu.knowledge.question import Question
from wenshu.knowledge.rank import Candidate, weights


def confidence(question: Question, best: Candidate) -> float:
    """Weigh the evidence: log-odds that ``best`` answers, and is not just the nearest thing; from 0 on, say it."""
    learned = weights("doubt")
    return learned["bias"] + sum(learned[name] * value for name, value in features(question, best).items())


def missing(question: Question, passages: Sequence[Passage]) -> tuple[str, ...]:
    """List the names, words and numbers of the question, folded, that stand in no passage, the weightiest first."""
    probe = Probe(question)
    said: frozenset[int] = frozenset()
    for passage in passages:
        said |= probe.covered(Folded(f"{passage.title} {passage.heading} {passage.text}"))
    lacking = [gap for gap in gaps(question, said) if len(gap) > 1 or gap.isascii()]
    return tuple(sorted(dict.fromkeys(lacking), key=lambda gap: (not gap.isascii(), -len(gap))))


def features(question: Question, best: Candidate) -> dict[str, float]:
    """Measure what ``confidence`` weighs, each about 0 to 1."""
    probe = Probe(question)
    passage = best.passage
    title = f"{passage.title} {passage.heading} "
    sentence = Folded(best.text)
    context = passage.text[max(0, best.span.start - _CONTEXT) : best.span.start]
    whole = Folded(title + passage.text)
    near = Folded(title + context + best.text)
    head = probe.literal(Folded(title))
    held = evidence(question, sentence.text)
    return {
        "whole": probe.share(probe.all, probe.literal(whole)),
        "near": probe.share(probe.all, probe.covered(near)),
        "subject": probe.share(probe.subject, probe.literal(near)),
        "gap": min(max((len(gap) for gap in gaps(question, probe.covered(whole))), default=0), 6) / 6,
        "hard": min(sum(run.isascii() and run not in whole.words for run in question.runs), 2),
        "astray": min(sum(run.isascii() and run not in near.words for run in question.runs), 2),
        "amount": min(probe.weight(probe.literal(sentence) - head), 8) / 8,
        "rank": best.score / 10,
        "score": passage.score,
        "opening": best.features["opening"],
        "no_evidence": float(held == 0 and question.asks in {"when", "count", "where", "why"}),
    }


_CONTEXT = 60
