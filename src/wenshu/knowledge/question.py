"""What a Chinese question asks for: its kind, the thing or unit asked, and the words an answer must share with it."""

import re
from dataclasses import dataclass
from typing import Literal

from wenshu.knowledge.thesaurus import Synonym, Thesaurus, built_in
from wenshu.zh.fold import fold

Asks = Literal["why", "when", "count", "where", "who", "alias", "how", "which", "define", "yesno", "what"]


@dataclass(frozen=True, slots=True)
class Question:
    """A question, read. All texts are folded (``zh.fold``)."""

    text: str
    asks: Asks
    focus: str
    """The noun asked about (``颜色`` of 什么颜色, ``职业`` of 职业是什么); may be empty."""
    unit: str
    """What follows 多少 / 几 (``公里``); may be empty."""
    several: bool
    """Whether more than one thing is asked for."""
    runs: tuple[str, ...]
    """Content, in order: runs of Chinese characters, and words or numbers of other scripts, without asking words."""
    before: str
    """The clause's content directly before the asking words."""
    after: str
    """The clause's content directly after them."""
    synonyms: tuple[Synonym, ...] = ()
    """What other words may stand for words of ``text``."""

    @property
    def content(self) -> str:
        """All content characters, the runs joined: what ``coverage`` counts by index."""
        return "".join(self.runs)


def read(question: str, thesaurus: Thesaurus | None = None) -> Question:
    """Read a question; anything at all can be read, an empty text gives an empty ``what``.

    Of more than 600 characters only the first and the last 300 are read: what is asked stands at an end. The built-in
    thesaurus is used where none is given.
    """
    if len(question) > 2 * _END:
        question = f"{question[:_END]}\n{question[-_END:]}"
    text = standard(question)
    asks, asking = _kind(text)
    start, end = asking.span() if asking else (len(text), len(text))
    focus = _focus(text, start, end)
    return Question(
        text=text,
        asks=asks,
        focus=focus,
        unit=_unit(text, end) if asks == "count" else "",
        several=bool(_SEVERAL.search(text)),
        runs=_runs(text),
        before=_BREAK.split(text[:start])[-1],
        after=_BREAK.split(text[end:])[0],
        synonyms=tuple((thesaurus or built_in()).of(text)),
    )


def standard(question: str) -> str:
    """The question folded, colloquial asking words written as they are in print, without particles at its end."""
    text = without_separators(fold(question)).strip()
    for said, written in _COLLOQUIAL:
        text = said.sub(written, text)
    return text


def without_separators(text: str) -> str:
    """The text with the commas between thousands left out."""
    return _THOUSANDS.sub("", text)


_END = 300
_COLLOQUIAL = tuple(
    (re.compile(said), written)
    for said, written in (
        ("(?:[啊呀呢吧嘛哦哈呗啦]|[?？。！!.，, ])+$", ""),
        ("(?<![什怎那这多要])么$", "吗"),
        ("(?<=[\u4e00-\u9fff])(?:(?<![是在有就也还都要])不|没有?)$", "吗"),
        ("啥时候?(?=[\u4e00-\u9fff]|$)", "什么时候"),
        ("为啥", "为什么"),
        ("干(?:啥|嘛)", "做什么"),
        ("啥", "什么"),
        ("咋(?:办|整|弄)", "怎么办"),
        ("咋", "怎么"),
        ("几多", "多少"),
        ("哪(?:儿|边)", "哪里"),
        ("哪(?:样|块)", "哪个"),
        ("几号", "哪天"),
    )
)
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_WHAT = "(?:什么|甚么|啥)"
_ALIASES = "别名|俗名|俗称|原名|本名|真名|学名|简称|全称|别称|旧称|英文名|中文名|名字|名称|代号|译名"
_KINDS: dict[Asks, re.Pattern[str]] = {  # in order: the first that is found decides
    "why": re.compile(
        rf"(?<![称改划名作成分定立封译])为{_WHAT}(?!名)|为何|因何|何故|何以|怎么会|{_WHAT}(?:原因|理由|缘故)"
        rf"|(?:原因|理由|缘故)(?:是|为)?(?:{_WHAT}|何)?|\bwhy\b"
    ),
    "when": re.compile(
        rf"{_WHAT}(?:时候|时间|时期|时代|年代|朝代|年份|日期|日子|季节)|何时|何年"
        r"|哪一?个?(?:年份|年代|年|天|日|月份|月|段时间|时期|时代|朝代|世纪|时候|季节)(?!级)"
        rf"|几(?:年级)?(?:月|点|时)|(?:时间|日期|年份)(?:是|为|在)?(?:{_WHAT}|何|哪.)?$"
        r"|\bwhen\b|\b(?:what|which) (?:year|date|time|day)\b"
    ),
    "count": re.compile(
        r"多少|多[大长高久重远宽深快厚]|几(?![乎率何])|\bhow (?:many|much|long|far|old|tall|big|often)\b"
    ),
    "where": re.compile(
        rf"{_WHAT}(?:地方|地区|位置|地点|海域|方位)|何[处地]|哪[里儿裡]"
        r"|哪一?[个些](?:地方|地区|城市|国家|省份?|县|地点)|哪一?座城市|哪国|地址(?:是|在)|(?<=在)哪$|\bwhere\b"
    ),
    "who": re.compile(rf"谁|哪一?位|{_WHAT}人(?![口种员类])|何人|哪[个些几]?人|\bwho(?:m|se)?\b"),
    "alias": re.compile(
        r"(?:又|也|还|亦|别|俗|旧|曾|原|全|简|学|真|本|小|英文|中文|外文|统|合|可以|可)[名称叫]为?作?做?(?:是|为)?"
        rf"(?:{_WHAT}|何)|(?:[称改译]|改划|命名|定名)为(?:{_WHAT}|何)"
        rf"|(?:{_ALIASES})(?:是|为|叫)?(?:{_WHAT}|何)|叫{_WHAT}(?:名字)?"
    ),
    "define": re.compile(
        rf"^{_WHAT}(?:是|叫)|(?:指的?是?|定义是?|意思是?|含义是?)(?:{_WHAT}|何)|{_WHAT}意思|\bmeans?\b|\bdefin"
    ),
    "how": re.compile(rf"怎么样|怎么|怎样|怎|如何|{_WHAT}样|\bhow\b"),
    "which": re.compile(
        r"哪(?:[一二两三四五六几])?(?:[个些种类条座所家部本场支队项次款根篇首名届份套段大])?|\bwhich\b"
    ),
    "what": re.compile(rf"{_WHAT}|何(?=[种时为]|$)|\bwhat\b"),
    "yesno": re.compile(r"吗$|是否|是不是|有没有|能不能|可不可以|会不会|还是"),
}
_SEVERAL = re.compile(r"哪些|哪[两二三四五六几]|有什么|有啥|分别|几种|包括|列出|列举|主要有")
_BREAK = re.compile(r"[，。、；：？！,;:?!\s]")
_STOPS = "的了而被时是在有为于和与呢吗吧"
_FOCUS_AFTER = re.compile(rf"[^\W\d_a-z{_STOPS}]{{1,5}}")
_FOCUS_BEFORE = re.compile(
    r"([^\W\d_a-z的了在有为于和与]{2,5})(?:主要|分别|大约|大概|大致)?(?:是|为|有|叫|在|指的?是)$"
)
_UNIT = re.compile(rf"[^\W\d_{_STOPS}]{{1,4}}")
_ASKING = re.compile(
    r"为什么|什么时候|什么时间|什么地方|什么样|什么|甚么|啥|怎么样|怎么|怎样|如何|哪里|哪儿|哪些|哪国人?|"
    r"哪(?:一|[两二三四五六几])?(?:[个种位条座所家部名首本支篇项届天年]|段)?|"
    r"几[个次种位名条座家部号类]?|多少|多[大长高久重远宽深](?![\u4e00-\u9fff]{2})|"
    r"为何|何时|何处|何地|何人|何种|谁|是否|能不能|可不可以|会不会|有没有|是不是|请问|"
    r"(?:请|帮我|能否|能不能|能|可以)?(?:简单)?(?:介绍|解释|说明)一下|告诉我|可以么|我想知道|吗$|呢$|么$|呀$|啊$|"
    r"\b(?:what|which|who|whom|whose|when|where|why|how|many|much|please|tell|me|about)\b"
)
_FILLING = re.compile(
    r"咱们?|我们|你们|贵公司|(?:这|那)(?:边|个|次|份|款|位|种|座|单|件事|事|批|些|项|家|天|时|一块)|到底|究竟|具体|一下|发我|告诉我|麻烦|帮忙?|平时|"
    r"平常|如今|当前|差不多|最后|已经|的话|东西|的时候|方面|关于|有关|应该|需要|里头|里面"
)
_ENGLISH = re.compile(
    r"\b(?:an?|the|is|are|was|were|be|been|do|does|did|has|have|had|of|to|in|on|at|for|from|with|by|and|or|can|will|"
    r"would|should|i|we|you|my|our|your|its?|this|that|there)\b"
)
_JOINING = re.compile(
    _FILLING.pattern
    + r"|的是|在(?!位)|[的了及由被是]|(?<=[\u4e00-\u9fffa-z0-9])[于与和把对为以之而着过]|称为|叫做|分别|主要|"
    r"一般|通常|大约|大概|一共|总共|共有|共分|有着|"
    r"(?<=.)[有共叫称](?=\s|$)|(?<=.)有(?![限无机关效色])|最早|其中|[又也还]?可以|可达|曾经|目前|现在|[又还也]可|又叫|也叫|"
    r"(?<![\u4e00-\u9fff])(?:他|她|它|牠|其|该|这|那|此)(?:们|个|种|部|座|次)?|" + _ENGLISH.pattern
)
_RUN = re.compile(
    r"[\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff]+"
    r"|(?:(?![\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff_])\w)+(?:[.\-:](?:(?![\u4e00-\u9fff])\w)+)*"
)


def silent(text: str) -> frozenset[int]:
    """Where in a question's text there are words that ask or fill, and say nothing of what it is about."""
    return frozenset(
        at
        for pattern in (_ASKING, _FILLING, _ENGLISH)
        for match in pattern.finditer(text)
        for at in range(*match.span())
    )


def content_of(text: str) -> str:
    """A question's text as it is searched for: without what asks for attention or only fills."""
    return _FILLING.sub(" ", text)


def _kind(text: str) -> tuple[Asks, re.Match[str] | None]:
    for asks, pattern in _KINDS.items():
        if found := pattern.search(text):
            return asks, found
    return "what", None


def _focus(text: str, start: int, end: int) -> str:
    after = _FOCUS_AFTER.match(text, end)
    if after:
        return after.group()
    before = _FOCUS_BEFORE.search(text[max(0, start - 16) : start])
    return before.group(1) if before else ""


def _unit(text: str, end: int) -> str:
    found = _UNIT.match(text, end)
    return found.group() if found else ""


def _runs(text: str) -> tuple[str, ...]:
    plain = _JOINING.sub(" ", _ASKING.sub(" ", text))
    found = tuple(_RUN.findall(plain))
    return found or tuple(_RUN.findall(text))
