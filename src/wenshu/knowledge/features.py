"""What a passage has of what a question asks for: the numbers that ``rerank`` weighs.

They come from the question, the passage and the caller's own corpus, never from the other candidates, so that a score
means the same in every list.
"""

import math
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from wenshu.core.index.port import MAX_QUERY_TERMS, Entry, Statistics
from wenshu.knowledge.coverage import folded
from wenshu.knowledge.evidence import evidence, unit_value
from wenshu.knowledge.match import Matcher
from wenshu.knowledge.question import Question, content_of, read, standard
from wenshu.knowledge.thesaurus import Thesaurus
from wenshu.knowledge.wording import sayings
from wenshu.zh.rarity import rarity, term_rarity
from wenshu.zh.tokens import expanded, query_terms, terms


class Sought:
    """Things to look for in texts, and what finding each is worth."""

    def __init__(self, worth: Mapping[str, float], total: float | None = None) -> None:
        self._worth = worth.items()
        self.total = sum(worth.values()) if total is None else total

    def share(self, text: str) -> float:
        """The share of the worth that stands in the text; 0.5, which says nothing, where there is nothing to find."""
        return sum([worth for thing, worth in self._worth if thing in text]) / self.total if self.total else 0.5

    def without(self, text: str) -> "Sought":
        """What of it does not stand in the text."""
        return Sought({thing: worth for thing, worth in self._worth if thing not in text})

    def within(self, text: str) -> "Sought":
        """The same for parts of the text, whose shares stay shares of all: quicker, as the rest cannot stand there."""
        return Sought({thing: worth for thing, worth in self._worth if thing in text}, self.total)


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
    words = (other for synonym in question.synonyms for other in synonym.others if len(other) > 1)
    found = (term for word in words for term in (terms(word)[:-1] or terms(word)))
    return [term for term in dict.fromkeys(found) if term not in own][: min(_MOST_OTHERS, MAX_QUERY_TERMS - len(own))]


class Comparison:
    """A question against the passages of one scope, whose statistics say what each term is worth."""

    def __init__(self, asked: Asked, statistics: Statistics) -> None:
        # A hundred imagined passages keep a corpus of three from taking its only document's words for common ones.
        size, holding = statistics.passages + 100, statistics.holding
        worth = {term: math.log(1 + size / (holding.get(term, 0) + 0.4)) for term in asked.terms}
        self._asked = asked
        self._terms = Sought(worth)
        self._words = Sought({term: value for term, value in worth.items() if not _CHINESE.match(term)})

    def features(self, entry: Entry) -> dict[str, float]:
        """Name → number, most of them in [0, 1]. The names are those of the weights' file."""
        asked, terms = self._asked, self._terms
        title, body = _expanded(entry.title), _expanded(entry.body)
        head = f"{title}\n{_expanded(entry.heading)}"
        whole = f"{head}\n{body}"
        beyond = terms.without(head)
        return {
            "terms_head": terms.share(head),
            "terms_whole": terms.share(whole),
            "terms_beyond_head": beyond.share(body) * math.sqrt(beyond.total / (terms.total or 1.0)),
            "characters_head": asked.characters.share(head),
            "characters_whole": asked.characters.share(whole),
            "words": self._words.share(whole),
            **_said(asked.matcher, entry),
            **_sentence(asked, beyond, asked.characters.without(head), body),
            **_opening(asked, title, body),
        }


_expanded = lru_cache(maxsize=4096)(expanded)
"""The same passages are candidates of question after question."""
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


def _said(matcher: Matcher, entry: Entry) -> dict[str, float]:
    """Shares of the question that are said word for word, in other words, or nearly."""
    head, body = matcher.said(folded(f"{entry.title} {entry.heading}")), matcher.said(folded(entry.body))
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


def _sentence(asked: Asked, terms: Sought, characters: Sought, body: str) -> dict[str, float]:
    """The sentence that says most of what the title does not, and whether the answer's kind stands in it."""
    sentences = _SENTENCE.findall(body)[:_MOST_SENTENCES] or [body]
    terms, characters = terms.within(body), characters.within(body)
    said = [(terms.share(text), characters.share(text), _cued(asked, text), text) for text in sentences]
    of_terms, of_characters, cued, best = max(said, key=lambda one: one[0] + one[1] + one[2])
    question = asked.question
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


def _cued(asked: Asked, text: str) -> float:
    """The share of the question's sayings that the text has a wording of."""
    if not asked.cues:
        return 0.5
    return sum([cue.search(text) is not None for cue in asked.cues]) / len(asked.cues)


def _opening(asked: Asked, title: str, body: str) -> dict[str, float]:
    """Whether the passage is the one that introduces its subject: ``河口（英语：Estuary）是…``."""
    name = _IN_BRACKETS.sub("", title) or title
    at = body[: len(name) + 2].find(name) if name else -1
    introduces = float(at >= 0 and _INTRODUCED.match(body, at + len(name)) is not None)
    in_question, in_body = (float(bool(name) and name in text) for text in (asked.text, body))
    return {
        "title_in_question": in_question,
        "title_in_body": in_body,
        "title_in_both": in_question * in_body,
        "starts_with_title": float(at >= 0),
        "introduces": introduces,
        "introduces_and_defines": introduces * asked.defines,
        "introduces_and_where": introduces * (asked.question.asks == "where"),
    }
