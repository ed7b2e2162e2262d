"""What a passage has of what a question asks for: the numbers that ``rerank`` weighs.

They come from the question, the passage and the caller's own corpus, never from the other candidates, so that a score
means the same in every list.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import NamedTuple

from wenshu.core.index.port import MAX_QUERY_TERMS, Entry, Statistics
from wenshu.knowledge.coverage import Folded
from wenshu.knowledge.evidence import evidence, unit_value
from wenshu.knowledge.match import Matcher
from wenshu.knowledge.question import Question, content_of, read, standard
from wenshu.knowledge.thesaurus import Thesaurus
from wenshu.knowledge.wording import sayings
from wenshu.zh.rarity import rarity, term_rarity
from wenshu.zh.tokens import expanded, query_terms, terms


class Sought:
    """Things to look for in texts, and what finding each is worth; what a text has of them are the bits of a number."""

    def __init__(self, worth: Mapping[str, float]) -> None:
        self._things = [(thing, 1 << at) for at, thing in enumerate(worth)]
        self._worth = list(worth.values())
        self._weighed: dict[int, float] = {}  # the same few sets come again for passage after passage
        self.all = (1 << len(self._worth)) - 1
        self.total = self.weight(self.all)

    def found(self, text: str) -> int:
        """Which of the things stand in the text."""
        return sum([bit for thing, bit in self._things if thing in text])

    def of(self, things: Sequence[str]) -> int:
        """These of the things."""
        return sum([bit for thing, bit in self._things if thing in things])

    def finding(self, among: int) -> Callable[[str], int]:
        """``found`` for only these of the things."""
        wanted = [(thing, bit) for thing, bit in self._things if bit & among]
        return lambda text: sum([bit for thing, bit in wanted if thing in text])

    def weight(self, bits: int) -> float:
        """What the things are worth together."""
        known = self._weighed.get(bits)
        if known is None:
            known = self._weighed[bits] = sum([worth for at, worth in enumerate(self._worth) if bits >> at & 1])
        return known

    def share(self, bits: int, of: int | None = None) -> float:
        """The same as a share of all, or of these; 0.5, which says nothing, where there is nothing to find."""
        total = self.total if of is None else self.weight(of)
        return self.weight(bits) / total if total else 0.5


class Asked:
    """A question made ready for comparing."""

    def __init__(self, question: str, thesaurus: Thesaurus | None = None) -> None:
        self.text = expanded(question)
        self.question = read(question[-_READ:], thesaurus)
        self.matcher = Matcher(self.question)
        self.terms = most_telling(question)
        self.others = _other_terms(self.question, self.terms)
        """Terms of the words that may stand for the question's own."""
        characters = dict.fromkeys(char for term in query_terms(question) for char in term if _CHINESE.match(char))
        kept = sorted(characters, key=rarity, reverse=True)[:MAX_QUERY_TERMS]
        self.characters = Sought({character: rarity(character) for character in kept})
        self.cues = list(dict.fromkeys(other for term, other in sayings() if term in self.question.text))[:_MOST_CUES]
        self.defines = self.question.asks == "define" or _DEFINES.search(self.question.text) is not None


def most_telling(question: str) -> list[str]:
    """The terms of a question to search by, in order: the rarest ``MAX_QUERY_TERMS`` where there are more."""
    found = query_terms(content_of(standard(question))) or query_terms(question)
    kept = set(sorted(found, key=term_rarity, reverse=True)[:MAX_QUERY_TERMS])
    return [term for term in found if term in kept]


def _other_terms(question: Question, own: Sequence[str]) -> list[str]:
    first = sorted(question.synonyms, key=lambda synonym: not synonym.own)
    words = (other for synonym in first for other in synonym.others if len(other) > 1)
    found = (term for word in words for term in (terms(word)[:-1] or terms(word)))
    return [term for term in dict.fromkeys(found) if term not in own][: min(_MOST_OTHERS, MAX_QUERY_TERMS - len(own))]


class Piece:
    """A passage made ready to be compared."""

    def __init__(self, title: str, heading: str, body: str) -> None:
        self.said_head, self.said_body = Folded(f"{title} {heading}"), Folded(body)
        self.title, self.body = expanded(title), expanded(body, self.said_body.text)
        self.head = f"{self.title}\n{expanded(heading)}"

    @cached_property
    def sentences(self) -> list[str]:
        """The first of its sentences; the whole of it where it has none."""
        return _SENTENCE.findall(self.body)[:_MOST_SENTENCES] or [self.body]

    @cached_property
    def opening(self) -> tuple[str, bool, bool]:
        """What it is about by its title, whether it begins with that, and whether it introduces it."""
        name = _IN_BRACKETS.sub("", self.title) or self.title
        at = self.body[: len(name) + 2].find(name) if name else -1
        return name, at >= 0, at >= 0 and _INTRODUCED.match(self.body, at + len(name)) is not None


_piece = lru_cache(maxsize=4096)(Piece)
"""The same passages are candidates of question after question."""


class Glance(NamedTuple):
    """What a passage shows at once."""

    piece: Piece
    numbers: dict[str, float]
    """The part of the features that is quickly told."""
    named: float
    """The share of the question that stands there as a word of another script, a number, or a synonym."""
    terms_body: int
    characters_body: int
    terms_beyond: int
    """Which of the question's terms are not in the title and heading."""
    characters_beyond: int

    @property
    def told(self) -> dict[str, float]:
        """All of it by the names of the weights' file."""
        return {**self.numbers, "named": self.named}


class Comparison:
    """A question against the passages of one scope, whose statistics say what each term is worth."""

    def __init__(self, asked: Asked, statistics: Statistics) -> None:
        # A hundred imagined passages keep a corpus of three from taking its only document's words for common ones.
        size, holding = statistics.passages + 100, statistics.holding
        worth = {term: math.log(1 + size / (holding.get(term, 0) + 0.4)) for term in asked.terms}
        self._asked = asked
        self._terms = Sought(worth)
        self._words = self._terms.of([term for term in worth if not _CHINESE.match(term)])

    def glance(self, entry: Entry) -> Glance:
        """What can be told of a passage at once."""
        asked, terms, characters = self._asked, self._terms, self._asked.characters
        piece = _piece(entry.title, entry.heading, entry.body)
        terms_head, characters_head = terms.found(piece.head), characters.found(piece.head)
        terms_body, characters_body = terms.found(piece.body), characters.found(piece.body)
        named = asked.matcher.named(piece.said_head) | asked.matcher.named(piece.said_body)
        numbers = {
            "terms_head": terms.share(terms_head),
            "terms_whole": terms.share(terms_head | terms_body),
            "characters_head": characters.share(characters_head),
            "characters_whole": characters.share(characters_head | characters_body),
            "words": terms.share((terms_head | terms_body) & self._words, self._words),
            **_opening(asked, piece),
        }
        beyond = terms.all & ~terms_head, characters.all & ~characters_head
        return Glance(piece, numbers, asked.matcher.share(named), terms_body, characters_body, *beyond)

    def features(self, glance: Glance) -> dict[str, float]:
        """Name → number, most of them in [0, 1]. The names are those of the weights' file."""
        terms, beyond = self._terms, glance.terms_beyond
        return {
            **glance.numbers,
            "terms_beyond_head": terms.share(glance.terms_body & beyond, beyond)
            * math.sqrt(terms.weight(beyond) / (terms.total or 1.0)),
            **_said(self._asked.matcher, glance.piece),
            **_sentence(self._asked, terms, glance),
        }


_READ = 500
_MOST_OTHERS = 20
_MOST_CUES = 6
_MOST_SENTENCES = 60
_CHINESE = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]")
_SENTENCE = re.compile(r"[^。！？!?;；\n]+")
_DEFINES = re.compile(r"(?:是什么|是谁|属于什么|是哪.?|是怎样.{0,6}|是一.{1,4}什么.{0,6})$")
_IN_BRACKETS = re.compile(r"\s*[(\[【].*$")
_INTRODUCED = re.compile(r"[》」”\"'\s]*(?:\(|,?(?:又|亦|也|俗|学|字|原|简|全)|,?[是为系指即乃])")
_KINDS = ("when", "count", "where", "why", "alias")


def _said(matcher: Matcher, piece: Piece) -> dict[str, float]:
    """Shares of the question that are said word for word, in other words, or nearly."""
    head, body = matcher.said(piece.said_head), matcher.said(piece.said_body)
    whole, left = head | body, matcher.all & ~head.meant
    return {
        "said": matcher.share(whole.literal),
        "meant": matcher.share(whole.meant),
        "near": matcher.share(whole.near),
        "meant_head": matcher.share(head.meant),
        "near_head": matcher.share(head.near),
        "meant_beyond_head": matcher.weight(body.meant & left) / (matcher.weight(left) or 1.0),
        "codes": matcher.share(whole.near & matcher.words),
        "unsaid": matcher.share(matcher.all & ~whole.near),
    }


def _sentence(asked: Asked, terms: Sought, glance: Glance) -> dict[str, float]:
    """The sentence that says most of what the title does not, and whether the answer's kind stands in it."""
    question, body, sentences = asked.question, glance.piece.body, glance.piece.sentences
    of_terms, of_characters, cued, best = _best_sentence(asked, terms, glance)
    held = evidence(question, best)
    return {
        "sentence_terms": of_terms,
        "sentence_characters": of_characters,
        "sentence_cue": cued,
        "sentence_all": (of_terms + of_characters + cued) / 3,
        "sentences": math.log(1 + min(len(sentences), 10)),
        "cue": _cued(asked, body),
        **{f"holds_{kind}": held if question.asks == kind else 0.0 for kind in _KINDS},
        "unit": float(unit_value(question, body)),
        "list": float(question.several) * min(best.count("、"), 3) / 3,
        "focus": float(bool(question.focus) and question.focus in best),
    }


def _best_sentence(asked: Asked, terms: Sought, glance: Glance) -> tuple[float, float, float, str]:
    """The sentence with its shares of terms, characters and sayings."""
    characters, terms_left, characters_left = asked.characters, glance.terms_beyond, glance.characters_beyond
    find_terms = terms.finding(glance.terms_body & terms_left)
    find_characters = characters.finding(glance.characters_body & characters_left)
    said = [
        (
            terms.share(find_terms(text), terms_left),
            characters.share(find_characters(text), characters_left),
            _cued(asked, text),
            text,
        )
        for text in glance.piece.sentences
    ]
    return max(said, key=lambda one: one[0] + one[1] + one[2])


def _cued(asked: Asked, text: str) -> float:
    """The share of the question's sayings that the text has a wording of."""
    if not asked.cues:
        return 0.5
    return sum([cue.search(text) is not None for cue in asked.cues]) / len(asked.cues)


def _opening(asked: Asked, piece: Piece) -> dict[str, float]:
    """Whether the passage is the one that introduces its subject: ``河口（英语：Estuary）是…``."""
    name, starts, introduced = piece.opening
    introduces = float(introduced)
    in_question, in_body = (float(bool(name) and name in text) for text in (asked.text, piece.body))
    return {
        "title_in_question": in_question,
        "title_in_body": in_body,
        "title_in_both": in_question * in_body,
        "starts_with_title": float(starts),
        "introduces": introduces,
        "introduces_and_defines": introduces * asked.defines,
        "introduces_and_where": introduces * (asked.question.asks == "where"),
    }
