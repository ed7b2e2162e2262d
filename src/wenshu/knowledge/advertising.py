"""Words that the advertising law of China forbids in claims (广告法 第九条): absolutes, and plainer ones for them."""

import re
from collections.abc import Iterator
from typing import NamedTuple


class Hit(NamedTuple):
    """An absolute term in a text: where it stands, what could be said instead, and whether its use is a usual one.

    ``usual`` names why such a use is commonly allowed (a comparison within one's own range, a wish, a first in time);
    empty where it is a claim.
    """

    term: str
    start: int
    end: int
    instead: str
    usual: str


def hits(text: str) -> list[Hit]:
    """Find the absolute terms of a text in order.

    Plain uses are no hit: 第一步, 第一季度, 最后, 最近, 最低工资, 最多20台; nor is what somebody says of his own life.
    """
    return list(_hits(text))


def advice(text: str) -> list[str]:
    """Say each absolute term of a text once, with its clause and what could be said instead."""
    told: dict[str, str] = {}
    for hit in hits(text):
        where = f"“{hit.term}”（{_around(text, hit)}）"
        if hit.usual:
            told.setdefault(hit.term, f"{where}：{hit.usual}，通常允许；保留比较的范围，并备好依据")
        else:
            told.setdefault(hit.term, f"{where}：{_instead(hit)}")
    return list(told.values())


def _instead(hit: Hit) -> str:
    return f"建议{hit.instead}" if hit.instead.startswith(("删", "写")) else f"可改为“{hit.instead}”"


def _hits(text: str) -> Iterator[Hit]:
    for match in _ABSOLUTE.finditer(text):
        before = text[max(0, match.start() - 12) : match.start()]
        if _OWN_LIFE.search(before) and not match.group().startswith(("国家", "世界")):
            continue
        usual = next((why for why, pattern in _USUAL if pattern.search(before)), "")
        yield Hit(match.group(), *match.span(), _plain(match.group()), usual)


def _plain(term: str) -> str:
    if term in _INSTEAD:
        return _INSTEAD[term]
    if "第一" in term or term.upper().startswith(("NO", "TOP")):
        return "写明排名的出处、范围与时间，没有出处则删去"
    if term.startswith(("100%", "百分之百")):
        return "写实测的数值与检测条件"
    return _COMPARED.get(term[1:], f"较{term[1:]}") if term.startswith("最") else "删去，改写可核实的事实"


def _around(text: str, hit: Hit) -> str:
    begin = max((text.rfind(mark, 0, hit.start) for mark in _STOPS), default=-1) + 1
    end = min((at for mark in _STOPS if (at := text.find(mark, hit.end)) >= 0), default=len(text))
    begin, end = max(begin, hit.start - 14), min(end, hit.end + 10)
    return f"{'…' if begin and text[begin - 1] not in _STOPS else ''}{text[begin:end].strip()}"


_STOPS = "。！？；，、\n：|“”"
_INSTEAD = {
    "国家级": "写明批准的机关与文件名称",
    "世界级": "高水准",
    "宇宙级": "高水准",
    "全球级": "高水准",
    "最高级": "高规格",
    "顶级": "高规格",
    "顶尖": "优秀",
    "极致": "用心",
    "极佳": "良好",
    "绝佳": "良好",
    "终极": "完整",
    "冠军级": "写明所获奖项与时间",
    "王牌": "主推",
    "霸主": "领先企业",
    "独一无二": "有自己的特点",
    "绝无仅有": "少见",
    "史无前例": "少见",
    "前所未有": "少见",
    "无与伦比": "出色",
    "空前绝后": "少见",
    "万能": "多用途",
    "永久": "写明具体年限",
    "绝对": "删去",
    "唯一": "少有",
    "首选": "可选",
    "首个": "较早的",
}
_COMPARED = {
    "佳": "较好",
    "新": "新款",
    "先进": "先进",
    "便宜": "实惠",
    "全": "较全",
    "火": "受欢迎",
    "热": "受欢迎",
    "受欢迎": "受欢迎",
    "优秀": "优秀",
    "专业": "专业",
    "权威": "可信",
    "安全": "安全可靠",
    "适合": "适合",
    "先": "较早",
    "具": "较有",
    "奢侈": "讲究",
}
_ABSOLUTE = re.compile(
    r"国家级|世界级|宇宙级|全球级|最高级|顶级|顶尖|极致|极佳|绝佳|终极|冠军级|王牌|霸主|独一无二|绝无仅有|史无前例|前所未有|无与伦比|"
    r"空前绝后|万能(?!险)|百分之百|100%(?=有效|满意|安全|纯|正品|好评|治愈|成功|保证|放心)|永久(?!基本农田|居留)|绝对(?!值|压力|误差|湿度|零度|不)|"
    r"(?<!不是)唯一(?!性|编号|标识|码)|首选|首个|全网第一|全国第一|世界第一|销量第一|"
    r"(?:排名|全球|行业|业内|市场|国内|同类)第一|第一(?:品牌|名牌)|(?<![\d第])第一(?=[。！，、!,\s]|$)|NO\.?\s?1(?!\d)|No\.?\s?1(?!\d)|TOP\s?1(?!\d)|"
    r"最(?!后|近|终|初|少|多|外|里|上|下|前|远端|低(?:限度|气温|温|工资|消费|生活|水位|点)|高(?:人民|法院|气温|温|水位|点|限价|学历)"
    r"|大(?:限度|程度|承重|流量|压力|工作|允许|接入|深度|长度|量程)|小(?:流量|间隔|单位|值)|新(?=消息|数据|通知|版|一期|进展|规定|政策))"
    r"(?:佳|好|优秀|优|大|小|高级|高|低|强|新|先进|便宜|快|全|火|热|受欢迎|专业|权威|安全|舒适|流行|适合|划算|实惠|时尚|"
    r"先|具|聚拢|符合|奢侈|美|香|薄|轻|长|短|久|深|早)"
)
_OWN_LIFE = re.compile(r"(?:我(?!们)|他|她|父亲|母亲)[^，。；！？]{0,5}$")
_USUAL = (
    (
        "自身比较",
        re.compile(
            r"(?:全公司|本公司|公司|本店|我们|自家|本系列|同系列|历年|历史|今年|去年|近[一二两三\d]年)[^，。；！？]{0,8}$"
        ),
    ),
    ("表达愿望或理念", re.compile(r"(?:追求|争取|力求|希望|愿望|目标|努力|致力于)[^，。；！？]{0,8}$")),
    ("陈述时间先后", re.compile(r"(?:成立|开业|创办|入职|加入)[^，。；！？]{0,6}$")),
)
