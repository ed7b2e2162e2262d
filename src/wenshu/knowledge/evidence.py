"""Whether a text holds the kind of thing that a question asks for."""

import re

from wenshu.knowledge.question import Question


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


_DIGIT = r"[\d〇零一二三四五六七八九十两百千万亿半数]"
_NUMBER = r"(?:\d[\d,.]*|[〇零一二三四五六七八九十百千两半数]+)[十百千万亿]*"
_DATE = re.compile(
    r"\d{1,4}\s*(?:年|月|日|世纪|年代)|[〇零一二三四五六七八九十元]{1,4}(?:年|月|日|世纪)|世纪|年间|年代|时期|时代|[夏商周秦汉晋隋唐宋元明清]朝|"
    r"\d{4}\s*[-./]\s*\d|春|夏季|秋|冬|星期|周[一二三四五六日]|\d{4}"
)
_PLACE = re.compile(
    r"位于|坐落|座落|地处|分布|[省市县区州镇乡村路街岛洲洋湾港山河江湖海国]|境内|[东南西北中]部|以[东南西北]|附近|大学|医院|公园|在"
)
_SURNAMES = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛范彭郎鲁韦马苗凤方俞任袁柳鲍史唐费廉岑薛雷贺倪汤"
    "罗毕郝安常乐于傅皮卞齐康伍余顾孟黄穆萧尹姚邵汪祁毛狄米贝明臧戴宋庞熊纪舒屈项祝董梁杜阮蓝闵席季强贾路江童颜郭梅盛林钟徐邱骆高夏蔡田樊胡凌霍虞万"
    "柯管卢莫房解应宗丁宣邓郁单洪包诸左石崔吉龚程邢裴陆荣翁荀羊惠甄曲封储段富巫乌焦谷车侯宓蓬全班仰秋仲伊宫宁仇栾甘祖武符刘景詹束龙叶幸司黎薄印白怀蒲"
    "从索咸赖卓屠池乔闻党翟谭姬申冉郦雍桑桂牛寿通边燕冀浦尚农温别庄晏柴瞿阎连习艾鱼容向古易廖终步都耿满匡文寇广东沃利蔚越师巩聂晁敖冷辛那简饶空曾沙丰关查游佘"
)
_PERSON = re.compile(rf"[\u4e00-\u9fff]·[\u4e00-\u9fff]|[{_SURNAMES}][\u4e00-\u9fff]{{1,2}}|[a-z]+ [a-z]+")
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
