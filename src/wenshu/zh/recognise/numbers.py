"""Numbers: 三万五, 3.5万, 1,200, 一点二, 壹仟贰佰, 三分之一, 负二十; what is no exact figure carries a doubt."""

import re
from decimal import Decimal, InvalidOperation

from wenshu.zh.recognise.found import Found

DIGITS = {character: index for index, character in enumerate("零一二三四五六七八九")} | {
    "〇": 0, "两": 2, "俩": 2, "壹": 1, "贰": 2, "叁": 3, "肆": 4, "伍": 5, "陆": 6, "柒": 7, "捌": 8, "玖": 9, "幺": 1,
}  # fmt: skip
_SMALL = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_LARGE = {"万": 10_000, "亿": 100_000_000, "兆": 1_000_000_000_000}
_LATIN = {"k": 1000, "w": 10_000, "m": 1_000_000}
_D = "".join(DIGITS)
_S = "".join(_SMALL)
_L = "".join(_LARGE)
ARABIC = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\d)|\d+(?:\.\d+)?"
CHINESE = rf"[{_D}十拾廿卅][{_D}{_S}{_L}]*(?:点[{_D}]+[{_S}{_L}]*)?"
NUMBER = rf"(?:(?:{ARABIC})(?:\s?[{_S}{_L}][{_D}{_S}{_L}\d]*|[kw](?![a-z0-9]))?|{CHINESE})"
"""A number in folded text, as a part of other patterns."""

_TOKEN = re.compile(rf"[{_D}]+点[{_D}]+|{ARABIC}|[{_D}]|[{_S}{_L}廿卅]|[kwm]")
_RUN = re.compile(
    rf"(?<![a-z0-9.])(?P<sign>[-−负])?(?:(?P<part>{NUMBER})分之(?P<of>{NUMBER})|(?P<few>[几数好])?(?P<run>{NUMBER}))(?![a-z])(?P<more>多|来(?!自|了|访)|几|余)?"
)
_NEIGHBOURS = re.compile(rf"(?:^|[{_S}{_L}])([一二两三四五六七八九])([一二三四五六七八九])(?=[{_S}{_L}]|$)")
_MOST = 40


def numbers(folded: str) -> list[Found]:
    """Every number, with units of ten thousands and the like, but without what is counted."""
    found: list[Found] = []
    for match in _RUN.finditer(folded):
        sign = -1 if match["sign"] else 1
        if match["part"]:
            whole, part = read(match["part"]), read(match["of"])
            if whole and part is not None:
                found.append(Found(match.start(), match.end(), "number", sign * part / whole))
            continue
        value = read(match["run"])
        if value is not None:
            doubt = "about" if match["few"] or match["more"] or is_about(match["run"]) else ""
            found.append(Found(match.start(), match.end(), "number", sign * value, doubt=doubt))
    return found


def is_about(run: str) -> bool:
    """Whether two neighbouring figures stand side by side, as in 三四千: "three or four thousand"."""
    if run.isascii() or not any(character in _S + _L for character in run):
        return len(run) == 2 and _neighbours(run)
    return any(_neighbours(match[1] + match[2]) for match in _NEIGHBOURS.finditer(run))


def read(run: str) -> Decimal | None:
    """The value of one number; None where it is none."""
    if len(run) > _MOST:
        return None
    tokens = _TOKEN.findall(run.replace(" ", ""))
    if not tokens or "".join(tokens) != run.replace(" ", ""):
        return None
    if len(tokens) > 1 and all(token in DIGITS for token in tokens):
        return Decimal("".join(str(DIGITS[token]) for token in tokens))
    try:
        return _positional(tokens)
    except (InvalidOperation, OverflowError):
        return None


def _positional(tokens: list[str]) -> Decimal | None:
    total = section = Decimal(0)
    figure: Decimal | None = None
    last = largest = 1
    zero = False
    for part in tokens:
        unit = _SMALL.get(part) or {"廿": 20, "卅": 30}.get(part)
        if unit is not None:
            if part in "廿卅":
                section += unit
                last = 10
            else:
                section += (1 if figure is None else figure) * unit
                last = unit
            figure, zero = None, False
        elif part in _LARGE or part in _LATIN:
            unit = _LARGE.get(part) or _LATIN[part]
            section += figure or 0
            whole = unit > largest or not section
            total = (total + section) * unit if whole else total + section * unit
            section, figure, last, largest, zero = Decimal(0), None, unit, max(unit, largest), False
        else:
            value = _figure(part)
            if figure:
                return None
            zero = zero or value == 0
            figure = value
    if figure is None:
        return total + section
    short = last > 10 and not zero and len(tokens) > 1 and figure < 10 and figure == int(figure)
    return total + section + figure * (last // 10 if short else 1)


def _figure(token: str) -> Decimal:
    if token in DIGITS:
        return Decimal(DIGITS[token])
    if "点" in token:
        whole, _, rest = token.partition("点")
        return Decimal("".join(str(DIGITS[c]) for c in whole) + "." + "".join(str(DIGITS[c]) for c in rest))
    return Decimal(token.replace(",", ""))


def _neighbours(pair: str) -> bool:
    first, second = DIGITS.get(pair[0], -9), DIGITS.get(pair[1], -9)
    return first > 0 and (second - first == 1 or (first == 3 and second == 5))
