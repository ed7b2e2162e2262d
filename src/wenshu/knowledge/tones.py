"""Tones: what a theme changes in a draft: which frames come first, which facts are preferred, how it opens and ends."""

import re
from dataclasses import dataclass

from wenshu.knowledge.material import Fact
from wenshu.zh.fold import fold

FRAMES = ("speech", "number", "contrast", "time", "question", "list", "scene")
"""The ways in which an idea can be told (``ideas``)."""


@dataclass(frozen=True, slots=True)
class Tone:
    """One tone. ``steps`` lead the three facts of an outline; ``{0}`` in a text is the subject, ``{1}`` a figure."""

    style: str
    order: tuple[str, ...]
    steps: tuple[str, str, str]
    opening: str
    figure: str
    """How a film opens where there is a figure to open with."""
    closing: str
    ending: str
    prefers: str = ""
    """Words (a pattern) of the facts that suit it."""
    figures: float = 0.0
    scenes: float = 0.0
    """How much figures and scenes count more, or less, than usual."""

    def suits(self, fact: Fact) -> bool:
        """Whether the fact speaks of what the tone is about; true where it is about nothing of its own."""
        return not self.prefers or re.search(self.prefers, fact.text) is not None

    def merit(self, fact: Fact) -> float:
        """How well a fact suits the tone, beside its own worth."""
        worth = self.figures * (bool(fact.number) or fact.compares) + self.scenes * (bool(fact.speech) or fact.is_scene)
        return worth + (0.5 if self.prefers and self.suits(fact) else 0.0)


def tone_of(theme: str | None) -> tuple[Tone, str]:
    """The tone of a theme and what to call it; without a theme the plain one and nothing."""
    words = " ".join((theme or "").split())[:30]
    if not words:
        return _PLAIN, ""
    for pattern, tone in _TONES:
        if pattern.search(fold(words)):
            return tone, tone.style if words.isascii() else f"{words}（{tone.style.partition('：')[2]}）"
    return _PLAIN, words


_PLAIN = Tone(
    style="平实",
    order=FRAMES,
    steps=("先讲", "接着讲", "再补一条"),
    opening="今天讲讲{0}。",
    figure="先记住一个数字：{1}。",
    closing="回到开场的问题，用一句话收住，请观众在评论区说说自己的看法。",
    ending="关于{0}，还想了解什么，欢迎留言。",
)
_TONES = (
    (
        re.compile(r"tech|geek|科技|数码|参数|硬核|极客|专业|理性|测评"),
        Tone(
            style="科技数码：结论先行，重参数与对比",
            order=("contrast", "number", "list", "question", "time", "scene", "speech"),
            steps=("先看", "再看", "还要看"),
            opening="不绕弯子，{0}直接看要点。",
            figure="先看数据：{1}。",
            closing="把上面几项列成一张表定格，请观众留言想看的下一项。",
            ending="{0}的要点就这些，想看哪一项的细节，打在评论区。",
            figures=0.4,
            scenes=-0.5,
        ),
    ),
    (
        re.compile(r"overseas|trip|travel|海外|出海|出国|旅行|旅游|出行|国际"),
        Tone(
            style="海外出行：重地点、过程与注意事项",
            order=("scene", "list", "time", "question", "number", "speech", "contrast"),
            steps=("先看", "再看", "另外留意"),
            opening="跟着镜头看一看{0}。",
            figure="动身之前，先记一个数字：{1}。",
            closing="列出要留意的事项，提醒观众收藏备用。",
            ending="这一趟先到这里，关于{0}还想看什么，留言告诉我们。",
            prefers=r"海外|出口|越南|泰国|国际|出国|境外|出行|旅|路线|机场|口岸|护照|签证",
            scenes=0.2,
        ),
    ),
    (
        re.compile(r"warm|温情|温暖|感人|情感|故事|治愈|怀旧|亲情|人文|走心"),
        Tone(
            style="温情：重人物、原话与细节",
            order=("speech", "scene", "time", "number", "question", "contrast", "list"),
            steps=("先讲", "接着讲", "再补一笔"),
            opening="有一件事，想慢慢讲给你听。",
            figure="{1}，是这个故事里的一个数字。",
            closing="回到开场的画面，留白两秒，请观众讲讲自己的经历。",
            ending="如果你也有这样的故事，欢迎讲给我们听。",
            scenes=0.5,
            figures=-0.1,
        ),
    ),
    (
        re.compile(r"fun|humou?r|轻松|幽默|搞笑|有趣|活泼|沙雕|段子"),
        Tone(
            style="轻松：短句、反问、快节奏",
            order=("question", "contrast", "number", "speech", "scene", "list", "time"),
            steps=("先说", "再说", "还没完"),
            opening="{0}？坐稳了，慢慢听。",
            figure="猜猜看，{1}说的是什么？",
            closing="用一句反问收尾，请观众在评论区接龙。",
            ending="看懂的朋友，评论区集合。",
            scenes=0.2,
        ),
    ),
    (
        re.compile(r"formal|business|商务|正式|严肃|官方|稳重|汇报|政务"),
        Tone(
            style="商务：按时间与数据陈述",
            order=("time", "number", "contrast", "list", "question", "speech", "scene"),
            steps=("其一", "其二", "其三"),
            opening="以下介绍{0}的有关情况。",
            figure="先报告一组数据：{1}。",
            closing="以一页要点小结收尾，标明资料来源。",
            ending="以上是{0}的有关情况，详情可联系我们。",
            figures=0.3,
            scenes=-0.4,
        ),
    ),
    (
        re.compile(r"sale|promo|种草|带货|促销|转化|安利|好物"),
        Tone(
            style="种草：从用得上的地方讲起",
            order=("question", "contrast", "list", "number", "scene", "speech", "time"),
            steps=("先看", "再看", "下单前再看"),
            opening="正在了解{0}的朋友，先把这条看完。",
            figure="{1}，先把这个数字记下来。",
            closing="列出适合与不适合的情形，请观众按自己的情况选择。",
            ending="适不适合你，把你家的情况打在评论区。",
            figures=0.2,
        ),
    ),
    (
        re.compile(r"teach|edu|science|科普|教学|干货|知识|教程|讲解"),
        Tone(
            style="科普：先提问题，再逐条讲明白",
            order=("question", "list", "number", "contrast", "time", "scene", "speech"),
            steps=("先弄清", "再弄清", "还要弄清"),
            opening="{0}，一条一条讲明白。",
            figure="{1}是什么概念？",
            closing="把要点做成一张卡片，提醒观众收藏备查。",
            ending="还有哪里没讲明白，留言问我们。",
            figures=0.1,
            scenes=-0.2,
        ),
    ),
)
