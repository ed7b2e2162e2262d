"""Drafts without a model: ideas and shooting scripts in fixed forms, filled with facts of the library alone."""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from wenshu.knowledge.advertising import absolutes
from wenshu.knowledge.cite import Cited, Statement
from wenshu.knowledge.material import Fact, facts, subject_of
from wenshu.knowledge.passage import Passage


@dataclass(frozen=True)
class Draft(Cited):
    """A structured draft. Statements with citations quote the library; the others are form, in our words."""

    statements: tuple[Statement, ...] = ()
    grounded: bool = False
    """Whether the library had any fact for it."""


def ideas(topic: str, passages: Sequence[Passage], theme: str | None = None) -> Draft:
    """Draft three to five titled ideas about a topic, each with angle, hook and outline, their facts cited.

    What the library does not say stays open as 【待补：…】; nothing is invented.
    """
    subject = subject_of(topic)
    found = facts(subject, passages)
    lines = [*_opening(subject, found, theme)]
    for number, (form, used) in enumerate(_planned(found), 1):
        lines.extend(_idea(number, form, subject, used))
    lines.extend(_closing(subject, found))
    return Draft(tuple(lines), grounded=bool(found))


def script(topic: str, passages: Sequence[Passage], theme: str | None = None) -> Draft:
    """Draft a shooting script as a Markdown table (镜头 | 时间 | 画面 | 口播 | 字幕), spoken facts cited.

    A shot lasts as long as its line is spoken at 4.5 characters a second, at least three seconds.
    """
    subject = subject_of(topic)
    found = facts(subject, passages, limit=6)
    rows: list[Statement] = []
    clock = 0
    for number, shot in enumerate(_shots(subject, found), 1):
        until = clock + seconds(shot.spoken)
        cells = (str(number), f"{_clock(clock)}-{_clock(until)}", shot.picture, shot.spoken, shot.caption)
        rows.append(Statement(f"| {' | '.join(cells)} |", (shot.fact.citation,) if shot.fact else ()))
        clock = until
    table = [Statement("| 镜头 | 时间 | 画面 | 口播 | 字幕 |"), Statement("| --- | --- | --- | --- | --- |"), *rows]
    head = [*_opening(subject, found, theme), Statement(f"全片约 {clock} 秒，口播按每秒 4.5 个字估算。\n")]
    return Draft((*head, *table, *_closing(subject, found)), grounded=bool(found))


def seconds(spoken: str) -> int:
    """How long a line takes to say: its letters and digits at 4.5 a second, rounded up, at least 3; a gap counts 4."""
    said = sum(character.isalnum() for character in _GAP.sub("", spoken))
    gaps = len(_GAP.findall(spoken))
    return max(3, math.ceil(said / 4.5) + 4 * gaps)


class _Form(NamedTuple):
    """One way to tell something. ``kinds`` are the facts it lives on, best first; texts take ``{0}``, the subject."""

    kinds: tuple[str, ...]
    title: str
    angle: str
    hook: str
    gap: str


class _Shot(NamedTuple):
    picture: str
    spoken: str
    caption: str
    fact: Fact | None = None


_GAP = re.compile(r"【待补：[^】]*】")
_LEAST_IDEAS = 3
_FORMS = (
    _Form(
        ("counted", "dated"),
        "{0}：从一个数字说起",
        "用一个具体数字建立直观印象，再解释它意味着什么",
        "开头先亮出数字，停顿一秒再说明来历：",
        "可核实的数字",
    ),
    _Form(
        ("dated", "told"),
        "{0}：从一个时间点讲起",
        "以一个确切的时间为线索，讲清当时发生了什么、和现在有什么关系",
        "用时间点开场，把观众带回当时：",
        "关键时间点",
    ),
    _Form(
        ("listed",),
        "{0}清单：一条一条看清楚",
        "做成可以收藏的清单，一屏一条",
        "先报出清单里的一条，引出其余：",
        "可以列成清单的内容",
    ),
    _Form(
        ("told", "listed"),
        "关于{0}，你可能想问",
        "站在第一次接触的人的角度提问，再逐个回答",
        "把观众心里的疑问直接问出来，随后给出答案：",
        "常见疑问与答案",
    ),
    _Form(
        ("told", "counted", "listed", "dated"),
        "走近{0}：一个真实场景",
        "选一个具体场景，让人看到实际情况",
        "从场景中的一个细节切入：",
        "真实场景与人物",
    ),
)


def _planned(found: Sequence[Fact]) -> list[tuple[_Form, list[Fact]]]:
    """Give each form at most three facts, each leading once where it suits; three forms at least, open if need be."""
    planned: list[tuple[_Form, list[Fact]]] = []
    free = list(found)
    for form in _FORMS:
        lead = next((fact for kind in form.kinds for fact in free if fact.kind == kind), None)
        if lead:
            free.remove(lead)
            planned.append((form, [lead]))
    for at, (_, used) in enumerate(planned):
        others = [fact for fact in dict.fromkeys((*free, *found)) if fact not in used]
        turn = 2 * at % (len(others) or 1)
        used.extend([*others[turn:], *others[:turn]][:2])
    open_forms = [form for form in _FORMS if all(form is not done for done, _ in planned)]
    missing = max(0, _LEAST_IDEAS - len(planned))
    return planned + [(form, []) for form in open_forms[:missing]]


def _idea(number: int, form: _Form, subject: str, used: Sequence[Fact]) -> Iterator[Statement]:
    gap = f"【待补：{form.gap}】"
    yield Statement(f"### 创意{number}：{form.title.format(subject)}")
    yield Statement(f"- 角度：{form.angle}。")
    lead = f"- 钩子：{form.hook}"
    yield used[0].after(lead) if used else Statement(f"{lead}{gap}")
    yield Statement("- 大纲：")
    yield Statement(f"  1. 开场：提出与{subject}有关的一个问题，交代为什么值得看。")
    for at, (step, open_slot) in enumerate((("展开", gap), ("补充", "【待补：另一条可核实的事实】")), 1):
        lead = f"  {at + 1}. {step}："
        yield used[at].after(lead) if len(used) > at else Statement(f"{lead}{open_slot}")
    yield Statement("  4. 收尾：回到开场的问题，邀请观众留言。\n")


def _shots(subject: str, found: Sequence[Fact]) -> Iterator[_Shot]:
    subject = subject.replace("|", "｜")
    yield _Shot(f"【待补：{subject}的开场画面】", f"今天说说{subject}。", subject)
    for fact in found:
        yield _Shot(_PICTURES[fact.kind], fact.text, fact.caption, fact)
    for gap in _SLOTS[: max(0, 3 - len(found))]:
        yield _Shot("【待补：画面】", f"【待补：{gap}】", "【待补：字幕】")
    yield _Shot("【待补：结尾画面与标识】", f"关于{subject}，还想了解什么，欢迎留言。", "欢迎留言")


_PICTURES = {
    "counted": "数字字卡，配实拍【待补：实拍素材】",
    "dated": "时间轴字卡，配资料图【待补：资料图】",
    "listed": "逐条弹出的清单字卡【待补：配图】",
    "told": "实拍或讲解画面【待补：实拍素材】",
}
_SLOTS = ("核心事实", "具体例子", "对观众的用处")
_THEMES = {
    "tech_male": "科技数码，语言直接，重参数与对比",
    "overseas_trip": "海外出行，重路线、体验与注意事项",
}


def _opening(subject: str, found: Sequence[Fact], theme: str | None) -> Iterator[Statement]:
    yield Statement("【无模型草稿】以下内容未使用语言模型，由素材库中的事实按固定结构整理而成，【待补】处请人工补充。")
    if not found:
        yield Statement(f"素材库中没有找到与“{subject}”有关的事实，以下只有结构，内容均待补充。")
    if theme and (style := " ".join(theme.split())[:30]):
        yield Statement(f"主题风格：{_THEMES.get(style, style)}")
    yield Statement("")


def _closing(subject: str, found: Sequence[Fact]) -> Iterator[Statement]:
    """Warn of absolute terms in what was taken over: the request and the quotes keep their words."""
    terms = absolutes("\n".join((subject, *(fact.text for fact in found))))
    if terms:
        listed = "、".join(f"“{term}”" for term in terms)
        yield Statement(f"\n提示：引用的原文含有{listed}，用于广告前请按《广告法》第九条核实或改写。")


def _clock(second: int) -> str:
    return f"{second // 60:02d}:{second % 60:02d}"
