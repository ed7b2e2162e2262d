"""Follow-up questions that the library can answer, made from what its passages say."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from wenshu.knowledge.answer import answer
from wenshu.knowledge.factbook import Told
from wenshu.knowledge.passage import Passage
from wenshu.knowledge.phrase import ask, questions
from wenshu.knowledge.question import read
from wenshu.knowledge.units import plain

Find = Callable[[str], Awaitable[Sequence[Passage]]]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A question, and the passage it was made from; ``value`` is what the answer has to say, where a fact is asked."""

    question: str
    passage: Passage
    value: str = ""


def candidates(passages: Sequence[Passage], asked: str, facts: Sequence[Told] = ()) -> list[Suggestion]:
    """Make questions: first the pairs' own, then for the facts, then each passage's best ones in turn.

    ``facts`` are what is stated of the thing that was asked about. None asks what ``asked`` does, none comes twice.
    """
    kept: list[Suggestion] = []
    for suggestion in _in_turn(passages, facts):
        if not any(_alike(suggestion.question, other) for other in (asked, *(one.question for one in kept))):
            kept.append(suggestion)
    return kept


async def suggest(
    asked: str, passages: Sequence[Passage], find: Find, limit: int = 3, facts: Sequence[Told] = ()
) -> list[str]:
    """Keep the first ``limit`` candidates that the library answers from the source they were made from.

    ``find`` retrieves for a question as a chat would; it is called at most ``2 * limit`` times. Its errors are raised.
    """
    kept: list[str] = []
    for suggestion in candidates(passages, asked, facts)[: 2 * limit]:
        if len(kept) >= limit:
            break
        found = await find(suggestion.question)
        if _answers(suggestion, found):
            kept.append(suggestion.question)
    return kept


def _answers(suggestion: Suggestion, found: Sequence[Passage]) -> bool:
    """Whether the answer to the suggested question stands, on the passage's own source, and says its fact."""
    source = _source(suggestion.passage)
    if not any(_source(passage) == source for passage in found):
        return False
    given = answer(suggestion.question, found)
    if suggestion.value not in "".join(statement.text for statement in given.statements):
        return False
    return given.refusal is None and any(_source(citation.passage) == source for citation in given.cited())


def _source(passage: Passage) -> str:
    """Name the source of a passage: its key without the ordinal; a QA pair is a source of its own."""
    return passage.key if passage.kind == "qa" else passage.key.rsplit(":", 1)[0]


def _alike(left: str, right: str) -> bool:
    """Whether two wordings ask one thing: of one kind, and their content is mostly the same characters."""
    ours, theirs = read(left), read(right)
    mine, yours = set(ours.content), set(theirs.content)
    return ours.asks == theirs.asks and len(mine & yours) >= _SAME * len(mine | yours)


_SAME = 0.7
_NEAR = 0.15  # a pair less alike than that is about something else


def _of_facts(facts: Sequence[Told]) -> Iterator[Suggestion]:
    """A question for each fact whose attribute is one that people ask for."""
    for told in facts[:_MOST_FACTS]:
        fact = told.known.fact
        if fact.kind in {"cell", "pair"} and len(fact.subject) <= _LONGEST_SUBJECT:
            question = ask(plain(fact.subject), plain(fact.attribute), f"{fact.value}{fact.unit}")
            if question:
                yield Suggestion(question, told.passage, plain(fact.value))


_MOST_FACTS = 3
_LONGEST_SUBJECT = 14


def _in_turn(passages: Sequence[Passage], facts: Sequence[Told]) -> Iterator[Suggestion]:
    pairs = [passage for passage in passages if passage.kind == "qa" and passage.score >= _NEAR]
    yield from (Suggestion(question, pair) for pair in pairs for question in questions(pair))
    yield from _of_facts(facts)
    made = [[Suggestion(question, passage) for question in questions(passage)] for passage in passages]
    for row in zip_longest(*made):
        yield from (suggestion for suggestion in row if suggestion is not None)
