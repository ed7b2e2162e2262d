"""The facts that a draft may use: short quotes from the passages about its topic."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from wenshu.knowledge.cite import Citation, Statement, attributed, cite
from wenshu.knowledge.claims import amounts
from wenshu.knowledge.coverage import Folded, Probe
from wenshu.knowledge.passage import Passage
from wenshu.knowledge.question import read
from wenshu.knowledge.rank import Candidate, rank
from wenshu.knowledge.units import plain
from wenshu.zh.sentences import Span, clauses, trim


@dataclass(frozen=True, slots=True)
class Fact:
    """A quote, said so that it can be understood alone, with its citation."""

    text: str
    citation: Citation

    @property
    def kind(self) -> str:
        """``dated`` with a year, else ``counted`` with a number, else ``listed`` with several things, else ``told``."""
        found = amounts(self.text)
        if any(amount.measure == "年" and _FIRST_YEAR <= amount.value <= _LAST_YEAR for amount in found):
            return "dated"
        if found:
            return "counted"
        return "listed" if self.text.count("、") >= 2 else "told"

    def after(self, lead: str) -> Statement:
        """Say the fact behind ``lead``, which is ours."""
        return Statement(f"{lead}{self.text}", (self.citation,))

    @property
    def caption(self) -> str:
        """Give the fact's first clauses, word for word, at most eighteen characters where a clause is that short."""
        text = self.text.rstrip("。！？；;.!?")
        end = 0
        for clause in clauses(text, Span(0, len(text))):
            if end and clause.end > _CAPTION:
                break
            end = clause.end
        return text[:end].rstrip("，、；;, ")


def subject_of(request: str) -> str:
    """Take the topic out of a request (帮我写三个关于云图X3的选题 → 云图X3); its beginning when nothing is left."""
    flat = " ".join(request[:_LONGEST_REQUEST].split())
    bare = " ".join(_REQUEST.sub(" ", flat).split()).strip(_EDGE)
    return _LEAD.sub("", bare).strip(_EDGE)[:_LONGEST_SUBJECT] or flat[:_LONGEST_SUBJECT]


def facts(topic: str, passages: Sequence[Passage], limit: int = 8) -> list[Fact]:
    """Choose at most ``limit`` facts about the topic, the most telling first, no two alike.

    A passage that shares less than a third of the topic's words gives none.
    """
    asked = read(topic)
    probe = Probe(asked)
    about = [passage for passage in passages if _is_about(probe, passage)]
    chosen: list[Fact] = []
    for candidate in rank(asked, about):
        fact = _fact(candidate)
        if fact and not any(_alike(fact.text, other.text) for other in chosen):
            chosen.append(fact)
        if len(chosen) >= limit:
            break
    return chosen


_CAPTION = 18
_LONGEST_REQUEST = 300
_LONGEST_SUBJECT = 40
_EDGE = "的，。！？、：:,.!? "
_LEAD = re.compile(r"^(?:给|为|就|对)|(?:出|做|写)$")
_LONGEST_FACT = 70
_SHORTEST_FACT = 8
_SHORTEST_TOLD = 12  # without a number or a list, less says nothing (答案在我父亲身上。)
_FIRST_YEAR, _LAST_YEAR = 1000, 2999
_POINTING = re.compile(
    r"答案|原因|结果|结论|这|那(?!天|年)|此|如下|以上|以下|上述|但|可是|而且|所以|因此|于是|然后|第[一二三四五]句|总之"
)
# Heads of letters and minutes, notes for the speaker, greetings, several fields in one line: form, not facts.
_FORM = re.compile(
    r"^(?:发件人|收件人|抄送|密送|主题|日期|时间|地点|主持人?|参加人?|出席|请假|记录人?|编制|审核|批准|版本|附件|备注|注|说明|提示|联系"
    r"|from|to|cc|subject|date)\s*[：:]|\u3000|\t|[^\s：:]{1,6}[：:]\S+\s+[^\s：:]{1,6}[：:]"
    r"|^(?:您好|你好|谢谢|感谢|顺祝|此致|敬礼|各位)|辛苦了|请查收|(?:请|尽快)[^。]{0,20}(?:答复|回复)|谢谢大家|\S+@\S+\.\S+",
    re.IGNORECASE,
)
_REQUEST = re.compile(
    r"请|麻烦|帮我|帮忙|帮|给我|为我|我想|我要|想要|需要|写出?|生成|构思|策划|设计|拍摄?|制作|做|出(?=[一二两三四五几]|个)|想(?=[一二两三四五几]|个)|"
    r"[一二两三四五六七八九十几\d]+(?:个|篇|份|条|支|段|组|套)|一些|关于|围绕|针对|有关|以(?=.{1,20}为(?:主题|题))|为(?:主题|题)|"
    r"(?:短?视频|抖音|小红书|快手|视频号|口播|拍摄|分镜|营销|推广|宣传|创意|内容|爆款)*"
    r"(?:创意|选题|点子|脚本|文案|视频|笔记|标题|思路|主意|方案|灵感)"
)


def _is_about(probe: Probe, passage: Passage) -> bool:
    whole = Folded(f"{passage.title} {passage.name} {passage.heading} {passage.text}")
    return bool(probe.all) and probe.share(probe.all, probe.literal(whole)) >= 1 / 3


def _fact(candidate: Candidate) -> Fact | None:
    """Make a fact of a sentence, of its first clauses if it is long; rows, questions, forms and scraps are none."""
    passage, span, said = candidate.passage, candidate.span, candidate.text
    if candidate.unit.kind == "row" or said.endswith(("？", "?", "：", ":")) or _FORM.search(said):
        return None
    if span.end - span.start > _LONGEST_FACT:
        span = _shortened(passage.text, span)
    if not _SHORTEST_FACT <= span.end - span.start <= _LONGEST_FACT:
        return None
    quote = passage.text[span.start : span.end]
    fact = Fact(attributed(plain(quote), passage.title), cite(passage, *span))
    return None if fact.kind == "told" and (len(quote) < _SHORTEST_TOLD or _POINTING.match(quote)) else fact


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
