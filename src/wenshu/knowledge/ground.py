"""Grounding: whether what a model wrote stands in the passages it cites, and where."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from wenshu.knowledge.cite import Citation, Statement, cite
from wenshu.knowledge.claims import Amount, amounts, names, unfounded_amounts, without_amounts, words
from wenshu.knowledge.markup import has_markup
from wenshu.knowledge.passage import Passage
from wenshu.knowledge.swap import swapped
from wenshu.knowledge.units import units
from wenshu.zh.fold import fold
from wenshu.zh.sentences import Span, split, trim

Reason = Literal[
    "", "empty", "unknown_marker", "markup", "facts", "overlap", "swapped", "negation", "no_source", "rules", "orders"
]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one sentence. ``statement`` is its text without markers, with citations if supported."""

    supported: bool
    statement: Statement
    reason: Reason = ""
    unfounded: tuple[str, ...] = ()
    """The amounts, words and names that no cited passage holds."""


def check(sentence: str, passages: Sequence[Passage], *, creative: bool = False) -> Verdict:
    """Check one written sentence; marker ``[n]`` means ``passages[n - 1]``.

    Supported is a sentence whose every amount, date, name and foreign word stands in the passages it cites, whose words
    overlap with theirs, that gives no amount or name to what they give another one, and that does not negate what they
    say or the reverse. Cited passages that share too little are no citation. Without a marker a passage that supports
    it is looked for; connectives (综上：) need none. Links, images and HTML are cut, but for an address that stands so
    in the passages. ``creative`` texts (ideas, scripts) may use their own words, but not their own facts. Never raises.
    """
    markers = [int(number) for mark in _MARKER.finditer(sentence) for number in re.findall(r"\d+", mark.group())]
    text = _MARKER.sub("", sentence).lstrip("\n")
    plain = _plain(text)
    if not any(character.isalnum() for character in plain):
        rule = not markers and plain.startswith(("|", "-"))  # the line under a table's head, or between sections
        return Verdict(supported=rule, statement=Statement(text), reason="" if rule else "empty")
    if has_markup(sentence, passages):
        return Verdict(supported=False, statement=Statement(text), reason="markup")
    if any(not 1 <= number <= len(passages) for number in markers):
        return Verdict(supported=False, statement=Statement(text), reason="unknown_marker")
    if not markers and _is_connective(plain):
        return Verdict(supported=True, statement=Statement(text))
    if markers:
        cited = [passages[number - 1] for number in dict.fromkeys(markers)]
        return _judge(text, plain, cited, creative=creative)
    return _search(text, plain, passages, creative=creative)


_MARKER = re.compile(r"\s{0,4}[\[［【]\s?\d{1,3}(?:\s?[,，、]\s?\d{1,3}){0,9}\s?[\]］】]")
_CONNECTIVE = re.compile(
    r"(?:综上(?:所述)?|总之|总的来说|因此|所以|此外|另外|同时|其中|首先|其次|最后|具体(?:如下|来说|包括)?|如下|"
    r"(?:根据|从)(?:以上|上述|所给|提供的)?(?:资料|材料|内容|信息)(?:来看|可知|显示)?|以下(?:是|为)?[^0-9]{0,10}|"
    r"(?:主要)?(?:包括|有)(?:以下|如下)[^0-9]{0,6})[：:，,。]?"
)
_DECORATION = re.compile(r"^\s*(?:#{1,6}\s+|[-*+•]\s+|\d{1,2}[.、)）]\s*|[（(]\d{1,2}[)）]\s*)|\*\*|__|`")
_TIMING = re.compile(r"\d{1,4}(?:\.\d)?\s?(?:[-–~—至到]\s?\d{1,4}(?:\.\d)?)?\s?(?:秒|s\b)|\d{1,2}:\d{2}")
_ORDINAL = re.compile(
    r"(?:创意|镜头|方案|场景|标题|选题)\s?[\d一二三四五六七八九十]{1,3}(?![\d万亿])|^\|\s*\d{1,2}\s*(?=\|)"
    r"|第\s?[\d一二三四五六七八九十]{1,2}\s?(?:个?镜头?|幕|场|步|点|部分|段|个?(?:选题|创意|问题))"
)
# The trade's own words, which no material needs to hold.
_CRAFT = frozenset({"bgm", "vlog", "logo", "app", "ppt", "ai", "diy", "ok", "vs", "pov", "gif", "kol", "up", "q", "a"})
_OTHER_SCRIPT = re.compile(r"[^\W\d_a-z\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u3005\u3007]+")
_ENOUGH = 0.6  # share of a sentence's pairs of characters that its sources must hold
_TAKES_PART = 0.25  # share below which a cited passage is no source of the sentence
_RUN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]+|[a-z0-9]+")
_JOINING = re.compile(
    r"综上所述|综上|总的来说|总之|因此|所以|此外|另外|同时|其中|需要注意的是|值得注意的是|根据|资料|显示|目前|主要|以及|包括|可以|进行|"
    r"提供|具有|拥有|一种|一款|一家|一个|一项|属于|作为|通过|相关|方面|分别|需要|如果|那么|并且|而且|或者|但是|不过|也就是说|"
    r"[的了为是于在和与及等由被把将对从到也还都则就而并其该此这那有]"
)
_NEGATION = re.compile(r"(?:并非|没有|无法|无需|不是|不能|不得|不会|禁止|[不未无非没])([\u4e00-\u9fff]{2})")


def _plain(text: str) -> str:
    return _DECORATION.sub("", text).strip()


def _is_connective(text: str) -> bool:
    return _CONNECTIVE.fullmatch(text) is not None or (
        text.endswith(("：", ":")) and len(text) <= 12 and not amounts(text)
    )


def _judge(text: str, plain: str, cited: Sequence[Passage], *, creative: bool) -> Verdict:
    shares = [_share(plain, passage) for passage in cited]
    floor = 0.0 if creative else _TAKES_PART
    sources = [passage for passage, share in zip(cited, shares, strict=True) if share >= floor]
    unfounded = _unfounded(plain, sources, creative=creative)
    if unfounded:
        return Verdict(supported=False, statement=Statement(text), reason="facts", unfounded=unfounded)
    if not sources or (not creative and not _held(plain, sources)):
        return Verdict(supported=False, statement=Statement(text), reason="overlap")
    if swapped(plain, sources):
        return Verdict(supported=False, statement=Statement(text), reason="swapped")
    if not creative and _negated(fold(plain), "\n".join(fold(passage.text) for passage in sources)):
        return Verdict(supported=False, statement=Statement(text), reason="negation")
    citations = tuple(_support(plain, passage) for passage in sources)
    return Verdict(supported=True, statement=Statement(text, citations))


def _held(plain: str, sources: Sequence[Passage]) -> bool:
    """Whether the words stand in the sources; 是的 and 可以 alone say nothing that could be looked up."""
    if not _pairs(plain) and not amounts(plain):
        return False
    return _share(plain, *sources) >= _ENOUGH and not _foreign(plain, sources)


def _search(text: str, plain: str, passages: Sequence[Passage], *, creative: bool) -> Verdict:
    """Look for one passage that supports a sentence without a marker."""
    ordered = sorted(passages, key=lambda passage: -_share(plain, passage))
    for passage in ordered[:3]:
        verdict = _judge(text, plain, [passage], creative=False)
        if verdict.supported:
            return verdict
    if creative and not _unfounded(plain, [], creative=True):
        return Verdict(supported=True, statement=Statement(text))
    return Verdict(supported=False, statement=Statement(text), reason="no_source")


def _unfounded(plain: str, sources: Sequence[Passage], *, creative: bool) -> tuple[str, ...]:
    spoken = words(plain)
    if creative:
        plain = _ORDINAL.sub("", _TIMING.sub("", plain))
        spoken = words(plain) - _CRAFT
    known = frozenset[Amount]().union(*(_facts(passage).amounts for passage in sources))
    vocabulary = frozenset[str]().union(*(_facts(passage).words for passage in sources))
    folded = "\n".join(_facts(passage).folded for passage in sources)
    lacking = unfounded_amounts(plain, known)
    lacking += sorted(spoken - vocabulary)
    lacking += sorted(word for word in _OTHER_SCRIPT.findall(fold(plain)) if word not in folded)
    lacking += sorted(name for name in names(plain) if name not in folded)
    return tuple(lacking)


@dataclass(frozen=True, slots=True)
class _Facts:
    folded: str
    amounts: frozenset[Amount]
    words: frozenset[str]


@lru_cache(maxsize=64)
def _facts(passage: Passage) -> _Facts:
    """Read what a passage holds, its title and heading included, once for all sentences that cite it.

    Rows are read in words too: a price may have its 元 from its column's name.
    """
    rows = [unit.said for unit in units(passage) if unit.kind == "row"]
    text = "\n".join((passage.title, passage.name, passage.heading, passage.text, *rows))
    return _Facts(fold(text), amounts(text), words(text))


def _runs(text: str) -> list[str]:
    """List a text's content: runs of Chinese characters between joining words, and words of other scripts."""
    return _RUN.findall(_JOINING.sub(" ", without_amounts(text)))


def _pairs(text: str) -> set[str]:
    return {pair for run in _runs(text) for pair in _pairs_of(run)}


def _pairs_of(run: str) -> list[str]:
    return [run] if run[0].isascii() or len(run) == 1 else [run[at : at + 2] for at in range(len(run) - 1)]


def _share(plain: str, *sources: Passage) -> float:
    pairs = _pairs(plain)
    if not pairs:
        return 1.0
    folded = "\n".join(_facts(passage).folded for passage in sources)
    return sum(pair in folded for pair in pairs) / len(pairs)


def _foreign(plain: str, sources: Sequence[Passage]) -> bool:
    """Whether three characters on end stand in no source in any pairing: mostly a name or a claim of its own."""
    folded = "\n".join(_facts(passage).folded for passage in sources)
    for run in _runs(plain):
        if run[0].isascii():
            continue
        held = [pair in folded for pair in _pairs_of(run)] if len(run) > 1 else [run in folded]
        known = [any(held[max(0, at - 1) : at + 1]) for at in range(len(run))]
        if "000" in "".join("01"[flag] for flag in known):
            return True
    return False


def _negated(sentence: str, source: str) -> bool:
    """Whether one of the two negates what the other only affirms."""
    return _negates_only(sentence, source) or _negates_only(source, sentence)


def _negates_only(left: str, right: str) -> bool:
    for match in _NEGATION.finditer(left):
        word = match.group(1)
        affirmed = word in right
        denied = any(found.group(1) == word for found in _NEGATION.finditer(right))
        if affirmed and not denied and not _affirms(left, word):
            return True
    return False


def _affirms(text: str, word: str) -> bool:
    denials = sum(found.group(1) == word for found in _NEGATION.finditer(text))
    return text.count(word) > denials


def _support(plain: str, passage: Passage) -> Citation:
    """Cite the sentence of the passage that holds most of the text; the earliest of equals."""
    pairs = _pairs(plain)
    spans = [span for raw in split(passage.text) if (span := trim(passage.text, raw)).end > span.start]
    if not spans:
        return cite(passage, 0, len(passage.text))

    def held(span: Span) -> int:
        sentence = fold(passage.text[span.start : span.end])
        return sum(pair in sentence for pair in pairs)

    return cite(passage, *max(spans, key=held))
