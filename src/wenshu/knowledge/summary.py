"""Summaries without a model: a document's outline, one sentence a section, figures and dates, all word for word."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from wenshu.knowledge.answer import Answer
from wenshu.knowledge.cite import Statement, cite
from wenshu.knowledge.passage import Passage
from wenshu.knowledge.units import Unit, is_part, units
from wenshu.zh.fold import fold
from wenshu.zh.sentences import Span, clauses, trim

MOST_CHARACTERS = 1_000_000
"""Characters that are read of all documents together; that more was left out is told."""


def wants_summary(question: str, names: Sequence[str]) -> bool:
    """Whether a question asks for a summary of whole documents and of nothing in them; ``names`` are their names.

    总结一下, 概括这份文件, 这份文件讲了什么 do; 总结一下净利润增长的原因 does not.
    """
    text = fold(question)
    if len(text) > _LONGEST_QUESTION or not _ASKS.search(text):
        return False
    called = {fold(said) for name in names for said in (name, bare(name)) if said}
    for said in sorted(called, key=len, reverse=True):
        text = text.replace(said, " ")
    return not re.sub(r"\W", "", _AROUND.sub(" ", _ASKS.sub(" ", text)))


def bare(title: str) -> str:
    """A title as people say it: without what stands in brackets at its end (``（2026版）``)."""
    return re.sub(r"[（(【\[][^）)】\]]{1,20}[）)】\]]$", "", title).strip()


def may_want_summary(question: str) -> bool:
    """Whether a question has the words of one that asks for a summary: only then it is worth looking what it names."""
    return len(question) <= _LONGEST_QUESTION and _ASKS.search(fold(question)) is not None


def summarise(documents: Sequence[Sequence[Passage]]) -> tuple[Answer, list[Passage]]:
    """Summarise documents, each given as its passages in order; and give the passages that say most, for a model.

    CPU-bound, linear in the documents' length.
    """
    documents = [passages for passages in documents if passages]
    sections = max(_LEAST_SECTIONS, _MOST_SECTIONS // max(1, len(documents)))
    lines: list[Statement] = []
    telling: list[Passage] = []
    for passages in documents:
        whole = _Document(passages)
        lines += _told(whole, sections)
        telling += whole.telling(sections)
    return Answer(tuple(lines), refusal=None if lines else NOTHING_TO_SUMMARISE), telling[:_MOST_TELLING]


NOTHING_TO_SUMMARISE = "文件中没有可以概括的文字。"
_LONGEST_QUESTION = 80
_LAST_PIECE = 400
_MOST_SECTIONS, _LEAST_SECTIONS = 20, 5
_MOST_TELLING = 24
_MOST_FIGURES = _MOST_DATES = 6
_LONGEST_SAID = 90
_SHORTEST_SAID = 8
_LONGEST_DETAIL = 44
_ASKS = re.compile(
    r"总结|概括|概述|归纳|摘要|提炼|梳理|(?:讲|说|写|谈|介绍)了?(?:些|的是)?(?:什么|啥)|(?:主要)?内容(?:是|有)?(?:什么|哪些)?|大意(?:是什么)?"
    r"|(?:主要|核心|关键)?(?:要点|重点|观点)(?:是|有)?(?:什么|哪些)?|说的(?:是)?(?:什么|啥)|\bsummar(?:y|i[sz]e)\b"
)
_AROUND = re.compile(
    r"请|麻烦|帮忙|帮我?|给我?|能不能|可以|能否|一下|下|一份|一段|简单|简要|简短|大致|主要|全文|整体|全部|所有|上传|附件|附上|"
    r"[这那本该此上]?(?:一?[份个篇封张本部]|两份|几[份个篇]|些)?(?:文件|文档|材料|资料|报告|合同|手册|文章|表格?|邮件|纪要|内容|pdf|word|ppt|excel|docx|xlsx)|"
    r"里面?|中|的|了|呢|吗|吧|都|和|与|及|用[一-十\d]{1,3}[句段]话|话|this|the|document|file|please|it|of|for me"
)
_FIGURE = re.compile(
    r"\d[\d,]*(?:\.\d+)?\s?(?:[万亿]?元|%|[万亿]?[台个件人次户家条项套吨只张米]|倍|天|小时|个月|年(?!\d)(?!第|上|下|末|初|底))"
)
_DATE = re.compile(r"(?:\d{4}年)?\d{1,2}月\d{1,2}日|\d{4}年\d{1,2}月|(?<!\d)\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?!\d)")


@dataclass(frozen=True, slots=True)
class _Place:
    """A piece of a passage that may be said."""

    passage: Passage
    unit: Unit


@dataclass(frozen=True, slots=True)
class _Section:
    title: str
    places: list[_Place]


class _Document:
    def __init__(self, passages: Sequence[Passage]) -> None:
        self.passages = passages
        self.name = passages[0].title or passages[0].name
        self.characters = passages[-1].end
        self.places = [_Place(passage, unit) for passage in passages for unit in units(passage)]
        self.sections = self._sections()
        # How many passages hold each pair: what is in most of them tells what the document is about.
        self._spread = Counter(pair for passage in passages for pair in _pairs(fold(passage.text)))
        self._heads = _pairs(fold(" ".join((self.name, *(section.title for section in self.sections)))))

    def _sections(self) -> list[_Section]:
        """By headings; where a text has none, by its lines that read as headings; else every passage for itself."""
        paths = {passage.key: _path(passage) for passage in self.passages}
        depth = _shared(list(paths.values()))
        headed = _grouped(self.places, ["".join(paths[place.passage.key][depth : depth + 1]) for place in self.places])
        if sum(bool(section.title) for section in headed) > 1:
            # What stands before the first heading is mostly who wrote it and when.
            return [section for section in headed if section.title]
        lined = _grouped(self.places, _carried([place.unit.under for place in self.places]))
        if len({section.title for section in lined}) > 2:
            # A title over a date and a name is the document's, no part of it.
            first, *rest = [section for section in lined if section.title]
            return [first, *rest] if any(_is_sentence(place.unit.said) for place in first.places) else rest
        each = _grouped(self.places, [place.passage.key for place in self.places])
        return [_Section("", section.places) for section in each]

    def best(self, section: _Section) -> _Place | None:
        """The sentence that stands for a section: about what its heading and the whole are about, early, no scrap."""
        read = section.places[:_READ]
        sentences = [place for place in read if place.unit.kind != "row" and _is_sentence(place.unit.said)]
        tabled = [place for place in read if place.unit.kind == "row" and _SHORTEST_SAID <= len(place.unit.said) <= 120]
        held = sentences or tabled[:1]
        head = _pairs(fold(section.title))
        return max(held, key=lambda place: self._weight(place, head) - 0.02 * held.index(place), default=None)

    def telling(self, most: int) -> list[Passage]:
        """The passages that hold what is said of each section."""
        found = [place.passage for section in self.sections[:most] if (place := self.best(section))]
        return list({passage.key: passage for passage in found}.values())

    def details(self, pattern: re.Pattern[str], most: int, seen: set[str]) -> Iterator[Statement]:
        """Clauses that hold what the pattern finds, from all over the document: one a sentence, the central ones."""
        found: list[tuple[int, Passage, Span]] = []
        for place in self.places[:_READ_DETAILS]:
            said = place.unit.said
            if place.unit.kind == "row" or not pattern.search(said) or _CONTACT.search(said):
                continue
            span = next(_clauses_with(pattern, place.passage, place.unit.span), None)
            if span is not None:
                text = place.passage.text[slice(*span)]
                found.append((-len(_pairs(fold(text)) & self._heads), place.passage, span))
        told = 0
        for _, passage, span in sorted(found, key=lambda one: (one[0], one[1].start + one[2].start)):
            said = passage.text[slice(*span)].strip("，、；;。,. \n")
            if told < most and not any(said in other or other in said for other in seen):
                seen.add(said)
                told += 1
                yield Statement(f"- {said}", (cite(passage, *span),))

    def _weight(self, place: _Place, head: frozenset[str]) -> float:
        said = _pairs(fold(place.unit.said))
        if not said:
            return 0.0
        common = sum(min(self._spread[pair], 6) for pair in said) / len(said) / 6
        return 1.2 * len(said & head) / (len(head) or 1) + common + 0.25 * bool(_FIGURE.search(place.unit.said))


def _grouped(places: Sequence[_Place], titles: Sequence[str]) -> list[_Section]:
    """Neighbours of one title together."""
    pairs = zip(titles, places, strict=True)
    return [_Section(title, [place for _, place in group]) for title, group in groupby(pairs, lambda pair: pair[0])]


def _carried(titles: Sequence[str]) -> list[str]:
    """Each title, or the last one before it where there is none: a passage may begin below its heading."""
    carried: list[str] = []
    for title in titles:
        carried.append(title or (carried[-1] if carried else ""))
    return carried


_READ = 120  # pieces of one section that are read for its sentence
_READ_DETAILS = 20_000
_CONTACT = re.compile(r"电话|热线|邮箱|@|编制|审核|抄送|记录人|主持人|参加人|经理为|0\d{2,3}-\d{7,8}")
_REFERRING = re.compile(r"如下|下表|下列|见附件|如图")


def _told(whole: _Document, most: int) -> Iterator[Statement]:
    shown = whole.sections[:most]
    titled = list(dict.fromkeys(section.title for section in shown if section.title))
    size = f"约 {whole.characters} 字" if whole.characters < 10_000 else f"约 {whole.characters / 10_000:.1f} 万字"
    count = f"，{len(whole.sections)} 个部分" if titled else ""
    yield Statement(f"《{whole.name}》{count}，{size}。".replace("》，", "》："))
    if titled:
        yield Statement("\n提纲：")
        yield from (Statement(f"- {title}") for title in titled)
    if whole.characters >= MOST_CHARACTERS - _LAST_PIECE:
        yield Statement(f"（文件很长，只概括了前约 {whole.characters // 10_000} 万字）")
    if len(whole.sections) > most:
        yield Statement(f"（另有 {len(whole.sections) - most} 个部分未列出）")
    yield Statement("\n各部分要点：" if titled else "\n要点：")
    seen: set[str] = set()
    for section in shown:
        place = whole.best(section)
        if place is None:
            continue
        span = _cut(place.passage.text, place.unit)
        said = place.unit.said if place.unit.kind == "row" else place.passage.text[slice(*span)].strip()
        if said in seen:
            continue
        seen.add(said)
        lead = f"- {section.title}：" if section.title else "- "
        yield Statement(f"{lead}{said}", (cite(place.passage, *span),))
    for title, pattern, limit in (("关键数字", _FIGURE, _MOST_FIGURES), ("关键日期", _DATE, _MOST_DATES)):
        details = list(whole.details(pattern, limit, seen))
        if details:
            yield Statement(f"\n{title}：")
            yield from details
    yield Statement("")


def _path(passage: Passage) -> list[str]:
    """The headings above a passage, without the columns' names that stand last with a part of a table."""
    path = [part for part in passage.heading.split(" / ") if part]
    return path[:-1] if path and not _NUMBERED.match(path[-1]) and is_part(passage) else path


_NUMBERED = re.compile(r"[一二三四五六七八九十]{1,3}、|第.{1,4}[章节编]|[（(]?\d")


def _shared(paths: Sequence[Sequence[str]]) -> int:
    """How many headings stand above all passages, one that stands above some of them being the first to tell apart."""
    headed = [path for path in paths if path]
    depth = 0
    while headed and all(len(path) > depth and path[depth] == headed[0][depth] for path in headed):
        depth += 1
    return depth if len({tuple(path) for path in headed}) > 1 else max(0, depth - 1)


def _is_sentence(text: str) -> bool:
    whole = len(text) > _SHORTEST_SAID and not text.endswith(("：", ":", "？", "?"))
    return whole and not _CONTACT.search(text) and not _REFERRING.search(text)


def _cut(text: str, unit: Unit) -> Span:
    """The unit, of a long sentence its first clauses."""
    if unit.kind == "row" or unit.span.end - unit.span.start <= _LONGEST_SAID:
        return unit.span
    end = unit.span.start
    for clause in clauses(text, unit.span):
        if clause.end - unit.span.start > _LONGEST_SAID:
            break
        end = clause.end
    return trim(text, Span(unit.span.start, end if end > unit.span.start else unit.span.start + _LONGEST_SAID))


def _clauses_with(pattern: re.Pattern[str], passage: Passage, span: Span) -> Iterator[Span]:
    """The clauses of a sentence that hold a match.

    With those before them while they stay short, with the next where they end in the middle of a thought (``…的，``) or
    are no more than the match.
    """
    text, parts = passage.text, clauses(passage.text, span)
    for at, part in enumerate(parts):
        match = pattern.search(text[slice(*part)])
        if match is None:
            continue
        begin, end = part.start, part.end
        for before in reversed(parts[:at]):
            if end - before.start > _LONGEST_DETAIL:
                break
            begin = before.start
        said = text[begin:end].strip("，、；;。,. \n")
        if at + 1 < len(parts) and (said.endswith(("的", "时", "后", "前")) or len(said) <= len(match.group()) + 4):
            end = parts[at + 1].end
        found = trim(text, Span(begin, end))
        if _SHORTEST_SAID <= found.end - found.start <= 2 * _LONGEST_DETAIL and not _HANGING.match(text[slice(*found)]):
            yield found


_HANGING = re.compile(r"其中|并(?!购)|且|但|而|时间：|日期：")


def _pairs(folded: str) -> frozenset[str]:
    runs = re.findall(r"[\u4e00-\u9fff]+|[a-z0-9]+", folded)
    return frozenset(
        pair
        for run in runs
        for pair in ([run] if run[0].isascii() or len(run) == 1 else [run[at : at + 2] for at in range(len(run) - 1)])
    )
