"""What an earlier question was about: the thing, what was asked of it, and by which words."""

import re
from dataclasses import dataclass
from typing import NamedTuple

from wenshu.knowledge.claims import names
from wenshu.zh.fold import fold


@dataclass(frozen=True, slots=True)
class Frame:
    """A question taken apart; every part is written as the question writes it, and may be empty.

    ``LX-U20-20的目录价是多少元``: subject LX-U20-20, attribute 目录价, stem LX-U20-20的目录价, asking 多少, rest 元.
    """

    text: str
    """Without 请问 and the like, and without the marks at its end."""
    subject: str
    attribute: str
    stem: str
    """What stands before the asking words, without 是 and the like."""
    asking: str
    rest: str


class Moment(NamedTuple):
    """A year, a part of a year, or both, and where they stand."""

    year: str
    part: str
    start: int
    end: int


def frame(question: str) -> Frame:
    """Take a question apart; anything at all can be, an empty text gives empty parts."""
    text = bare(question)
    folded = fold(text)
    found = _ASKING.search(folded)
    start, end = found.span() if found else (len(text), len(text))
    stem = text[: _COPULA.search(folded[:start]).start()]  # pyright: ignore[reportOptionalMemberAccess] (it matches "")
    subject, attribute = _parted(stem)
    return Frame(text, subject, attribute, stem, text[start:end], text[end:])


def bare(question: str) -> str:
    """The question without 请问 and the like in front, and marks at its end."""
    text = question.strip()
    found = _LEAD.match(fold(text))
    rest = text[found.end() if found else 0 :].rstrip(MARKS)
    return rest or text.rstrip(MARKS)


def asks(text: str) -> bool:
    """Whether the text has asking words, beyond a closing 呢."""
    return _ASKING.search(fold(text)) is not None


def moments(text: str) -> list[Moment]:
    """The years and quarters that a text names, in order."""
    found: list[Moment] = []
    for match in _MOMENT.finditer(fold(text)):
        if match.end() > match.start():
            year, part = (text[slice(*match.span(group))] if match[group] else "" for group in (1, 2))
            found.append(Moment(year, part, match.start(), match.end()))
    return found


def codes(text: str) -> list[str]:
    """Products' codes and the like, as written: LX-U20-20, E04, V2.4.1."""
    return [text[slice(*match.span())] for match in _CODE.finditer(fold(text))]


def is_attribute(text: str) -> bool:
    """Whether a word by itself names what a thing has (价格, 保修期, 负责人), not a thing."""
    return _ATTRIBUTE.search(fold(text)) is not None


def is_role(text: str) -> bool:
    """Whether a word names what a person is: 总经理, 负责人."""
    return _ROLE.search(fold(text)) is not None


def told(question: Frame, answer: str) -> str:
    """The thing or person that the answer gives to 谁 / 哪个 / 什么; "" where that cannot be seen for sure."""
    line = _MARKER.sub("", answer).strip().partition("\n")[0]
    if re.search("谁|哪位|什么人|叫什么|姓名", question.text):
        found = _IS_NAME.search(line)
        if found:
            return found.group(1)
        persons = sorted(name for name in names(line) if name in line and len(name) <= 4 and name not in question.text)
        return persons[0] if len(persons) == 1 else ""
    if not re.search("哪|什么", question.asking):
        return ""
    new = [code for code in codes(line) if code not in question.text]
    if new:
        return new[0]
    head = _HEAD.match(line)
    return head.group(1).strip() if head and head.group(1) not in question.text else ""


_LEAD = re.compile(
    r"(?:(?:请问|您好|你好|那么|然后|另外|还有(?!里|儿|些|个|时|年|天|种|款|边)|好的|麻烦(?:你|您)?(?:问|查|看)?一下|我?(?:想|要)(?:问|知道|了解)(?:一下|下)?|"
    r"(?:请|帮我|请帮我)(?:查|看|找)(?:一下|下)?|告诉我|再问(?:一下|下)?|"
    r"那(?!里|儿|些|个|时|年|天|种|款|边))[,，、:： ]*)+"
)
_ASKING = re.compile(
    r"为什么|为啥|为何|什么时候|什么时间|什么地方|何时|何地|何处|什么样|什么|甚么|啥|多少|多[久长高大重远宽深厚快]|几(?![乎率何])|"
    r"哪里|哪儿|哪(?:一|[两几])?(?:个|些|位|种|款|家|项|类|年|天|月|日|号|条|台|部|座|本|份|届|城)?|谁|怎么样|怎么|怎样|如何|"
    r"是否|是不是|有没有|能不能|能否|可不可以|可否|要不要|会不会|吗$"
)
MARKS = "?？。！!.，,、；;：:~… \n\t\r\u3000"
"""What may end a question without saying anything."""
GENERIC = re.compile(r"我们公司|本公司|贵公司|公司|我司|集团|单位")
"""A subject that says no more than "we"."""

_ABLE = re.compile("(?<=..)(?:可以|可不可以|能够?|需要|需|应该|应当|必须|支持|包括|允许|属于|算)")
_DOES = re.compile("(?<=..)(?:负责|分管|主管|主持|管理)$")
_COPULA = re.compile(
    r"(?:到底|究竟|具体|大概|大约|主要|分别|一共|总共|应该|需要|可以|现在|目前|都)*"
    r"(?:是|为|有|在|由|叫|共|约|达到|达|设在|位于|需|要|了|从|自|到|会|能)*\s*$"
)
_MOMENT = re.compile(
    r"((?:(?:19|20)\d{2}|[二一][〇零九][〇零一二三四五六七八九]{2})年度?|今年|去年|前年|明年|上年|本年度?)?"
    r"(第?[一二三四1-4]季度|q[1-4](?![a-z0-9])|[上下]半年|(?:1[0-2]|[1-9])月份?(?!\d)|十?[一二三四五六七八九十]月份?)?"
)
_CODE = re.compile(r"(?<![a-z0-9.\-])(?=[a-z0-9.\-]*[a-z])(?=[a-z0-9.\-]*\d)[a-z0-9]+(?:[.\-][a-z0-9]+)*", re.ASCII)
_ATTRIBUTE = re.compile(
    r"(?:价|价格|单价|价钱|费|费用|收费|成本|金额|额|资本|收入|营收|利润|期|期限|年限|寿命|时间|时长|日期|地址|地点|位置|总部|电话|热线|邮箱|"
    r"联系方式|联系人|负责人|责任人|量|率|数|数量|人数|比例|占比|份额|排名|面积|重量|尺寸|长度|宽度|高度|型号|参数|规格|颜色|材质|材料|功能|"
    r"特点|优势|亮点|条件|要求|流程|步骤|手续|方式|方法|办法|措施|标准|额度|限额|范围|原因|含义|意思|用途|温度|压力|等级|口径|保修|质保|备注|"
    r"名称|全称|简称|职责|职务|部门|分工|预算|目标|产能|政策|规定|优惠|折扣|返点|补贴|补助|奖金|工资|待遇|年假|假期|押金|定金|运费|税率|"
    r"交货|发货|付款|包装|配件|起订|余额|进度|状态|结论|情况)$"
)
_ROLE = re.compile(
    r"(?:长|经理|总监|主管|主任|总裁|书记|助理|秘书|代表|负责人|联系人|创始人|法人|会计|出纳|ceo|cto|cfo|coo|老板)$"
)
_MARKER = re.compile(r"\[\d{1,3}\]")
_IS_NAME = re.compile(
    r"(?:姓名|负责人|责任人|联系人|经办人)(?:为|是|：)\s*([\u4e00-\u9fff·]{2,8})(?=$|[，。；,;、（(])"
)
_HEAD = re.compile(r"[-*•\d.、（）() ]*([^：:，,。；;（(]{2,24}?)(?:[：:（(]|的是)")


def _parted(stem: str) -> tuple[str, str]:
    """Subject and attribute of what stands before the asking words."""
    for mark in ("的", "，", ","):
        before, found, after = stem.rpartition(mark)
        if found and before.strip() and not (mark == "的" and after.startswith("确")):
            return before.strip(), after.strip()
    named = [match for match in _CODE.finditer(fold(stem)) if match.start() == 0]
    if named:
        return stem[: named[0].end()], stem[named[0].end() :].strip()
    first = next(iter(moments(stem)), None)
    if first and first.start == 0:
        return stem[: first.end], stem[first.end :].strip()
    whole = GENERIC.match(stem)
    if whole:
        return whole.group(), stem[whole.end() :].removeprefix("的")
    able = _ABLE.search(stem) or _DOES.search(stem)
    if able:
        return stem[: able.start()], ""
    return ("", stem) if is_attribute(stem) or is_role(stem) else (stem, "")
