"""The checkable facts of a sentence: amounts with what they measure, dates, names and words of other scripts."""

import re
from dataclasses import dataclass
from decimal import Decimal

from wenshu.zh.fold import fold
from wenshu.zh.numerals import numerals


@dataclass(frozen=True, slots=True)
class Amount:
    """A number as it is meant: ``measure`` is 年 / 月 / 日 / % / 元, or empty where nothing of the kind follows."""

    value: Decimal
    measure: str


def amounts(text: str) -> frozenset[Amount]:
    """Find the numbers of a text, Chinese numerals and units read (``numerals``), dates like 2024-05-01 as their parts.

    A lone 一 is no number here: it mostly is a word (一定, 统一).
    """
    folded = _DATE.sub(_spelled, fold(text))
    found: set[Amount] = set()
    for numeral in numerals(folded):
        if folded[numeral.start : numeral.end] == "一":
            continue
        measure = _MEASURE.match(folded, numeral.end)
        kind = _KIND.get(measure.group(), measure.group()) if measure else ""
        if folded[max(0, numeral.start - 3) : numeral.start] == "百分之":
            kind = "%"
        found.add(Amount(Decimal(numeral.value), kind))
    return frozenset(found)


def unfounded_amounts(text: str, sources: frozenset[Amount]) -> list[str]:
    """List the amounts of ``text`` that are not among ``sources``; a stated measure must be the same."""
    lacking: list[str] = []
    for amount in amounts(text):
        same = {source.measure for source in sources if source.value == amount.value}
        if not same or (amount.measure and amount.measure not in same):
            lacking.append(f"{amount.value:f}{amount.measure}")
    return sorted(lacking)


def names(text: str) -> frozenset[str]:
    """Find what must stand word for word in a source, folded: titles, persons' names, names of bodies and places.

    By form only: 《…》, the characters at the dot of a foreign name (where it ends cannot be seen), a surname with one
    or two characters between joints, and the two characters before 公司 / 大学 / 省 and the like.
    """
    folded = fold(text)
    found = {match.group(1) for match in _TITLE.finditer(folded)}
    found |= {match.group() for match in _DOTTED.finditer(folded)}
    found |= {match.group(1) for match in _PERSON.finditer(folded)}
    found |= {match.group(1) for match in _BODY.finditer(folded)}
    return frozenset(name for name in found if name)


def without_amounts(text: str) -> str:
    """Blank the numbers of a text and what they measure; the rest is folded."""
    folded = _DATE.sub(_spelled, fold(text))
    pieces: list[str] = []
    last = 0
    for numeral in numerals(folded):
        pieces.append(folded[last : numeral.start].removesuffix("百分之"))
        measure = _MEASURE.match(folded, numeral.end)
        last = measure.end() if measure else numeral.end
    return " ".join((*pieces, folded[last:]))


def words(text: str) -> frozenset[str]:
    """Find the words of other scripts, folded, without numbers."""
    return frozenset(word for word in _WORD.findall(fold(text)) if not word.isdigit())


_DATE = re.compile(r"(?<!\d)(\d{4})[-/.](\d{1,2})(?:[-/.](\d{1,2}))?(?!\d)")
_MEASURE = re.compile(r"\s*(?:年|月|日|号|%|个百分点|元|美元|人民币)")
_KIND = {"号": "日", "个百分点": "%", "美元": "元", "人民币": "元"}
_TITLE = re.compile(r"《([^》]{1,40})》")
_DOTTED = re.compile(r"[\u4e00-\u9fff]{1,2}·[\u4e00-\u9fff]{1,2}")
_SURNAMES = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦许何任吕施张孔曹严华金魏陶姜戚谢邹苏潘葛范彭郎鲁韦马苗方俞袁柳唐费廉薛雷贺倪汤罗毕郝邬常傅齐康伍余顾孟黄"
    "萧尹姚邵汪毛戴宋庞熊纪舒屈项祝董梁杜阮蓝季贾江颜郭梅盛林钟徐邱骆高夏蔡田樊胡凌霍万柯卢莫房丁邓洪包左石崔龚程邢裴陆荣翁甄曲封段焦侯武刘景詹叶"
    "黎白蒲赖卓屠池乔谭申冉桂牛边燕尚温庄晏柴瞿阎向古易廖耿匡文寇欧聂晁冷简饶曾关查游"
)
_PERSON = re.compile(
    rf"(?:^|[是为由叫和与及、，,。：:；\s]|导演|作者|主演|创始人|董事长|总经理|负责人|经理|老师|教授)([{_SURNAMES}][\u4e00-\u9fff]{{1,2}})"
    r"(?=$|[、，,。；！？\s(（\[]|创|担|出任|任|执|等|先生|女士|教授|负责|发明|建|设计|率)"
)
_BODY = re.compile(
    r"([\u4e00-\u9fff]{2})(?:(?:股份|科技|集团|有限|责任)*公司|集团|大学|学院|银行|医院|研究院|研究所|出版社|电视台|博物馆|[省市县镇])"
)
_WORD = re.compile(r"[a-z0-9]+")


def _spelled(date: re.Match[str]) -> str:
    year, month, day = date.groups()
    return f"{year}年{int(month)}月" + (f"{int(day)}日" if day else "")
