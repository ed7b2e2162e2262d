"""Questions in plain Chinese for what a passage states: facts, key and value lines, tables, QA pairs, headings."""

import re
from collections.abc import Iterator

from wenshu.knowledge.passage import Passage
from wenshu.knowledge.units import measured, units
from wenshu.zh.fold import fold
from wenshu.zh.sentences import split, trim


def questions(passage: Passage) -> list[str]:
    """Make the passage's questions, the surest first, at most twelve; their subject is always named.

    Every question is one that a sentence, line or cell of the passage answers; nothing is asked of a pronoun.
    """
    if passage.kind == "qa":
        return [_question(passage.name)] if passage.name.strip() else []
    subject = subject_of_title(passage.title)
    made: list[str] = []
    for maker in (_from_sentences, _from_subject, _from_pairs, _from_tables, _from_heading, _from_opening):
        made.extend(maker(passage, subject))
    return list(dict.fromkeys(question for question in made if len(question) <= _LONGEST))[:_MOST]


def ask(subject: str, attribute: str, value: str = "") -> str:
    """Ask for an attribute of a subject with the question word that fits it: 负责人 → 是谁, 地址 → 在哪里.

    A numeric ``value`` is asked for with 是多少; "" where no question word fits.
    """
    folded = fold(attribute)
    for pattern, form in _FORMS:
        if pattern.search(folded):
            return form.format(subject)
    of = attribute if attribute.startswith(subject) else f"{subject}的{attribute}"
    for pattern, ending in _ENDINGS:
        if pattern.search(folded):
            return f"{of}{ending}？"
    return f"{of}是多少？" if _NUMERIC.fullmatch(fold(value)) else ""


_LONGEST = 40
_MOST = 12
_AMOUNT = re.compile(
    r"(?:价|价格|费|费用|金额|数|数量|面积|人口|电话|热线|长度|高度|宽度|重量|容量|温度|功率|尺寸|资本|收入|利润|"
    r"产量|销量|邮编|号码|比例|率|期|年限|里程|速度|分辨率|额|量|人数|型号数)$"
)
_NUMERIC = re.compile(r"[+\-]?\d[\d,.]*\s*(?:%|[^\d\s]{1,3})?")
_FORMS = (
    (re.compile(r"^(?:含义|意义|意思)$"), "{0}是什么意思？"),
    (re.compile(r"^处理(?:方法|办法|措施)?$|^(?:解决办法|对策)$"), "{0}怎么处理？"),
    (re.compile(r"^(?:姓名|人员)$"), "{0}是谁？"),
    (re.compile(r"^(?:分管工作|职责|工作职责)$"), "{0}分管什么工作？"),
    (re.compile(r"^(?:事件|大事|大事记)$"), "{0}发生了什么？"),
    (re.compile(r"^(?:主要工作|工作内容)$"), "{0}阶段主要做什么？"),
)
_ENDINGS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?:时间|日期|时段|年份|生日|期限)$"), "是什么时候"),
    (re.compile(r"(?:地址|地点|位置|所在地|产地|总部)$"), "在哪里"),
    (
        re.compile(r"(?:人|者|经理|主任|主管|总监|导演|校长|会长|院长|局长|馆长|主演|主席|教练|法人|代表)$"),
        "是谁",
    ),
    (_AMOUNT, "是多少"),
    (re.compile(r"(?:原因|理由|型号|全称|简称|使命|目标|标准)$"), "是什么"),
    (
        re.compile(r"(?:产品|功能|特点|优势|服务|范围|成员|材料|条件|步骤|内容|要求|项目|规格|配件|亮点|卖点)$"),
        "有哪些",
    ),
    (re.compile(r"(?:方式|方法|流程|办法)$"), "是怎样的"),
)
_NAME = r"[\u3400-\u9fffA-Za-z0-9·《》「」“”（）() .\-]{2,24}?"
_FACTS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(rf"^({_NAME})(?:[（(][^）)]*[）)])?(?:正式|于|始)*(?:位于|坐落于|座落于|地处)"), "{0}位于哪里？"),
    (
        re.compile(
            rf"^({_NAME})(?:[（(][^）)]*[）)])?[，,]?(?:于|在)?(?:\d{{4}}|[一二〇零]{{1}}[〇零一二三四五六七八九]{{3}})年"
            r"[^，。；]{0,12}?(成立|创立|建成|创办|发布|上映|出版|开业|出生|去世|逝世|通车|开通|上市|发行|启用|设立|创刊)"
        ),
        "{0}是什么时候{1}的？",
    ),
    (
        re.compile(
            rf"^({_NAME})(?:正式)?(成立|创立|建成|创办|发布|上映|出版|开业|出生|逝世|通车|开通|上市|发行|启用|设立|创刊)于"
            r"[^，。；]{0,6}[\d〇零一二三四五六七八九]{2,4}年"
        ),
        "{0}是什么时候{1}的？",
    ),
    (re.compile(rf"^({_NAME})[，,]?(?:又名|又称|亦称|也称|别名|俗称)"), "{0}又叫什么？"),
    (
        re.compile(rf"^({_NAME})由[^，。；由]{{2,20}}?(开发|出版|制作|发行|设计|创办|创立|生产|管理|执导|建造)"),
        "{0}由谁{1}？",
    ),
    (re.compile(rf"^({_NAME})(?:主要)?(毕业|隶属|起源|来自|分布)于"), "{0}{1}于哪里？"),
    (
        re.compile(rf"^({_NAME})(?:[（(][^）)]*[）)])?[，,]?(?:全长|总长)(?:约|为|达)*\d[\d,.]*\s*(公里|米|千米)"),
        "{0}全长多少{1}？",
    ),
    (
        re.compile(
            rf"^({_NAME})(?:[（(][^）)]*[）)])?[，,]?是(?:一[位名个])?[^，。；]{{2,30}}?(?:家|员|手|者|演员|导演|人|教授|皇帝|将领|官员)[，。；]"
        ),
        "{0}是谁？",
    ),
    (re.compile(rf"^({_NAME})(?:[（(][^）)]*[）)])?[，,]?(?:是指|指的是|是一[种个款家座部项类条])"), "{0}是什么？"),
)
_STANDS_FOR = ("他", "她", "它", "牠", "其", "该", "全长", "总", "体长", "占地")
_SUBJECT_FACTS: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(
            r"(?:^|[，；])(?:其|该[^，；]{1,4}?)?(全长|体长|身长|面积|占地面积|总面积|人口|海拔|注册资本|总投资|建筑面积|票房|容量|高度|身高)"
            r"(?:约|为|达|可达|是|有|共)*\d"
        ),
        "{0}的{1}是多少？",
    ),
    (re.compile(r"(?:又名|又称|亦称|也称|别名|俗称|俗名)"), "{0}又叫什么？"),
    (
        re.compile(
            r"年[^，。；]{0,8}?(成立|建成|去世|逝世|出生|通车|开业|上市|启用|上映|首播|落成|竣工|停刊|解散)[，。；]"
        ),
        "{0}是什么时候{1}的？",
    ),
    (re.compile(r"^[^，。；的]{0,16}毕业于"), "{0}毕业于哪里？"),
    (re.compile(r"分布(?:于|在)"), "{0}分布在哪里？"),
    (re.compile(r"位于|坐落于|座落于"), "{0}位于哪里？"),
    (re.compile(r"(?:出生于|生于)(?!\d)"), "{0}出生在哪里？"),
    (re.compile(r"因[^。]{2,30}得名"), "{0}为什么叫这个名字？"),
    (re.compile(r"的(作者|导演|创始人|主演|会长|校长|主角)(?:是|为)"), "{0}的{1}是谁？"),
)
_PAIR = re.compile(r"^\s*(?:[-*•]\s*)?([\u3400-\u9fffA-Za-z]{2,10})\s*[：:]\s*(\S.{0,80}?)\s*$")
NO_SUBJECT = re.compile(
    r"^(?:他|她|它|牠|其|该|此|这|那|我|你|您|们|本|当|后|在|从|由|因|为|但|而|并|又|也|同|目前|现在|其中|另外|此外|主要|根据|"
    r"如果|虽然|由于|以及|以|经|至|曾|已|\d)|[的是在于了和与及为]$|^(?:第|与)|位于|因|被|把|由|将|原本|松散|是|“|参照|^一[种个]|[可能会应]$|^早期"
)
NO_KEY = re.compile(
    r"^(?:注|注意|备注|说明|提示|问|答|附|例|例如|如下|以下|包括|来源|链接|网址|作者按|编者按|其中|第.{1,3})$"
)
_GENERIC_HEADING = re.compile(
    r"^(?:概述|简介|介绍|背景|总结|结论|前言|附录|目录|参考|其他|其它|正文|摘要|引言|注释|说明)$|^第|\d$"
)
_DOCUMENT_WORDS = re.compile(
    r"(?:产品|使用|操作|用户|安装)?(?:说明书|使用手册|手册|简介|介绍|资料|文档|方案|报告|一览表?|白皮书|表格?|FAQ|faq)$|\s*[（(][^（）()]*[）)]$"
)


def _question(name: str) -> str:
    name = " ".join(name.split()).rstrip("?？。")
    return f"{name}？"


def subject_of_title(title: str) -> str:
    """Name what a title is about: without 说明书 and the like, unless nothing is left."""
    title = " ".join(title.split())
    bare = _DOCUMENT_WORDS.sub("", title) if title.endswith(("）", ")")) else title
    short = _DOCUMENT_WORDS.sub("", bare).strip(" -_—《》")
    return short if len(short) >= 3 else bare


def _from_sentences(passage: Passage, subject: str) -> Iterator[str]:
    text = passage.text
    for raw in split(text):
        start, end = trim(text, raw)
        sentence = text[start:end]
        for pattern, form in _FACTS:
            found = pattern.match(sentence)
            name = found.group(1).strip() if found else ""
            if found and not NO_SUBJECT.search(name) and balanced(name):
                yield form.format(_fuller(name, subject), *found.groups()[1:])


def _from_subject(passage: Passage, subject: str) -> Iterator[str]:
    """Ask about the source's subject what a sentence says that begins with it, or with a pronoun for it."""
    if not subject or subject not in passage.text or not 2 <= len(subject) <= 16:
        return
    text = passage.text
    for raw in split(text):
        start, end = trim(text, raw)
        sentence = text[start:end]
        if not sentence.startswith((subject, *_STANDS_FOR)):
            continue
        for pattern, form in _SUBJECT_FACTS:
            if found := pattern.search(sentence):
                yield form.format(subject, *found.groups())


def _fuller(name: str, subject: str) -> str:
    """Say the subject in front of a part of it that does not name it (总部 → 文枢科技的总部)."""
    if name in _PARTS and subject:
        return f"{subject}的{name}"
    return name


_PARTS = frozenset({"公司", "总部", "产品", "项目", "学校", "医院", "门店", "景区", "校园", "本馆", "车站"})
_BRACKETS = ("（）", "()", "《》", "「」", "“”")


def balanced(name: str) -> bool:
    """Whether each bracket and quotation mark in it has its other half."""
    return all(name.count(pair[0]) == name.count(pair[1]) for pair in _BRACKETS)


def _from_pairs(passage: Passage, subject: str) -> Iterator[str]:
    """Ask for the keys of ``键：值`` lines that are an attribute of the subject; titles of letters are no subject."""
    if not subject or len(subject) > _LONGEST_SUBJECT or "-" in subject:
        return
    for unit in units(passage):
        pair = _PAIR.match(unit.said) if unit.kind != "row" else None
        if (
            pair
            and len(pair.group(2)) <= _LONGEST_VALUE
            and not NO_KEY.search(pair.group(1))
            and not NO_SUBJECT.search(pair.group(1))
        ):
            question = ask(subject, pair.group(1))
            if question:
                yield question


def _from_tables(passage: Passage, subject: str) -> Iterator[str]:
    """Ask for the cells of a table: the row's first cell is the subject, the column's name the attribute.

    Where the columns are years it is the other way about: 2025年毛利率是多少？
    """
    del subject
    asked = 0
    for unit in units(passage):
        if not unit.row or not unit.row.columns or asked >= _MOST_ROWS:
            continue
        key = measured(unit.row.cells[0])[0]
        if not 2 <= len(key) <= _LONGEST_SUBJECT or key.isdigit() or _TOTAL.match(key):
            continue
        asked += 1
        for column, value in list(zip(unit.row.columns, unit.row.cells, strict=True))[1:]:
            question = _of_cell(key, measured(column)[0], value)
            if question:
                yield question
                break


def _of_cell(key: str, attribute: str, value: str) -> str:
    """Ask for a cell; "" where that would be no natural question (产销差率的更换前, 华东的2024年)."""
    if not value or len(attribute) < 2 or _NO_ATTRIBUTE.search(attribute):
        return ""
    if not _YEAR.fullmatch(attribute):
        return f"{key}的{attribute}是多久？" if _DURATION.fullmatch(fold(value)) else ask(key, attribute, value)
    return f"{attribute}{key}是多少？" if _AMOUNT.search(key) and _NUMERIC.fullmatch(fold(value)) else ""


_MOST_ROWS = 3
_NO_ATTRIBUTE = re.compile(r"[前后]$|季度$|^全年|月$|时间$|^(?:备注|参数|数值|值)$|占比$|增长$|变动$")
_DURATION = re.compile(r"\d[\d.]*\s*个?(?:年|月|天|日|小时|分钟|秒|工作日)")
_LONGEST_SUBJECT = 14
_LONGEST_VALUE = 24  # a longer one explains its key rather than being its value
_TOTAL = re.compile(r"合计|总计|小计|其他|其它|备注")
_YEAR = re.compile(r"\d{4}年")
_ENUMERATION = re.compile(
    r"^(?:第[一二三四五六七八九十百\d]+[章节条编]\s*|[一二三四五六七八九十]+、\s*|[（(][一二三四五六七八九十\d]+[)）]\s*|"
    r"\d+(?:\.\d+)*[.、\s]\s*)+"
)
_RULES = re.compile(r"(?:制度|办法|政策|规定|规范|条例|章程|须知|守则|员工手册)(?:[（(][^）)]*[）)])?$")
_ASKABLE = re.compile(r"(?:要求|步骤|条件|情形|范围|流程|资质|难题|措施|方式)$")


def _from_heading(passage: Passage, subject: str) -> Iterator[str]:
    """Ask what rules say about a heading, or for what a heading such as 安装步骤 announces."""
    own = units(passage)
    heading = _ENUMERATION.sub("", own[0].under if own else "").strip()
    title = " ".join(passage.title.split())
    if not 2 <= len(heading) <= 12 or _GENERIC_HEADING.search(heading) or heading == subject:
        return
    if _RULES.search(title):
        yield f"{heading}是怎么规定的？" if not _ASKABLE.search(heading) else f"{heading}有哪些？"
    elif _ASKABLE.search(heading) and subject and len(subject) <= _LONGEST_SUBJECT:
        yield f"{subject}的{heading}有哪些？"


def _from_opening(passage: Passage, subject: str) -> Iterator[str]:
    """Ask for an introduction where the source opens with its subject."""
    if passage.start == 0 and 2 <= len(subject) <= 16 and subject in passage.text[: len(subject) + 8]:
        yield f"能介绍一下{subject}吗？"
