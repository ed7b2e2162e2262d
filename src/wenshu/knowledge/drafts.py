"""Drafts without a model: ideas and shooting scripts in fixed forms, filled with facts of the library alone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from wenshu.knowledge.advertising import advice
from wenshu.knowledge.brief import Brief, read_brief
from wenshu.knowledge.cite import Cited, Statement
from wenshu.knowledge.factbook import Told
from wenshu.knowledge.ideas import Pool, write_ideas
from wenshu.knowledge.material import Fact, facts
from wenshu.knowledge.passage import Passage
from wenshu.knowledge.shots import USUAL_SECONDS, film, rows, seconds
from wenshu.knowledge.tones import Tone, tone_of
from wenshu.knowledge.write import Written

__all__ = ["Draft", "checked", "ideas", "script", "seconds"]

_IDEA_FACTS = 16
_FACTS_A_SECOND = 1 / 4
_NEARLY = 0.22


@dataclass(frozen=True)
class Draft(Cited):
    """A structured draft. Statements with citations quote the library; the others are form, in our words."""

    statements: tuple[Statement, ...] = ()
    grounded: bool = False
    """Whether the library had any fact for it."""


def ideas(
    topic: str, passages: Sequence[Passage], theme: str | None = None, *, variant: int = 0, known: Sequence[Told] = ()
) -> Draft:
    """Draft three ideas or as many as asked for, each with title, angle, hook and outline, their facts cited.

    What the library does not say stays open as 【待补：…】; nothing is invented. ``known`` is what it
    states of the topic's thing. The theme decides the tone, which ways
    of telling come first and which facts are preferred; a further ``variant`` takes them in another order.
    """
    brief, (tone, style) = read_brief(topic), tone_of(theme)
    found = _fitting(facts(brief.subject, passages, limit=_IDEA_FACTS, known=known))
    lines = [
        *_opening(brief, found, style, tone),
        *write_ideas(brief, Pool(found, tone, passages, variant), tone, variant),
    ]
    return _draft(brief, found, lines)


def script(
    topic: str, passages: Sequence[Passage], theme: str | None = None, *, variant: int = 0, known: Sequence[Told] = ()
) -> Draft:
    """Draft a shooting script as a Markdown table (镜头 | 时间 | 画面 | 口播 | 字幕 | 来源), spoken facts cited.

    A shot lasts as long as its line is spoken at 4.5 characters a second, at least three seconds; the whole is as long
    as the request says.
    """
    brief, (tone, style) = read_brief(topic), tone_of(theme)
    most = max(_IDEA_FACTS, int((brief.seconds or USUAL_SECONDS) * _FACTS_A_SECOND))
    found = _fitting(facts(brief.subject, passages, limit=most, known=known))
    made = film(brief, found, tone, variant)
    head = [*_opening(brief, found, style, tone), Statement(f"{_length(brief, made.seconds, made.carried)}\n")]
    table = [
        Statement("| 镜头 | 时间 | 画面 | 口播 | 字幕 | 来源 |"),
        Statement("| --- | --- | --- | --- | --- | --- |"),
    ]
    return _draft(brief, found, [*head, *table, *rows(made.shots)])


def checked(written: Written) -> Written:
    """What a model wrote, with what the advertising law would have checked in it."""
    notes = _law_notes(written.text)
    lines = "\n".join(note.text for note in notes)
    return Written((*written.statements, Statement(f"\n{lines}\n"))) if notes else written


def _law_notes(text: str) -> list[Statement]:
    told = advice(text)
    if not told:
        return []
    return [
        Statement("\n广告法自查（第九条，绝对化用语）：用于广告前请核实或改写："),
        *(Statement(f"- {line}。") for line in told),
    ]


def _draft(brief: Brief, found: Sequence[Fact], lines: Sequence[Statement]) -> Draft:
    """The request and the quotes keep their words: what is absolute in them is pointed out."""
    used = [statement.text for statement in lines if statement.citations]
    return Draft((*lines, *_law_notes("\n".join((brief.subject, *used)))), grounded=bool(found))


def _fitting(found: Sequence[Fact]) -> list[Fact]:
    """Those of the best one's passage, and others that are about the topic: better an open slot than another story."""
    if not found:
        return []
    home, best = found[0].citation.passage.key, max(fact.relevance for fact in found)
    return [fact for fact in found if fact.relevance >= _NEARLY * best or fact.citation.passage.key == home]


def _opening(brief: Brief, found: Sequence[Fact], style: str, tone: Tone) -> Iterator[Statement]:
    yield Statement("【无模型草稿】以下内容未使用语言模型，由素材库中的事实按固定结构整理而成，【待补】处请人工补充。")
    if not found:
        yield Statement(f"素材库中没有找到与“{brief.subject}”有关的事实，以下只有结构，内容均待补充。")
    told = (("主题风格", style), ("面向", brief.audience), ("平台", brief.platform))
    for name, value in told:
        if value:
            yield Statement(f"{name}：{value}")
    if found and not any(tone.suits(fact) for fact in found):
        yield Statement("素材中没有与该主题直接有关的事实，主题只影响写法与顺序。")
    yield Statement("")


def _length(brief: Brief, whole: int, carried: int) -> str:
    if brief.seconds is None:
        return f"全片约 {whole} 秒，口播按每秒 4.5 个字估算。"
    short = f"素材约够 {carried} 秒，其余以【待补】标出。" if whole - carried >= 4 else ""
    return f"全片 {whole} 秒（按要求的时长），口播按每秒 4.5 个字估算。{short}"
