"""Shooting scripts without a model: a table of shots, timed by what is spoken, as long as was asked for."""

import math
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from wenshu.knowledge.brief import Brief
from wenshu.knowledge.cite import Citation, Statement
from wenshu.knowledge.material import Fact
from wenshu.knowledge.tones import Tone
from wenshu.zh.sentences import Span, clauses

USUAL_SECONDS = 60
_CHARACTERS_A_SECOND = 4.5
_SHORTEST_SHOT = 3
_LONGEST_SHOT = 14
_GAP_SECONDS = 4
_LONGEST_GAP = 15
_RECAP_FROM = 75  # seconds of film from which it is worth saying the points once more
_LEAST_SHOTS = 3
_READ_FOR_FIGURE = 6  # of the best facts the longest figure opens the film: 186万元 rather than 24小时
_LEAST_POINT = 8  # characters below which a caption says nothing alone


class Shot(NamedTuple):
    """One shot; ``seconds`` is how long it stands."""

    picture: str
    spoken: str
    caption: str
    seconds: int
    cited: tuple[Citation, ...] = ()


class Film(NamedTuple):
    """The shots in order, and how many seconds of them the material carries."""

    shots: list[Shot]
    carried: int

    @property
    def seconds(self) -> int:
        """How long the film is."""
        return sum(shot.seconds for shot in self.shots)


def seconds(spoken: str) -> int:
    """How long a line takes to say: its letters and digits at 4.5 a second, rounded up, at least 3; a gap counts 4."""
    said = sum(character.isalnum() for character in _GAP.sub("", spoken))
    gaps = len(_GAP.findall(spoken))
    return max(_SHORTEST_SHOT, math.ceil(said / _CHARACTERS_A_SECOND) + _GAP_SECONDS * gaps)


def film(brief: Brief, found: Sequence[Fact], tone: Tone, variant: int) -> Film:
    """Put a film together: an opening, the facts that fit, what stays open, the points once more, an ending.

    Asked for a length it is just that long: what the material does not fill is open, what it has too much is left out.
    """
    subject = brief.short.replace("|", "｜")
    ranked = sorted(found, key=lambda fact: -(fact.score + tone.merit(fact)))
    ranked = ranked[variant % max(len(ranked), 1) :] + ranked[: variant % max(len(ranked), 1)] if variant else ranked
    opening, ending = _opening(subject, ranked, tone), _ending(subject, tone)
    length = brief.seconds or USUAL_SECONDS
    recap = length >= _RECAP_FROM and len(ranked) > _LEAST_SHOTS
    left = length - opening.seconds - ending.seconds - (_recap_seconds(ranked) if recap else 0)
    chosen = _fitting(ranked, left)
    told = [shot for fact in _in_order(chosen) for shot in _shots(fact)]
    if recap:
        told.append(_recap(chosen))
    carried = sum(shot.seconds for shot in told) + opening.seconds + ending.seconds
    if brief.seconds is None:
        gaps = _gaps(_GAP_SECONDS * max(0, _LEAST_SHOTS - len(chosen)))
    else:
        gaps = _gaps(length - carried)
    at = len(told) - recap
    shots = [opening, *told[:at], *gaps, *told[at:], ending]
    return Film(_stretched(shots, brief.seconds), carried)


def rows(shots: Sequence[Shot]) -> Iterator[Statement]:
    """The shots as the rows of a table, each with its sources in its last cell."""
    clock = 0
    for number, shot in enumerate(shots, 1):
        until = clock + shot.seconds
        cells = (str(number), f"{_clock(clock)}-{_clock(until)}", shot.picture, shot.spoken, shot.caption, "")
        yield Statement(f"| {' | '.join(cell.replace('|', '｜') for cell in cells)} |", shot.cited)
        clock = until


_GAP = re.compile(r"【待补：[^】]*】")
_SLOTS = (
    "客户或用户的原话",
    "实际使用的过程",
    "一个具体例子",
    "常见疑问的解答",
    "与以往做法的对照",
    "幕后或制作过程",
    "数据的来源说明",
)


def _opening(subject: str, ranked: Sequence[Fact], tone: Tone) -> Shot:
    figures = [fact for fact in ranked[:_READ_FOR_FIGURE] if fact.number and fact.number not in subject]
    lead = max(figures, key=lambda fact: len(fact.number), default=None)
    if lead is None:
        spoken = tone.opening.format(subject)
        return Shot(f"【待补：{subject}的开场画面】", spoken, subject, seconds(spoken))
    spoken = tone.figure.format(subject, lead.number)
    return Shot(f"大字卡“{lead.number}”", spoken, lead.number, seconds(spoken), (lead.citation,))


def _ending(subject: str, tone: Tone) -> Shot:
    spoken = tone.ending.format(subject)
    return Shot("【待补：结尾画面与标识】", spoken, "欢迎留言", seconds(spoken))


def _fitting(ranked: Sequence[Fact], left: int) -> list[Fact]:
    """The best facts that fit into the time; a long one gives way to a shorter one behind it."""
    chosen: list[Fact] = []
    for fact in ranked:
        need = sum(shot.seconds for shot in _shots(fact))
        if need <= left:
            chosen.append(fact)
            left -= need
    return chosen


def _in_order(chosen: Sequence[Fact]) -> list[Fact]:
    """By year where most have one, else source by source as they stand there, the source of the best first."""
    if 2 * sum(bool(fact.years) for fact in chosen) > len(chosen):
        return sorted(chosen, key=lambda fact: (fact.years[0] if fact.years else "9", fact.citation.start))
    names = list(dict.fromkeys(fact.citation.passage.name for fact in chosen))
    return sorted(chosen, key=lambda fact: (names.index(fact.citation.passage.name), fact.citation.start))


def _shots(fact: Fact) -> list[Shot]:
    """A fact as one shot, or as two where it takes too long to say."""
    parts = _parts(fact.said)
    cited = (fact.citation,)
    captions = [fact.caption] if len(parts) == 1 else [_caption(part) for part in parts]
    return [
        Shot(_picture(fact) if not at else "接上一镜头，换景别", part, caption, seconds(part), cited)
        for at, (part, caption) in enumerate(zip(parts, captions, strict=True))
    ]


def _parts(text: str) -> list[str]:
    if seconds(text) <= _LONGEST_SHOT:
        return [text]
    ends = [clause.end for clause in clauses(text, Span(0, len(text)))][:-1]
    if not ends:
        return [text]
    middle = min(ends, key=lambda end: abs(end - len(text) // 2))
    return [text[:middle].strip(), text[middle:].strip()]


def _caption(part: str) -> str:
    first = next(iter(clauses(part, Span(0, len(part)))))
    return part[: first.end].rpartition("：")[2].rstrip("，、；;。,. ")


def _picture(fact: Fact) -> str:
    if fact.speech or "我" in fact.text:
        return "人物出镜讲述（同期声）"
    if fact.compares:
        return "左右分屏对照【待补：对照素材】"
    if fact.number:
        return f"字卡“{fact.number}”，叠实拍【待补：实拍素材】"
    if fact.years:
        return f"时间轴字卡“{fact.years[0]}”，配资料图【待补：资料图】"
    if fact.label or fact.kind == "listed":
        return "清单字卡逐条弹出"
    return "实拍或讲解画面【待补：实拍素材】"


def _recap(chosen: Sequence[Fact]) -> Shot:
    points = [fact for fact in chosen if len(fact.caption) >= _LEAST_POINT][:_LEAST_SHOTS]
    spoken = f"再说一遍要点：{'；'.join(fact.caption for fact in points)}。"
    cited = tuple(fact.citation for fact in points)
    return Shot("要点字卡，三条同屏", spoken, "要点回顾", seconds(spoken), cited)


def _recap_seconds(ranked: Sequence[Fact]) -> int:
    """The time to keep free for the points: as much as the longest captions would take."""
    lengths = sorted((len(fact.caption) for fact in ranked), reverse=True)[:_LEAST_SHOTS]
    return math.ceil((7 + sum(lengths)) / _CHARACTERS_A_SECOND) + 1


def _gaps(left: int) -> list[Shot]:
    """Open shots for the time that no fact fills, none longer than fifteen seconds."""
    if left < _GAP_SECONDS:
        return []
    count = math.ceil(left / _LONGEST_GAP)
    lengths = [left // count + (at < left % count) for at in range(count)]
    return [
        Shot("【待补：画面】", f"【待补：{_SLOTS[at % len(_SLOTS)]}，约{length}秒】", "【待补：字幕】", length)
        for at, length in enumerate(lengths)
    ]


def _stretched(shots: Sequence[Shot], wanted: int | None) -> list[Shot]:
    """The few seconds that are still missing go to the last shot, which may stand; what is over is taken off it."""
    missing = 0 if wanted is None else wanted - sum(shot.seconds for shot in shots)
    last = shots[-1]
    return [*shots[:-1], last._replace(seconds=max(_SHORTEST_SHOT, last.seconds + missing))]


def _clock(second: int) -> str:
    return f"{second // 60:02d}:{second % 60:02d}"
