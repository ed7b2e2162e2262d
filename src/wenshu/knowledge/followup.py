"""Follow-up questions made whole: 那价格呢 after a question about LX-U20 becomes LX-U20的价格是多少.

Rules over the conversation alone. What stands on its own is never touched; where the rules can say a question in
several ways, or cannot be sure that it leans on what came before, the caller tries the wordings in turn.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from wenshu.knowledge.frame import GENERIC, MARKS, Frame, asks, bare, codes, frame, is_attribute, is_role, moments, told
from wenshu.knowledge.phrase import ask
from wenshu.zh.fold import fold
from wenshu.zh.numerals import numerals


class Turn(NamedTuple):
    """An earlier question as it was searched for, and its answer."""

    asked: str
    answer: str


class Rewriting(NamedTuple):
    """How to say the question: ``wordings`` to be tried in order, never empty.

    ``more``: the same is asked again, for what the answers so far have not said.
    """

    wordings: tuple[str, ...]
    more: bool = False


def rewrite(question: str, turns: Sequence[Turn]) -> Rewriting:
    """Say a question so that it needs no conversation; ``turns`` are oldest first.

    A question that stands on its own, or that nothing in the conversation completes, comes back as it is. Rewriting
    what was rewritten changes nothing. Never raises.
    """
    as_it_is = Rewriting((question,))
    before = next((turn for turn in reversed(turns) if bare(turn.asked)), None)
    lean = leans(question) if before else ""
    if before is None or not lean:
        return as_it_is
    earlier = frame(before.asked)
    fragment = _fragment(question)
    if _MORE.fullmatch(fragment):
        return Rewriting((earlier.text,), more=True)
    made = [wording for wording in _wordings(fragment, earlier, before.answer) if _is_whole(wording, question)]
    wordings = tuple(dict.fromkeys(made))[:_MOST]
    if not wordings:
        return as_it_is
    return Rewriting((question, *wordings) if lean == "maybe" else wordings)


def leans(question: str) -> str:
    """Whether a question leans on what came before: ``surely``, ``maybe`` (it may stand on its own, too), or ``""``."""
    fragment = _fragment(question)
    folded = fold(fragment)
    if not fragment or len(fragment) > _LONGEST:
        return ""
    closed = _CLOSING.search(question.rstrip(MARKS)) is not None
    opened = _OPENING.match(fold(question.strip())) is not None
    if (
        _MORE.fullmatch(fragment)
        or _stand_in(fragment)
        or any(pattern.fullmatch(folded) for pattern in (_BARE, _COMPARING, _CHANGED))
        or ((closed or opened) and (not asks(fragment) or _NEEDS.fullmatch(folded)))
    ):
        return "surely"
    return "maybe" if _NEEDS.fullmatch(folded) else ""


def only_says(wording: str, question: str, turns: Sequence[Turn]) -> bool:
    """Whether a model's wording of the question has no words but the conversation's and those that ask."""
    known = fold("\n".join((question, *(text for turn in turns for text in turn))))
    plain = _ASKING_WORDS.sub(" ", fold(wording))
    for run in re.findall(r"[\u3400-\u9fff]+|[a-z0-9]+(?:[.\-][a-z0-9]+)*", plain):
        pairs = [run] if run.isascii() or len(run) == 1 else [run[at : at + 2] for at in range(len(run) - 1)]
        joints = sum(pair not in known for pair in pairs)
        if joints > (0 if run.isascii() else len(run) // 6 + 1):
            return False
    return True


_LONGEST = 24  # characters; what is longer says what it is about
_MOST = 4
_CLOSING = re.compile(r"(?:呢|呀|啊|吧|嘛|(?<![什怎那这多要])么)+$")
_OPENING = re.compile(r"(?:那么?|然后|另外|以及|还有)(?!里|儿|些|个|时|年|天|种|款|边)")
_MORE = re.compile(
    r"(?:还有(?:别的|其他的?|哪些|什么|更多的?)?|其他的?|别的|更多|继续|接着说|然后|"
    r"(?:请|能)?(?:再)?(?:具体|详细)(?:说说|说明|一点|点|介绍)?(?:一下)?|(?:再)?(?:展开|详细|仔细)(?:说说|讲讲)|说详细(?:一?点|些))吗?"
)
_BARE = re.compile(
    r"(?:是)?(?:为什么|为啥|为何|什么原因|原因(?:是什么)?|怎么(?:办|做|回事|算|来的|用|处理|解决|弄|收费|买|申请|操作)?|如何(?:处理|解决|操作|申请)|"
    r"多少钱?|多久|多长时间|什么时候|何时|哪(?:一)?(?:年|天|个|种|款|些|里|儿)|在哪(?:里|儿)?|谁|是谁|几个|有哪些|什么意思|是什么|叫什么|怎么样|贵吗|"
    r"从什么时候开始|到什么时候)的?"
)
_ASKING_WORDS = re.compile(
    r"为什么|什么时候|什么|多少钱?|多[久长高大重]|哪里|哪(?:个|些|种|款|家|一)?|谁|怎么样?|怎样|如何|是否|吗|呢|请问|的|是|有|在|和|与|了|"
    r"介绍一下|元|年|月|日|天|个"
)
_PERSON = re.compile(r"他们?|她们?")
_THING = re.compile(
    r"它们?|(?<![其尤])其(?![他它余中实次])|(?:这|那)(?:一)?(?:个|款|种|家|台|项|位|份|条|些|次|批)(?:(?:产品|型号|水表|公司|人|设备|项目|客户|方案|合同)(?=的|$|[^\u4e00-\u9fff]))?"
    r"|该(?=产品|型号|公司|项目|设备|客户|方案|合同|员工|人|款|系统)(?:产品|型号|公司|项目|设备|客户|方案|合同|员工|人|款|系统)"
    r"|前者|后者|上述|上面(?:的|那个|说的)?|刚才(?:的|那个|说的)?"
)
_ENDS = "(?=$|的|是|有|多|什么|怎|如何|哪|在|能|可以|支持|和|与|贵|呢|为)"
_ORDINAL = re.compile(r"第([一二三四五六七八九十两\d]{1,2})(?:个|条|点|项|款|种|步|类|家|位|名)" + _ENDS)
_LAST = re.compile("最后(?:一)?(?:个|条|点|项|款|种|步|类|家|位|名)" + _ENDS)
_COMPARING = re.compile(
    r"(?:那)?(?:(?:哪|那)一?(?:个|款|种|家)|谁)?(?:更|最|比较)?(?:便宜|贵|大|小|高|低|多|少|长|短|快|慢|好|重|轻)(?:一?些|一?点|多少钱?)?|"
    r"(?:它们|两者|二者|两个)?(?:相差|差|差了|差价|区别|差别)(?:是)?(?:多少钱?|什么|在哪里?)?|有(?:什么|啥|何)(?:区别|不同|差别)"
)
_CHANGED = re.compile(
    r"(?:(?:同比|环比|比(?:去年|上年|前年|上(?:个?季度|个?月)).{0,6}?)(?:增长|下降|增加|减少|提高|降低|变化|多|少)?|"
    r"(?:增长|下降|增加|减少|提高|降低|变化))(?:了)?(?:多少|率|幅度|情况)?(?:是多少|怎么样|如何)?"
)
_NEEDS = re.compile(  # what only has a meaning of something: said without a subject, it is mostly the last one's
    r"(?:是|大概|一般|具体)*(?:(?:是?从)?什么时候|何时|哪一?年|哪天|怎么|如何|怎样|在哪里?|从哪里?|由?谁|多久|几天|多长时间|为什么)"
    r"(?:能|可以|会|要|开始)?[\u3400-\u9fff]{1,2}的?"
    r"|(?:价格|单价|售价|目录价|多少钱|保修期?|质保期?|交货期|起订量|电话|联系方式|地址|负责人|原因|规格|参数|用途|优点|缺点|特点)"
    r"(?:是|为|有)?(?:多少|多久|多长|什么|几年|几天|怎么样|在哪里?|是?谁|哪些|如何)?"
)


def _fragment(question: str) -> str:
    """The question without what opens and closes a follow-up (那…呢)."""
    plain = question.strip().rstrip(MARKS)
    said = _CLOSING.sub("", plain)
    return said if _MORE.fullmatch(said) else bare(_CLOSING.sub("", bare(plain)))


def _stand_in(fragment: str) -> re.Match[str] | None:
    """The word that stands for something said before, where nothing before it in the question could be meant."""
    folded = fold(fragment)
    for pattern in (_THING, _PERSON, _ORDINAL, _LAST):
        found = pattern.search(folded)
        if found and (
            not folded[: found.start()].strip("的, 和与比在对把跟") or _LIGHT.fullmatch(folded[: found.start()])
        ):
            return found
    return None


_LIGHT = re.compile(
    r"(?:购买|使用|安装|关于|请问|介绍一下|介绍|说说|为什么|怎么|如何|负责|什么是|谁是|哪些|和|与|跟|比|在|对|把|给|除了|的|,|\s)+"
)


def _is_whole(wording: str, question: str) -> bool:
    return 0 < len(wording) <= _LONGEST_WORDING and wording != question and leans(wording) != "surely"


_LONGEST_WORDING = 200


def _wordings(fragment: str, earlier: Frame, answer: str) -> Iterator[str]:
    """The ways to complete the fragment, likeliest first."""
    stand_in = _stand_in(fragment)
    if stand_in:
        yield from _with_the_meant(fragment, stand_in, earlier, answer)
        return
    if _WHY.fullmatch(fragment):
        yield from _why(earlier, answer)
    elif _COMPARING.fullmatch(fold(fragment)):
        yield from _compared(fragment, earlier)
    elif asks(fragment) or any(pattern.fullmatch(fold(fragment)) for pattern in (_BARE, _CHANGED)):
        yield from _asked_of(fragment, earlier, answer)
    else:
        yield from _changed(fragment.removesuffix("的"), earlier, answer)


_WHY = re.compile(r"(?:这?是)?(?:为什么|为啥|为何|什么原因|原因是什么|原因|怎么回事)(?:会)?(?:这样)?")


def _with_the_meant(fragment: str, stand_in: re.Match[str], earlier: Frame, answer: str) -> Iterator[str]:
    """它的保修期 → LX-U20的保修期; 第二个 → the second of the list just said."""
    before, after = fragment[: stand_in.start()], fragment[stand_in.end() :]
    for meant in _meant(stand_in, earlier, answer):
        said = f"{before}{meant}{after}"
        if not after.strip("的") and not before.strip():
            yield f"{meant}是什么" if meant in answer else _with_subject(earlier, meant)
        elif asks(said) or stand_in.re in {_ORDINAL, _LAST}:
            yield _asking(said)
        else:
            yield _asking(said)


def _meant(stand_in: re.Match[str], earlier: Frame, answer: str) -> Iterator[str]:
    if stand_in.re in {_ORDINAL, _LAST}:
        items = _items(answer)
        number = int(numerals(fold(stand_in.group(1)))[0].value) if stand_in.re is _ORDINAL else len(items)
        if 0 < number <= len(items) and len(items) > 1:
            yield items[number - 1]
        return
    entity = told(earlier, answer)
    subject = earlier.subject or (earlier.attribute if not is_attribute(earlier.attribute) else "")
    both = re.split("[和与跟、]|还是", subject)
    if stand_in.group() in {"前者", "后者"} and len(both) > 1:
        yield both[0 if stand_in.group() == "前者" else -1]
        return
    if entity:
        yield entity
    if subject:
        yield subject
    elif earlier.rest and not entity:
        yield from codes(earlier.rest)[:1] or [earlier.rest]
    elif earlier.attribute:
        yield earlier.attribute


def _items(answer: str) -> list[str]:
    """What the lines of a listed answer are about: the beginning of each, to its first mark."""
    items: list[str] = []
    for line in re.sub(r"\[\d{1,3}\]", "", answer).splitlines():
        head = re.split(r"[：:，,。；;（(]", line.strip(" -*•·\t"))[0].strip()
        if 1 < len(head) <= _LONGEST:
            items.append(head)
    return items


def _why(earlier: Frame, answer: str) -> Iterator[str]:
    if earlier.asking.startswith("为"):
        return
    entity = told(earlier, answer)
    said = f"{earlier.stem}{entity}{earlier.rest}" if entity else f"{earlier.stem}{earlier.rest}"
    said = re.sub(r"(?:元|年|天|个|台|万元|%|了)$", "", said) if not entity else said
    if said:
        yield f"为什么{said}"


def _compared(fragment: str, earlier: Frame) -> Iterator[str]:
    """哪个更贵 after a question about two things."""
    things = codes(earlier.text)
    named = "和".join(dict.fromkeys(things)) if len(set(things)) > 1 else ""
    if not named and re.search("[和与跟、]|还是", earlier.subject):
        named = earlier.subject
    if named:
        yield f"{named}{re.sub('^(?:那|它们|两者|二者|两个)', '', fragment)}"


def _asked_of(fragment: str, earlier: Frame, answer: str) -> Iterator[str]:
    """多少钱, 什么时候发布的: asked of what was talked about."""
    plain = re.sub("^(?:那么?|然后|另外|以及)", "", fragment)
    entity = told(earlier, answer)
    rest = re.sub("^[是叫指]", "", earlier.rest) if not earlier.stem else ""
    subjects = [entity, earlier.subject or earlier.stem, *codes(earlier.rest)[:1], rest]
    if _CHANGED.fullmatch(fold(plain)) and earlier.stem:  # 同比增长多少, of the figure and not of the thing
        subjects.insert(0, earlier.stem)
    for subject in dict.fromkeys(filter(None, subjects)):
        joint = (
            "的"
            if is_attribute(re.split("是|为|有|多|什|哪|怎|如|几", plain)[0]) and not subject.endswith("的")
            else ""
        )
        yield _asking(f"{subject}{joint}{plain}")


def _changed(piece: str, earlier: Frame, answer: str) -> Iterator[str]:
    """那LX-N10呢, 2024年呢, 那价格呢: another subject with the same attribute, or another attribute of the same."""
    if when := _at_another_time(piece, earlier):
        yield when
        return
    same = [code for code in codes(earlier.text) if codes(piece) == [piece]]
    if same:
        yield _replaced(earlier, max(same, key=lambda code: _shared(code, piece)), piece)
        return
    if extreme := _EXTREME.search(piece):
        yield _EXTREME.sub(extreme.group(), earlier.text, count=1)
        return
    role, attribute = is_role(piece), is_attribute(piece)
    person = re.search("谁|哪位", earlier.asking) is not None
    if role and (person or is_role(earlier.attribute)):
        yield _replaced(earlier, earlier.attribute or earlier.stem, piece)
    if attribute and not role:
        yield from _another_attribute(piece, earlier, answer)
        return
    yield from _another(piece, earlier)
    if not role and (owner := earlier.subject or told(earlier, answer)):
        yield _of(owner, piece)


_EXTREME = re.compile("最[高低大小多少贵轻重长短快慢早晚]|最便宜")
_RANKED = re.compile("([^的\\W]{2,8})(?=最[高低大小多少长短])")
_VERB = re.compile(r"负责|分管|主管|管理|支持|批准|审批|参加|提供|包括|生产|销售|购买|使用|管")


def _another_attribute(piece: str, earlier: Frame, answer: str) -> Iterator[str]:
    ranked = _RANKED.search(earlier.rest)
    if ranked:
        yield _replaced(earlier, ranked.group(1), piece)
        return
    owner = told(earlier, answer) or earlier.subject or ("" if is_attribute(earlier.stem) else earlier.stem)
    if owner:
        yield _of(owner, piece)
    if owner != earlier.subject and earlier.subject:
        yield _of(earlier.subject, piece)
    if not earlier.subject:
        yield _of(earlier.stem, piece) if is_role(earlier.stem) else _replaced(earlier, earlier.stem, piece)


def _another(piece: str, earlier: Frame) -> Iterator[str]:
    """The earlier question with ``piece`` in place of its subject, or of the part of it that is most like it."""
    subject = earlier.subject
    if GENERIC.fullmatch(subject) and earlier.attribute:
        yield _replaced(earlier, earlier.attribute, piece)
    if not subject:
        verb = _VERB.match(earlier.rest) if not earlier.stem else None
        old = earlier.rest[verb.end() :] if verb else earlier.stem or earlier.rest
        yield _replaced(earlier, old, piece)
        return
    parts = [part for part in re.split(r"在|去|到|对|的|、|，|,|于|从", subject) if part]
    for part in sorted(parts, key=lambda one: -_alike(one, piece)):
        yield _replaced(earlier, part, piece)
    yield _replaced(earlier, subject, piece)


_CLASSES = (
    re.compile("员工|人员|总监|经理|主管|主任|干部|高管|领导|级别?$|职级|实习生|新人|老师|客户|经销商"),
    re.compile(
        "[省市县区镇]$|城市|地区|境[内外]|海外|国[内外]|总部|北京|上海|天津|重庆|广州|深圳|杭州|南京|成都|武汉|西安|福州|厦门|长沙|郑州|济南|青岛|"
        "沈阳|大连|昆明|贵阳|南宁|南昌|合肥|苏州|宁波|香港|[东西南北中]部|[华西东][东南西北中]"
    ),
)


def _alike(part: str, piece: str) -> int:
    """How much two words look like things of one kind."""
    same = any(kind.search(part) and kind.search(piece) for kind in _CLASSES)
    return 10 * same + _shared(part[::-1], piece[::-1])


def _at_another_time(piece: str, earlier: Frame) -> str:
    """2024年 and 第四季度 in place of the earlier question's; "" where ``piece`` is no time."""
    wanted = moments(piece)
    if len(wanted) != 1 or piece[: wanted[0].start] or piece[wanted[0].end :].strip("度份的"):
        return ""
    year, part, _, _ = wanted[0]
    had = moments(earlier.text)
    if not had:
        return f"{piece}{earlier.text}"
    said = had[0]
    moment = f"{year or said.year}{part or (said.part if year else '')}"
    return f"{earlier.text[: said.start]}{moment}{earlier.text[said.end :]}"


def _of(owner: str, attribute: str) -> str:
    if _LASTING.search(attribute):
        return f"{owner}的{attribute}是多久？"
    return ask(owner, attribute, "1" if _MEASURED.search(attribute) else "") or f"{owner}的{attribute}是什么？"


_LASTING = re.compile(r"(?:保修|质保|保质|交货|试用|有效|账)期$|年限$|寿命$|时长$")
_MEASURED = re.compile(r"(?:价|费|额|率|量|数|期|人数|多少|资本|收入|利润|成本|面积|重量|产能|预算|补贴|补助|标准)$")


def _with_subject(earlier: Frame, subject: str) -> str:
    return _replaced(earlier, earlier.subject, subject) if earlier.subject else f"{subject}的{earlier.text}"


def _replaced(earlier: Frame, old: str, new: str) -> str:
    return _asking(earlier.text.replace(old, new, 1)) if old else ""


def _asking(text: str) -> str:
    """As a question: with the words that ask, where it has none."""
    text = text.strip()
    if not text or asks(text):
        return text
    subject, _, attribute = text.rpartition("的")
    return _of(subject, attribute) if subject and attribute else f"{text}是什么"


def _shared(left: str, right: str) -> int:
    """How many characters two words begin with alike."""
    return next(
        (at for at, pair in enumerate(zip(left, right, strict=False)) if pair[0] != pair[1]), min(len(left), len(right))
    )
