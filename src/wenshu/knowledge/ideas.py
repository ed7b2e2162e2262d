"""Ideas without a model: each a way to tell the facts at hand, with title, angle, hook and outline."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from wenshu.knowledge.brief import Brief
from wenshu.knowledge.cite import Citation, Statement, cite
from wenshu.knowledge.material import Fact
from wenshu.knowledge.passage import Passage
from wenshu.knowledge.tones import Tone

LEAST_IDEAS = 3
_USUAL_IDEAS = 4


class Pool:
    """The facts at hand, each worth less the more often it was used."""

    def __init__(self, found: Sequence[Fact], tone: Tone, passages: Sequence[Passage], variant: int) -> None:
        self.facts = list(found)
        # What led the earlier answers to the same request stands back.
        self._stale = {id(fact) for fact in sorted(found, key=lambda fact: -fact.score)[: 2 * variant]}
        self.pairs = [passage for passage in passages if passage.kind == "qa"]
        self.best = max((fact.relevance for fact in found), default=0.0)
        self._tone = tone
        self._used: dict[int, int] = {}
        self._led: set[int] = set()

    def lead(self, suits: Callable[[Fact], object]) -> Fact | None:
        """The best fact of a kind that has not led yet, rather one that was not told either."""
        free = [fact for fact in self.facts if suits(fact) and id(fact) not in self._led]
        return max(free, key=lambda fact: self._worth(fact) - 0.3 * self._times(fact), default=None)

    def use(self, lead: Fact, *others: Fact) -> None:
        """Count the facts as used once more, the first as having led."""
        self._led.add(id(lead))
        for fact in (lead, *others):
            self._used[id(fact)] = self._times(fact) + 1

    def beside(self, lead: Fact, count: int, suits: Callable[[Fact], object] = bool) -> list[Fact]:
        """Facts that go with ``lead``: near it in its source and little used, in the order of the source."""
        others = [fact for fact in self.facts if fact is not lead and suits(fact)]
        chosen = sorted(others, key=lambda fact: self._times(fact) - self._worth(fact) - _near(lead, fact))[:count]
        return sorted(chosen, key=lambda fact: (fact.citation.passage.name, fact.citation.start))

    def _times(self, fact: Fact) -> int:
        return self._used.get(id(fact), 0)

    def _worth(self, fact: Fact) -> float:
        return fact.score + self._tone.merit(fact) - 0.5 * (id(fact) in self._stale)


def _near(one: Fact, other: Fact) -> float:
    """Half a point in the same source, up to one where they stand side by side."""
    if one.citation.passage.name != other.citation.passage.name:
        return 0.0
    return 0.5 + 0.5 / (1 + abs(one.citation.start - other.citation.start) / 120)


class _Idea(NamedTuple):
    title: str
    angle: str
    form: str
    hook: str
    asks: str
    facts: tuple[Fact, ...]
    cited: tuple[Citation, ...] = ()
    """What the title itself quotes."""
    leads: tuple[str, ...] = ()
    """What leads the facts of the outline, where the tone's own words would not do."""


def write_ideas(brief: Brief, pool: Pool, tone: Tone, variant: int) -> Iterator[Statement]:
    """The ideas, as many as asked for, three at least; those that the facts do not carry stay open."""
    wanted = max(LEAST_IDEAS, brief.count or _USUAL_IDEAS)
    order = tone.order[variant % len(tone.order) :] + tone.order[: variant % len(tone.order)]
    made: list[_Idea] = []
    told: list[str] = []
    # A frame may come twice where many ideas are wanted, its facts suffice and its title would be another.
    again = [name for name in order if name not in _ONCE]
    for name in (*order, *again, *["point"] * wanted):
        idea = _FRAMES[name](brief.short, pool) if len(made) < wanted else None
        if idea:
            pool.use(*idea.facts)
            made.append(idea)
            told.append(name)
    for number, idea in enumerate(made, 1):
        yield from _written(number, idea, tone)
    missing = max(0, LEAST_IDEAS - len(made))
    open_frames = sorted((name for name in order if name in _OPEN), key=told.count)[:missing]
    for number, name in enumerate(open_frames, len(made) + 1):
        yield from _open(number, name, brief.short, tone)


def _written(number: int, idea: _Idea, tone: Tone) -> Iterator[Statement]:
    lead, *others = idea.facts
    leads = idea.leads or tone.steps
    yield Statement(f"### 创意{number}：{idea.title}", idea.cited)
    yield Statement(f"- 角度：{idea.angle}。")
    yield lead.after(f"- 钩子：{idea.hook}")
    yield Statement("- 大纲：")
    yield Statement(f"  1. 抛出问题：{idea.asks}")
    for at, fact in enumerate(others):
        told = fact.text if idea.leads and fact.label else fact.said
        yield Statement(f"  {at + 2}. {leads[min(at, 2)]}：{told}", (fact.citation,))
    for at in range(len(others), 2):
        yield Statement(f"  {at + 2}. {leads[at]}：【待补：另一条可核实的事实】")
    yield Statement(f"  {max(len(others), 2) + 2}. 收尾：{tone.closing}")
    yield Statement(f"- 形式：{idea.form}。\n")


def _open(number: int, name: str, subject: str, tone: Tone) -> Iterator[Statement]:
    title, angle, gap = _OPEN[name]
    yield Statement(f"### 创意{number}：{title.format(subject)}")
    yield Statement(f"- 角度：{angle}。")
    yield Statement(f"- 钩子：【待补：{gap}】")
    yield Statement("- 大纲：")
    yield Statement(f"  1. 抛出问题：【待补：与{subject}有关、观众真正关心的问题】")
    for at in range(2):
        yield Statement(f"  {at + 2}. {tone.steps[at]}：【待补：一条可核实的事实】")
    yield Statement(f"  4. 收尾：{tone.closing}\n")


_ONCE = {"contrast", "time", "scene"}
_OPEN = {
    "number": ("{0}：从一个数字说起", "用一个具体数字建立直观印象，再解释它意味着什么", "可核实的数字"),
    "time": ("{0}：从一个时间点讲起", "以一个确切的时间为线索，讲清当时发生了什么", "关键时间点"),
    "list": ("{0}清单：一条一条看", "做成可以收藏的清单，一屏一条", "可以列成清单的内容"),
    "scene": ("走近{0}：一个真实场景", "选一个具体场景，让人看到实际情况", "真实场景与人物"),
}


def _with_others(pool: Pool, lead: Fact, suits: Callable[[Fact], object] = bool) -> tuple[Fact, ...]:
    return (lead, *pool.beside(lead, 2, suits))


def _speech(subject: str, pool: Pool) -> _Idea | None:
    lead = pool.lead(lambda fact: fact.speech)
    if lead is None:
        return None
    return _Idea(
        f"“{_cut(lead.speech)}”——{subject}",
        "用一句原话立住人物，再讲这句话是在什么情形下说的",
        "人物近景加原声或配音，字幕只放这一句原话",
        "开口就是这句话，不加铺垫：",
        "这句话是在什么情形下说的？",
        _with_others(pool, lead),
        (lead.citation,),
    )


def _number(subject: str, pool: Pool) -> _Idea | None:
    figures = [fact for fact in pool.facts if fact.number and not fact.speech]
    # A figure that the subject names already is no news.
    lead = pool.lead(lambda fact: fact in figures and fact.number not in subject) or pool.lead(lambda f: f in figures)
    if lead is None:
        return None
    return _Idea(
        f"{lead.number}：一个数字讲清{subject}",
        "用一个具体数字建立直观印象，再讲它的来历",
        f"大字卡“{lead.number}”定格，再切口播",
        "先亮数字，停一拍，再说来历：",
        f"“{lead.number}”说的是什么？",
        _with_others(pool, lead),
        (lead.citation,),
    )


def _contrast(subject: str, pool: Pool) -> _Idea | None:
    lead = pool.lead(lambda fact: fact.compares)
    if lead is None:
        return None
    return _Idea(
        f"放在一起比一比：{subject}",
        "把两种情况并排摆出来，让差别自己说话",
        "左右分屏对照，差别处放大标色",
        "两组情况同屏出现，直接念出差别：",
        "差别从哪里来？",
        _with_others(pool, lead, lambda fact: fact.number or fact.compares or not fact.is_scene),
    )


def _time(subject: str, pool: Pool) -> _Idea | None:
    lead = pool.lead(lambda fact: fact.years)
    if lead is None:
        return None
    by_year = {fact.years[0]: fact for fact in reversed(pool.beside(lead, 4, lambda fact: fact.years))}
    told = [fact for _, fact in sorted({**by_year, lead.years[0]: lead}.items())][:3]
    if lead not in told or len(told) == 1:
        return _Idea(
            f"回到{lead.years[0]}：{subject}",
            *_DATED,
            f"{lead.years[0]}，发生了什么？",
            _with_others(pool, lead),
            (lead.citation,),
        )
    first, last = told[0].years[0], told[-1].years[0]
    cited = tuple(dict.fromkeys((told[0].citation, told[-1].citation)))
    title = f"从{first}到{last}：{subject}"
    return _Idea(title, *_DATED, f"{first}，发生了什么？", tuple(told), cited, ("接着", "再往后", "后来"))


_DATED = (
    "按时间顺序讲，让观众看到前后的变化",
    "时间轴动画，一个时间点配一个画面",
    "用时间点开场，把观众带回当时：",
)


def _question(subject: str, pool: Pool) -> _Idea | None:
    del subject
    for pair in pool.pairs:
        # The answer's beginning answers; what stands later may only be a condition.
        fact = pool.lead(
            lambda fact, key=pair.key: fact.citation.passage.key == key and fact.citation.start < _BEGINNING
        )
        if fact is not None and fact.relevance >= _ASKED_ABOUT * pool.best:
            asked = f"{pair.name.rstrip('？?')}？"
            whole = (cite(pair, 0, len(pair.text)),)
            title = f"被问到的一个问题：{_cut(asked.rstrip('？'))}？"
            return _Idea(title, *_ASKED, asked, _with_others(pool, fact), whole)
    return None


_ASKED = (
    "站在第一次接触的人的角度提问，再逐个回答",
    "一问一答，提问用字幕，回答用口播",
    "把问题念出来，马上给出答案：",
)


def _list(subject: str, pool: Pool) -> _Idea | None:
    labels = [fact.label for fact in pool.facts if fact.label]
    label = max(dict.fromkeys(labels), key=labels.count, default="")
    if labels.count(label) >= 2:
        lead = pool.lead(lambda fact: fact.label == label)
        if lead is not None:
            others = pool.beside(lead, 3, lambda fact: fact.label == label)
            told = tuple(sorted((lead, *others), key=lambda fact: fact.citation.start))
            asks = f"{label}，你知道几条？"
            return _Idea(f"{subject}：{label}", *_LISTED, asks, told, (lead.citation,), ("再看", "还有", "还有"))
    lead = pool.lead(lambda fact: fact.kind == "listed" or fact.text.count("、") >= 2)
    if lead is None:
        return None
    told = (lead, *pool.beside(lead, 3, lambda fact: not fact.is_scene))
    return _Idea(f"{subject}清单：一条一条看", *_LISTED, "这几条里，你知道几条？", told, (), ("再看", "还有", "还有"))


_LISTED = (
    "做成可以收藏的清单，一屏一条",
    "图文九宫格，或一屏一条的字卡，方便截图收藏",
    "从清单里拎出一条开场：",
)


def _scene(subject: str, pool: Pool) -> _Idea | None:
    lead = pool.lead(lambda fact: fact.is_scene and not fact.speech) or pool.lead(lambda fact: "现场" in fact.text)
    if lead is None:
        return None
    return _Idea(
        f"还原一个现场：{subject}",
        "选一个具体场景，从细节讲起，让人看到实际情况",
        "实景或情景再现，环境声先入，口播后入",
        "从场景中的一个细节切入：",
        "如果当时在场的是你，会怎么做？",
        _with_others(pool, lead),
    )


def _point(subject: str, pool: Pool) -> _Idea | None:
    """What any fact will do for, once the other ways have taken theirs."""
    lead = pool.lead(bool)
    if lead is None:
        return None
    return _Idea(
        f"{subject}：{lead.caption}",
        "一条只讲一点，讲明白为止",
        "一镜到底的口播，配一张字卡",
        "开门见山：",
        "为什么值得单独讲一条？",
        _with_others(pool, lead),
        (lead.citation,),
    )


_FRAMES: dict[str, Callable[[str, Pool], _Idea | None]] = {
    "speech": _speech,
    "number": _number,
    "contrast": _contrast,
    "time": _time,
    "question": _question,
    "list": _list,
    "scene": _scene,
    "point": _point,
}
_LONGEST_TITLE_QUOTE = 22
_BEGINNING = 16
_ASKED_ABOUT = 0.6


def _cut(text: str) -> str:
    """The beginning of a quote that fits a title, cut at a comma where there is one."""
    if len(text) <= _LONGEST_TITLE_QUOTE:
        return text.rstrip("。，；、")
    at = max(text.rfind(mark, 6, _LONGEST_TITLE_QUOTE) for mark in "，。；、")
    return f"{text[: at if at > 0 else _LONGEST_TITLE_QUOTE - 1].rstrip('。，；、')}…"
