"""The facts that a draft may use: short quotes from the passages about its topic, the most telling first."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import log

from wenshu.knowledge.brief import read_brief
from wenshu.knowledge.cite import PRONOUNS, Citation, Statement, cite
from wenshu.knowledge.claims import amounts
from wenshu.knowledge.coverage import Folded, Probe
from wenshu.knowledge.factbook import Told
from wenshu.knowledge.passage import Passage
from wenshu.knowledge.question import read
from wenshu.knowledge.stated import in_words
from wenshu.knowledge.units import Unit, plain, units
from wenshu.zh.sentences import Span, clauses, trim


@dataclass(frozen=True, slots=True)
class Fact:
    """A quote, said so that it can be understood alone, with its citation."""

    text: str
    citation: Citation
    label: str = ""
    """The heading that an item of a list stands under, where the item says nothing without it."""
    score: float = 0.0
    relevance: float = 0.0
    """How much of the topic it and its heading name, 0 to 1."""

    @property
    def kind(self) -> str:
        """``dated`` with a year, else ``counted`` with a number, else ``listed`` with several things, else ``told``."""
        if self.years:
            return "dated"
        if amounts(self.text):
            return "counted"
        return "listed" if self.text.count("、") >= 2 else "told"

    @property
    def years(self) -> list[str]:
        """The years it names, as it names them."""
        return list(dict.fromkeys(f"{found}年" for found in _YEAR.findall(self.text)))

    @property
    def number(self) -> str:
        """The figure in it that says most, with its unit (``186万元``); dates and model names are none."""
        found = [match.group() for match in _FIGURE.finditer(self.text)]
        return max(found, key=len, default="")

    @property
    def speech(self) -> str:
        """What somebody says in it, without the quotation marks; short words in quotation marks are names."""
        found = [match.group(1) for match in _SPEECH.finditer(self.text)]
        return max(found, key=len, default="")

    @property
    def compares(self) -> bool:
        """Whether it sets one state against another."""
        return _COMPARED.search(self.text) is not None

    @property
    def is_scene(self) -> bool:
        """Whether somebody does something in it at a place or time."""
        return _SCENE.search(self.text) is not None and not self.compares

    @property
    def said(self) -> str:
        """The fact with its label."""
        return f"{self.label}：{self.text}" if self.label else self.text

    def after(self, lead: str) -> Statement:
        """Say the fact behind ``lead``, which is ours."""
        return Statement(f"{lead}{self.said}", (self.citation,))

    @property
    def caption(self) -> str:
        """The clauses that say most, word for word: those with the figure, at most twenty-four characters."""
        text = (self.speech or self.text).rstrip("。！？；;.!?")
        parts = clauses(text, Span(0, len(text)))
        if parts[0].end > _CAPTION and "：" in text[slice(*parts[0])]:
            return _shown(text.partition("：")[2], self.number)
        return _shown(text, self.number)


def _shown(text: str, number: str) -> str:
    parts = clauses(text, Span(0, len(text)))
    first = last = next((at for at, part in enumerate(parts) if number and number in text[slice(*part)]), 0)
    while last + 1 < len(parts) and parts[last + 1].end - parts[first].start <= _CAPTION:
        last += 1
    told = text[parts[first].start : parts[last].end].strip("，、；;, ")
    return told if len(told) <= _CAPTION else number or told[:_CAPTION]


def subject_of(request: str) -> str:
    """Take the topic out of a request (帮我写三个关于云图X3的选题 → 云图X3); its beginning when nothing is left."""
    return read_brief(request).subject


def facts(topic: str, passages: Sequence[Passage], limit: int = 8, known: Sequence[Told] = ()) -> list[Fact]:
    """Choose at most ``limit`` facts about the topic, the most telling first, no two alike.

    A passage that shares less than a third of the topic's words gives none. ``known`` is what the library states of
    the topic's thing: it fills what the passages leave open.
    """
    probe = Probe(read(topic))
    about = [passage for passage in passages if _is_about(probe, passage)]
    weighed = _Topic(topic, probe, about)
    found = [fact for passage in about for fact in _facts(weighed, passage)]
    home = max(found, key=lambda fact: fact.score).citation.passage.key if found else ""
    chosen: list[Fact] = []
    # What stands beside the best of them belongs to its story.
    for fact in sorted(found, key=lambda fact: -fact.score - _AT_HOME * (fact.citation.passage.key == home)):
        if not any(_alike(fact.text, other.text) for other in chosen):
            chosen.append(fact)
        if len(chosen) >= limit:
            return chosen
    best = max((fact.relevance for fact in chosen), default=1.0)
    for fact in (_of_known(one, best) for one in known):
        if fact and len(chosen) < limit and not any(_alike(fact.text, other.text) for other in chosen):
            chosen.append(fact)
    return chosen


def _of_known(told: Told, relevance: float) -> Fact | None:
    """A fact of a table or of a line with a key, said with its subject; else, and where it is unfit, None."""
    stated = told.known.fact
    if stated.kind not in {"cell", "pair"} or any(each.search(in_words(stated)) for each in _UNFIT):
        return None
    said = in_words(stated._replace(kind="cell"))
    if not _SHORTEST_FACT <= len(said) <= _LONGEST_FACT:
        return None
    passage = told.passage
    return Fact(said, cite(passage, stated.start - passage.start, stated.end - passage.start), relevance=relevance)


class _Topic:
    """A topic's words, each worth the more the fewer of the passages at hand have it."""

    def __init__(self, topic: str, probe: Probe, passages: Sequence[Passage]) -> None:
        self.text = topic
        texts = [Folded(f"{passage.title} {passage.heading} {passage.text}") for passage in passages]
        self._weights: dict[str, float] = {}
        for pair in probe.pairs:
            holding = sum(_has(text, pair) for text in texts)
            # 政策 or 业务 alone is of no topic.
            self._weights[pair] = log(1 + len(texts) / (1 + holding)) * (_LITTLE if pair in _GENERIC else 1.0)
        self._whole = sum(self._weights.values()) or 1.0

    def share(self, text: str) -> float:
        """How much of the topic a text names, 0 to 1."""
        folded = Folded(text)
        return sum(weight for pair, weight in self._weights.items() if _has(folded, pair)) / self._whole


def _has(text: Folded, pair: str) -> bool:
    return pair in (text.words if pair.isascii() else text.text)


_CAPTION = 24
_LONGEST_FACT = 70
_SHORTEST_FACT = 8
_SHORTEST_TOLD = 12  # without a number or a list, less says nothing (答案在我父亲身上。)
_LONGEST_LABEL = 12
_GENERIC = frozenset(
    {
        "政策",
        "方案",
        "业务",
        "制度",
        "介绍",
        "故事",
        "情况",
        "产品",
        "公司",
        "服务",
        "管理",
        "工作",
        "处理",
        "怎么",
        "经营",
        "项目",
    }
)
_LITTLE = 0.3
_AT_HOME = 0.25
_LEAST_ROW = 0.4  # share of the topic that a row of a table has to name itself
_YEAR = re.compile(r"(?<!\d)((?:1[5-9]|20)\d\d)年")
_UNIT = (
    r"(?:万|亿)?(?:平方米|立方米|平方公里|公里|千米|厘米|毫米|个百分点|级台阶|个省份|个县|个月|小时|分钟|万台|人次|家企业|"
    r"年(?!\d|[0-9一二三四五六七八九十]{1,2}月|底|初|末|度|代|的|产能)|天|秒|元|台|次|项|条|人|名|户|只|家|件|张|版|倍|吨|米|级|页|种|道|座|%)"
)
_FIGURE = re.compile(rf"(?<![\dA-Za-z.,\-–—~/])(?<!\d[:：])(?!(?:19|20)\d\d年)\d[\d,]*(?:\.\d+)?{_UNIT}")
_SPEECH = re.compile(r"“([^”]{8,60})”")
_COMPARED = re.compile(
    r"从[^，。；]{1,20}(?:降|升|增|减|提高|提升|缩短|下降|上升|增长|扩大|改)[^，。；]{0,4}(?:到|至|为)|比[^，。；]{1,16}(?:增长|下降|提高|减少|高|低|多|少)|同比|与[^，。；]{1,10}相比|翻了|是[^，。；]{1,8}的\d"
)
_SCENE = re.compile(
    r"我(?!们?公司|国)|(?<!其)[他她](?!们)|父亲|母亲|有一户|有人|客户后来|那天|那年|春节|头一年|白天|晚上"
)
_POINTING = re.compile(
    r"答案|原因|结果|结论|这(?!次[\u4e00-\u9fff]{2}|[家款批项座间][\u4e00-\u9fff]{2})|那(?!天|年)|此|如下|以上|以下|上述|但|可是|而且|所以|因此|于是|然后|第[一二三四五]句|总之|"
    r"剩余|其余|其中|另外|否则|同时|超过|不足|逾期|说明|注意|(?:没有|未)[^，]{1,10}的，"
)
_REFERRING = re.compile(r"以下|如下|上述|下表|下列|见附件|详见")
# Heads of letters and minutes, notes for the speaker, greetings, several fields in one line: form, not facts.
_FORM = re.compile(
    r"^(?:发件人|收件人|抄送|密送|主题|日期|时间|地点|主持人?|参加人?|出席|请假|记录人?|编制|审核|批准|版本|附件|备注|注|说明|提示|联系"
    r"|from|to|cc|subject|date)\s*[：:]|\u3000|\t|[^\s：:]{1,6}[：:]\S+\s+[^\s：:]{1,6}[：:]"
    r"|^(?:您好|你好|谢谢|感谢|顺祝|此致|敬礼|各位)|辛苦了|请查收|(?:请|尽快)[^。]{0,20}(?:答复|回复)|谢谢大家|\S+@\S+\.\S+|谢谢"
    r"|^https?:|热线|电话|邮箱|(?<!地)地址|联系人|抬头|0\d{2,3}-\d{7,8}|1[3-9]\d{9}"
    r"|(?:经理|总监|主任|部长|董事长|负责人)(?:为|是)[^，。]{2,4}[。，]?$|分管|负责解释|修改内容|合格证|每箱装|第[一二三四五六七八九十百]{1,4}条",
    re.IGNORECASE,
)
# What is said to colleagues, not to an audience.
_INTERNAL = re.compile(
    r"会议(?:决定|要求|同意)|不要点名|先问客户|重点讲|讲到|由[^\s，。、]{2,4}(?:负责|安排|牵头|担任)|下次例会|排产|逐户列出"
    r"|(?:通报|报告)(?:一次)?(?:数据|进度)|仅供内部|演讲者|备注"
)
_UNFIT = (_FORM, _INTERNAL, _REFERRING)
_PAPERS = re.compile(r"纪要|来信|邮件|报销|考勤|考核|合同|通知|请示|台账")


def _is_about(probe: Probe, passage: Passage) -> bool:
    whole = Folded(f"{passage.title} {passage.name} {passage.heading} {passage.text}")
    return bool(probe.all) and probe.share(probe.all, probe.literal(whole)) >= 1 / 3


def _facts(topic: _Topic, passage: Passage) -> Iterator[Fact]:
    title, head = topic.share(passage.title), topic.share(passage.heading)
    # Papers of the office are read for what only they know, not for a film about something else.
    paper = _PAPERS.search(passage.title) is not None and not _PAPERS.search(topic.text)
    lead = ""
    for unit in units(passage):
        if unit.said.endswith(("：", ":")):
            lead = unit.said.rstrip("：:")
            continue
        fact = _fact(passage, unit, lead if unit.kind == "item" else "")
        if fact is None:
            continue
        held = topic.share(fact.said)
        if unit.kind == "row" and held < _LEAST_ROW:
            continue
        relevance = min(1.0, held + 0.6 * head + 0.4 * title)
        score = 1.2 * held + 0.7 * head + 0.3 * title + 0.3 * passage.score + _salience(fact) - 0.6 * paper
        yield replace(fact, score=score, relevance=relevance)


def _salience(fact: Fact) -> float:
    """How much a fact has to show: words of somebody, a comparison, a figure, a date, a scene; and a fair length."""
    size = len(fact.text)
    held = 0.35 * bool(fact.speech) + 0.3 * fact.compares + 0.2 * bool(fact.number) + 0.15 * bool(fact.years)
    return held + 0.2 * fact.is_scene + 0.15 * (14 <= size <= 50) - 0.1 * bool(fact.label)


def _fact(passage: Passage, unit: Unit, lead: str) -> Fact | None:
    """Make a fact of a piece, of its first clauses if it is long; questions, forms, orders and scraps are none."""
    span, said = unit.span, unit.said
    if said.endswith(("？", "?", "：", ":")) or any(each.search(said) for each in _UNFIT):
        return None
    if unit.kind == "row":
        row = unit.row
        speaks = row is not None and bool(row.columns) and len(said) <= _LONGEST_FACT
        return Fact(said, cite(passage, *span)) if speaks else None
    if span.end - span.start > _LONGEST_FACT:
        span = _shortened(passage.text, span)
    if not _SHORTEST_FACT <= span.end - span.start <= _LONGEST_FACT:
        return None
    span = _named(passage, Span(span.start + _marker(passage.text[slice(*span)]), span.end))
    quote = passage.text[slice(*span)]
    if _POINTING.match(quote):
        return None
    text = f"{plain(quote).rstrip('；;，,、')}{'。' if quote[-1:] in '；;，,、' else ''}"
    if quote.startswith(PRONOUNS):
        thing = _PAPER_NAME.sub("", passage.title)
        if not 2 <= len(thing) <= _LONGEST_THING or thing == passage.title:
            return None
        text = f"{thing}：{text}"
    fact = Fact(text, cite(passage, *span), _label(unit, lead, text))
    return None if fact.kind == "told" and not fact.label and len(quote) < _SHORTEST_TOLD else fact


def _marker(text: str) -> int:
    found = _ENUMERATED.match(text)
    return found.end() if found else 0


def _named(passage: Passage, span: Span) -> Span:
    """Of a sentence about 他 or 它 that quotes somebody, the words quoted: they stand alone."""
    quote = passage.text[slice(*span)]
    spoken = _SPEECH.search(quote) if quote.startswith(PRONOUNS) else None
    return Span(span.start + spoken.start(), span.start + spoken.end()) if spoken else span


def _label(unit: Unit, lead: str, text: str) -> str:
    """What an item stands under, where that is short and the item does not name its own thing (``LX-N10系列：…``)."""
    if unit.kind != "item" or "：" in text[:14]:
        return ""
    under = _NUMBERED.sub("", lead or unit.under).strip()
    under = re.sub(r"^(?:以下|下列|如下)|(?:包括|如下|有)$", "", under)
    return under if 2 <= len(under) <= _LONGEST_LABEL and under not in text else ""


_NUMBERED = re.compile(
    r"^\s*(?:第[一二三四五六七八九十\d]{1,3}[章节条]|\d{1,2}(?:\.\d{1,2})+|[一二三四五六七八九十]{1,3}、|[（(]?\d{1,2}[)）.、]|\d{1,2}\.\d|\d{1,2}\s)\s*"
)
_ENUMERATED = re.compile(r"(?:[一二三四五六七八九十]{1,3}、|[（(]?\d{1,2}[)）.、](?!\d))\s*")
_PAPER_NAME = re.compile(r"(?:产品)?(?:使用)?(?:手册|说明书?|简介|介绍)(?:[（(][^）)]*[)）])?$")
_LONGEST_THING = 14


def _shortened(text: str, span: Span) -> Span:
    end = span.start
    for clause in clauses(text, span):
        if clause.end - span.start > _LONGEST_FACT:
            break
        end = clause.end
    short = trim(text, Span(span.start, end))
    while short.end > short.start and text[short.end - 1] in "，、；;,":
        short = Span(short.start, short.end - 1)
    return short


def _alike(left: str, right: str) -> bool:
    ours = {left[at : at + 2] for at in range(len(left) - 1)}
    theirs = {right[at : at + 2] for at in range(len(right) - 1)}
    return 2 * len(ours & theirs) >= 0.7 * (len(ours) + len(theirs))
