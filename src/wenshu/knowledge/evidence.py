"""Whether a text holds the kind of thing that a question asks for."""

import re

from wenshu.knowledge.question import Question
from wenshu.knowledge.units import Unit
from wenshu.zh.surnames import SURNAMES


def evidence(question: Question, text: str) -> float:
    """How far a folded text holds what is asked, in [0, 1]; 0 when nothing of that kind stands in it.

    What the question says itself does not count: a year in the question is no answer to 哪一年.
    """
    rest = text
    for run in question.runs:
        if len(run) > 1 or run.isascii():
            rest = rest.replace(run, " ")
    if question.asks == "count":
        return _count(question, text, rest)
    pattern = _EVIDENCE.get(question.asks)
    if pattern is None:
        return 0.0
    return 1.0 if pattern.search(rest) else 0.0


def places(question: Question, text: str) -> list[tuple[int, int]]:
    """Where in a folded text the asked kind of thing stands, outside what the question says itself."""
    rest = text
    for run in question.runs:
        if len(run) > 1 or run.isascii():
            rest = rest.replace(run, " " * len(run))
    return [match.span() for pattern in _sought(question) for match in pattern.finditer(rest)]


def _sought(question: Question) -> list[re.Pattern[str]]:
    if question.asks != "count":
        return [pattern for asks, pattern in _EVIDENCE.items() if asks == question.asks]
    units = {question.unit, question.unit[:1]} - {""}
    found = [re.compile(f"{_NUMBER}余?多?{re.escape(unit)}") for unit in units]
    found += [measure for asked, measure in _MEASURES if asked.search(question.text)]
    return found or [_FIGURE]


def unit_value(question: Question, text: str) -> bool:
    """Whether the asked unit stands right after a number in the folded text (``364.6公里`` for 多少公里)."""
    if not question.unit:
        return False
    return any(re.search(f"{_NUMBER}余?多?{re.escape(unit)}", text) for unit in (question.unit, question.unit[0]))


def names_focus(question: Question, text: str) -> float:
    """1 where the asked noun stands in the folded text, .5 where only its last character does, else 0."""
    if not question.focus:
        return 0.0
    if question.focus in text:
        return 1.0
    return 0.5 if question.focus[-1] in text else 0.0


def names_person(unit: Unit, text: str) -> float:
    """1 where a piece (folded text) names a person by what stands around the name, else 0."""
    if unit.row and any(
        _NAMED.search(column) and _NAME.fullmatch(cell)
        for column, cell in zip(unit.row.columns, unit.row.cells, strict=False)
    ):
        return 1.0
    return float(_WITH_ROLE.search(text) is not None)


def defines(question: Question, text: str) -> float:
    """1 where a folded text says what the question's subject is: 断温：…, 前置仓是指…, 所谓前置仓, …; else 0."""
    if question.asks not in {"define", "what", "alias", "which", "how"} or not question.runs:
        return 0.0
    return float(any(_defined(run, text) for run in question.runs[:2] if len(run) > 1))


def _defined(term: str, text: str) -> bool:
    at = text.find(term)
    if at < 0:
        return False
    after = text[at + len(term) :]
    return _DEFINITION.match(after) is not None or (at == 0 and after.startswith(":")) or text[:at].endswith("所谓")


_NAMED = re.compile("姓名|负责人|责任人|联系人|经办人|主持|记录人|主管")
_NAME = re.compile("[\u4e00-\u9fff·]{2,5}")
_ROLES = (
    "董事长|总经理|经理|总裁|总监|主任|主管|部长|厂长|科长|处长|局长|院长|校长|馆长|会长|主席|书记|秘书|会计|出纳|专员|工程师|助理|代表|"
    "负责人|责任人|联系人|经办人|主持人?|记录人?|记录|请假|创始人|法人|先生|女士|教授|医生|律师"
)
_WITH_ROLE = re.compile(
    f"(?:{_ROLES})[:为是由叫]?\\s?[{SURNAMES}][\u4e00-\u9fff]{{1,2}}(?![\u4e00-\u9fff]*(?:部|公司))"
    f"|(?:^|[,。;:、(\\s]|由|找)[{SURNAMES}][\u4e00-\u9fff]{{1,2}}(?:\\(|:|先生|女士|负责|担任|接任|任|创办|主持|统一|在\\d)"
    f"|的[{SURNAMES}][\u4e00-\u9fff]{{1,2}}[,。]"
)
_DEFINITION = re.compile(
    '[”」"]?(?:,?(?:是指|指的?是|即|就是|也就是|意思是|是一[种个类款项]|指[^定出导挥标向]|定义)|\\([^)]{0,30}\\)?,?即)'
)
_DIGIT = r"[\d〇零一二三四五六七八九十两百千万亿半数]"
_NUMBER = r"(?:\d[\d,.]*|[〇零一二三四五六七八九十百千两半数]+)[十百千万亿]*"
_DATE = re.compile(
    r"\d{1,4}\s*(?:年|月|日|世纪|年代)|[〇零一二三四五六七八九十元]{1,4}(?:年|月|日|世纪)|世纪|年间|年代|时期|时代|[夏商周秦汉晋隋唐宋元明清]朝|"
    r"\d{4}\s*[-./]\s*\d|春|夏季|秋|冬|星期|周[一二三四五六日]|\d{4}"
)
_PLACE = re.compile(
    r"位于|坐落|座落|地处|分布|[省市县区州镇乡村路街岛洲洋湾港山河江湖海国]|境内|[东南西北中]部|以[东南西北]|附近|大学|医院|公园|在"
)
_PERSON = re.compile(rf"[\u4e00-\u9fff]·[\u4e00-\u9fff]|[{SURNAMES}][\u4e00-\u9fff]{{1,2}}|[a-z]+ [a-z]+")
_EVIDENCE: dict[str, re.Pattern[str]] = {
    "when": _DATE,
    "where": _PLACE,
    "who": _PERSON,
    "why": re.compile(
        r"因为|由于|因(?!此)|原因|理由|鉴于|为了|为免|以便|以免|缘于|出于|基于|源于|得名|所以|因此|故|导致|使"
        r"|because|due to"
    ),
    "how": re.compile(r"通过|透过|经由|采用|利用|使用|借助|以|用|按|方法|方式|步骤|首先|先|呈|较"),
    "alias": re.compile(
        r"又名|又称|亦称|也称|别名|别称|俗称|俗名|学名|简称|全称|原名|本名|真名|旧称|也叫|又叫|叫做"
        r"|称为|称作|名为|意为|英文"
        r"|「|“|《|（"
    ),
    "define": re.compile(r"是|指|即|意为|意思|表示|称为|定义"),
    "which": re.compile(r"《|「|“|、|是|为"),
}


_MEASURES: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...] = tuple(
    (re.compile(asked), re.compile(f"{_NUMBER}(?:余|多)?(?:个|整)?(?:{units})"))
    for asked, units in (
        (
            r"多久|多长时间|how long",
            "秒|分钟?|小时|钟头|天|日|周|星期|月|季|年|世纪|days?|weeks?|months?|years?|hours?|minutes?",
        ),
        (r"多少?钱|价|费|金额|收入|成本|how much", "元|块|万|亿|美金|镑|日圆|rmb|usd"),
        (r"多[高长远宽深]|how (?:far|tall)", "毫米|厘米|公分|分米|米|公里|千米|里|尺|寸|海里|mm|cm|km|m"),
        (r"多重", "克|千克|公斤|斤|吨|kg|g"),
        (r"多大", "岁|平|公顷|亩|米|公里|寸|g|m"),
    )
)
_FIGURE = re.compile(r"\d[\d,.]*")
_MONEY = re.compile(r"[$¥€£]\s*\d")


def _count(question: Question, text: str, rest: str) -> float:
    if unit_value(question, rest) or unit_value(question, text):
        return 1.0
    measure = next((units for asked, units in _MEASURES if asked.search(question.text)), None)
    if measure and (measure.search(rest) or _MONEY.search(rest)):
        return 1.0
    if re.search(rf"\d|{_DIGIT}{{2,}}|[一两三四五六七八九十][\u4e00-\u9fff]", rest):
        return 0.3 if measure else 0.6
    return 0.0
