"""The brief: what a request for ideas or a script asks for, read out of its words."""

import re
from dataclasses import dataclass

from wenshu.zh.fold import fold
from wenshu.zh.numerals import numerals


@dataclass(frozen=True, slots=True)
class Brief:
    """A request, read."""

    subject: str
    """What it is about, as the request says it, without what wraps it."""
    seconds: int | None = None
    """How long the film is to be; 10 to 900."""
    count: int | None = None
    """How many ideas are wanted; 1 to 8."""
    audience: str = ""
    platform: str = ""

    @property
    def short(self) -> str:
        """The subject as a title can say it: of a long one, the part behind its first 的."""
        text = self.subject
        while len(text) > _SHORT and "的" in text[:-_LEAST_SHORT]:
            text = text.partition("的")[2]
        return text


def read_brief(request: str) -> Brief:
    """Read a request; anything can be read. The subject is its beginning where nothing else is left."""
    flat = " ".join(request[:_LONGEST_REQUEST].split())
    seconds, rest = _length(flat)
    audience, rest = _take(_AUDIENCE, rest)
    found = _PLATFORM.search(rest)
    wanted = _COUNT.search(rest)
    return Brief(
        subject=_subject(rest) or flat[:_LONGEST_SUBJECT],
        seconds=seconds,
        count=_number(wanted.group(1), 1, _MOST_IDEAS) if wanted else None,
        audience=audience,
        platform=found.group() if found else "",
    )


_SHORT, _LEAST_SHORT = 12, 4
_LONGEST_REQUEST = 300
_LONGEST_SUBJECT = 40
_MOST_IDEAS = 8
_SHORTEST_FILM, _LONGEST_FILM = 10, 900
_N = r"(?:\d{1,4}|[一二两三四五六七八九十]{1,3})"
_TIME = rf"(?:({_N})\s*(?:个)?分钟?\s*(半|(?:({_N})\s*秒))?|(半)\s*(?:个)?分钟|({_N})\s*(?:秒钟?|s(?![a-z])))"
_FILM = r"(?:短?视频|口播|脚本|短片|片子|宣传片|介绍|讲解|文案|版本?|vlog|创意)"
_LENGTH = re.compile(
    rf"(?:时长|总长|长度|控制在|不超过|大约|约|长约|做成|拍成)?\s*(?:[为是]|在)?\s*(?:{_N}\s*[-–~—至到]\s*)?{_TIME}"
    rf"(?:左右|以内|之内|上下|内|长)?(?=\s*的?\s*(?:[^，,。！!？?；;\d]{{0,6}}{_FILM}|$|[，,。！!；;]))"
)
_COUNT = re.compile(rf"({_N})\s*(?:个|条|篇|组|套)(?=[^，。,]{{0,14}}(?:创意|选题|点子|主意|思路|想法|方向|标题))")
_AUDIENCE = re.compile(
    r"(?:写?给|面向|针对|对着)([^，,。给的]{2,15}?)(?:看|们?听|观看)(?:的|$)|面向([^，,。的]{2,12})的"
)
_PLATFORM = re.compile(r"小红书|抖音|视频号|快手|B站|b站|哔哩哔哩|公众号|朋友圈|微博")
_WHAT = (
    r"(?:创意|选题|点子|脚本|文案|短视频|视频|笔记|标题|思路|主意|灵感|分镜|大纲|短片|片子|宣传片"
    r"|(?:策划|营销|推广|拍摄|创意|传播|内容)方案)"
)
_HOW = (
    r"(?:小红书|抖音|视频号|快手|B站|b站|公众号|朋友圈|微博|口播|拍摄|分镜|营销|推广|宣传|创意|内容|爆款"
    r"|科普|种草|讲解|产品介绍|介绍|测评|开箱|汇报|宣讲|路演)"
)
_DELIVERABLE = re.compile(
    rf"(?:的|，|,|\s)*(?:{_HOW}|\s)*{_WHAT}(?:{_WHAT}|{_HOW}|\s)*(?=$|[，,。！!？?；;：:\s]|讲|介绍|说|聊)"
)
_ASKING = re.compile(
    r"请(?:你|您)?|麻烦|帮我们?|帮忙|给我们?|为我们?|我们?(?:想要|需要|想|要)|能不能|可以|"
    rf"(?:再|先)?(?:写出?|生成|构思|策划|设计|拍摄?|制作|做|出|想|来|整理)(?=\s*(?:{_N}|几|一些|个|条|份|篇)\s*)|"
    r"(?:再|先)?(?:写|生成|构思|策划|拍摄?|制作)(?:一下|下)?(?=关于|围绕|针对|以)|^(?:写|拍|做|出|想|来)(?=[^\s，]{2,})"
)
_MEASURE = re.compile(rf"(?:{_N}|几|一些)\s*(?:个|篇|份|条|支|段|组|套|则)|一些")
_ABOUT = re.compile(r"关于|围绕|针对|有关|以(?=.{1,24}为(?:主题|题))|为(?:主题|题)(?:的|写|做|出)?")
_TAIL = re.compile(r"(?:的|，|,|\s)*(?:产品介绍|科普|宣传|推广|种草|讲解|测评|开箱|主题)$")
_EDGE = "的，。！？、：:；;,.!? "
_LEAD = re.compile(
    r"^(?:给|为|就|对|一下|[个条篇支]\s*的?\s*|讲讲|讲(?!座|究|话)|说说|聊聊|介绍(?!信)|推广|宣传|(?:主题|内容)(?:是|为))|(?:出|做|写)$"
)


def _subject(text: str) -> str:
    bare = _DELIVERABLE.sub(" ", text)
    for pattern in (_ASKING, _MEASURE, _ABOUT):
        bare = pattern.sub(" ", bare)
    bare = " ".join(bare.split()).strip(_EDGE)
    for _ in range(2):
        bare = _TAIL.sub("", _LEAD.sub("", bare)).strip(_EDGE)
    # Between two marks only the part that says most is the subject; the others were asides.
    parts = [_LEAD.sub("", part.strip(_EDGE)).strip(_EDGE) for part in re.split(r"[，。！？；：,!?;:]", bare)]
    return max(parts, key=len)[:_LONGEST_SUBJECT]


def _length(text: str) -> tuple[int | None, str]:
    """Seconds, and the text without the words for them."""
    found = _LENGTH.search(text)
    if found is None:
        return None, text
    minutes, half, rest, half_minute, seconds = found.groups()
    total = 30 if half_minute else _value(seconds or "") + 60 * _value(minutes or "")
    total += _value(rest or "") if rest else 30 if half == "半" else 0
    return min(max(total, _SHORTEST_FILM), _LONGEST_FILM), f"{text[: found.start()]} {text[found.end() :]}"


def _take(pattern: re.Pattern[str], text: str) -> tuple[str, str]:
    found = pattern.search(text)
    if found is None:
        return "", text
    return next(group for group in found.groups() if group), f"{text[: found.start()]}的{text[found.end() :]}"


def _value(text: str) -> int:
    read = numerals(fold(text))
    return int(float(read[0].value)) if read else 0


def _number(text: str, least: int, most: int) -> int:
    return min(max(_value(text), least), most)
