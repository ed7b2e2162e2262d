"""Persons: a surname and a given name, told from other words by what stands before and behind."""

import re

from wenshu.zh.recognise.found import Found
from wenshu.zh.surnames import SURNAMES

_COMPOUND = "欧阳|司马|上官|诸葛|东方|皇甫|尉迟|公孙|慕容|令狐|司徒|夏侯|端木|长孙|宇文|独孤|南宫"
_HAN = r"[\u4e00-\u9fff]"
_SURNAME = f"(?:{_COMPOUND}|[{SURNAMES}])"
_BEFORE = (
    "我是|我叫|叫做|名叫|姓名|申请人|报销人|请假人|出差人|经办人|联系人|接待人|被访人|访客|来访人|加班人|报修人|代理人|交接人|预订人|组织者|同事|员工|新人|新员工|"
    "由|找|给|替|帮|跟|和|与|同|请|让|叫|是|为|及|、|,|:|;|。|!|\\?|\n|\\s|\\(|我|人|的|经理|总监|主任|部|组|科|室|处|客户|部门|司机|老师|师傅|工程师|负责人|会计|出纳|主管|专员|小伙子|姑娘|一下|登记|安排|预约|拜访|见|约|等|位|交|归|要|到|^"
)
_AFTER = (
    "[,，。;；:：、!！?？()\\s\n]|$|和|跟|与|及|的|要|想|请|申|报|出|去|来|到|从|在|于|今|明|后|昨|前|上|下|周|这|因|家|本|提|需|一|两|三|二|四|五|六|七|八|九|十|\\d|电|手|身|先|女|老|经|总|主|"
    "为|是|代|顶|替|接|负|帮|打|发|带|预|订|约|加|休|自|也|就|会|将|准|计|打|坐|乘|他|她|您|同|等|说|让|联|号|工|男|入|任|转|过|拿|用|参|组|召|住|病|感|发|刚|已|拟|于|岗|应|月|部|那|这|交|陪|盖|借|买|采|招|做|写|办|开|对|有|没|不|以|早|晚|中|凌|报"
)
_NOT = set(
    "的了是在我你他她它们不要有个这那去来到从给帮替请和跟与就都也还但把被让因为所以吧吗呢啊哦嗯么什怎哪谁几多少点分秒时日月年周天号块元钱万千百十零一二三四五六七八九两半"
    "用印章票费款账单报销假申表填写发收送交办部科室公司厂店楼层电话机手码箱件本份台张型牌药病院餐饭水车站票酒住宿机场路费订买卖借还"
    "今昨前后早晚午上下左右里外内间边先再又已经刚才正在会能可应该想打过着起出入进回开关做没无或及并等另其此每各"
    "合同审批流程系统问题情况下面麻烦谢急特别地方需"
)
_FULL = re.compile(rf"{_SURNAME}{_HAN}{{1,2}}")
_TITLE = re.compile(
    rf"(?:(?:小|老|阿)(?P<short>[{SURNAMES}])|(?P<name>{_SURNAME})(?P<title>总监|经理|总(?!共|计|额|价|部|数|金|务|体|公司)|工(?!程|作|厂|资|具|时|号|商)|主任|老师|先生|女士|师傅|处长|科长|部长|姐|哥|主管|会计|博士|医生|律师|教授|局|董))(?!{_HAN}?名)"
)
_BEFORE_RE = re.compile(rf"(?:{_BEFORE})$")
_AFTER_RE = re.compile(_AFTER)


def persons(folded: str) -> list[Found]:
    """Every full name; a surname with a title alone (王总, 小陈) is ``vague``."""
    found: list[Found] = []
    at = 0
    while match := _FULL.search(folded, at):
        name = _trimmed(folded, match.start(), match.end())
        if name is None:
            at = match.start() + 1
            continue
        found.append(Found(match.start(), name, "person", folded[match.start() : name]))
        at = name
    taken = {position for one in found for position in range(one.start, one.end)}
    titled = [match for match in _TITLE.finditer(folded) if match.start() not in taken]
    found += [Found(match.start(), match.end(), "person", match.group(), doubt="vague") for match in titled]
    return sorted(found)


def _trimmed(folded: str, start: int, end: int) -> int | None:
    """Where the name ends; None where this is none."""
    if not _BEFORE_RE.search(folded, max(0, start - 4), start) and start:
        return None
    if _TITLE.match(folded, start):
        return None
    surname = 2 if re.match(_COMPOUND, folded[start:]) else 1
    for stop in range(end, start + surname, -1):
        given = folded[start + surname : stop]
        if any(character in _NOT for character in given):
            continue
        if _AFTER_RE.match(folded, stop):
            return stop
    return None
