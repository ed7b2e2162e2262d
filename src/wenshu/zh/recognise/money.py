"""Amounts of money: 1234.56 元, 三千六百八十块, 九百九十九块九, ¥1,200, 叁仟元整, 两万八, 50 美元."""

import re
from decimal import Decimal

from wenshu.zh.recognise.found import Found
from wenshu.zh.recognise.numbers import DIGITS, NUMBER, is_about, read

_D = "".join(DIGITS)
_CURRENCIES = {
    "美元": "USD", "美金": "USD", "美刀": "USD", "usd": "USD", "$": "USD", "欧元": "EUR", "eur": "EUR", "€": "EUR", "英镑": "GBP",
    "gbp": "GBP", "£": "GBP", "日元": "JPY", "日圆": "JPY", "jpy": "JPY", "港币": "HKD", "港元": "HKD", "hkd": "HKD", "韩元": "KRW",
}  # fmt: skip
_FOREIGN = "|".join(map(re.escape, _CURRENCIES))
_YUAN = r"元人民币|块钱|元钱|人民币|rmb|cny|yuan|元|块(?!儿?[^\d零一二两三四五六七八九半整多]?[板地方砖])|圆|¥"
_MONEY = re.compile(
    rf"(?P<front>(?:人民币|rmb|cny|¥|\$|usd|€|£)\s?)?(?P<sign>负|-)?(?P<few>[几数好])?(?<![a-z0-9.])(?P<run>{NUMBER}|几[百千万]|[百千万])"
    rf"(?P<more>多|来|几|余)?\s?(?:(?P<unit>{_FOREIGN}|{_YUAN})(?P<half>半(?!天|个|年|月))?(?:零?(?P<jiao>[{_D}\d])(?![{_D}\d年月日号天个台张份人桶颗箱盒瓶包本套条支件把只袋斤次位间晚块元%])[毛角]?|(?P<cents>\d\d)(?!\d))?"
    rf"(?:零?(?P<fen>[{_D}\d])分(?!钟|之))?(?P<about>左右|上下|出头)?|(?P<alone>[毛角])(?:(?P<fen2>[{_D}\d])分)?)?(?:整|正)?"
)


def money(folded: str) -> list[Found]:
    """Every amount that a unit or a sign makes one; ``unit`` is ISO 4217."""
    found: list[Found] = []
    for match in _MONEY.finditer(folded):
        unit, front = match["unit"] or "", (match["front"] or "").strip()
        if not (unit or front or match["alone"]):
            continue
        value = read(match["run"])
        vague = match["few"] or match["more"] or match["about"] or value is None or is_about(match["run"])
        if value is None and not vague:
            continue
        amount = value or Decimal(0)
        if match["alone"]:
            amount = amount / 10 + _digit(match["fen2"]) / 100
        if match["half"]:
            amount += Decimal("0.5")
        amount += _digit(match["jiao"]) / 10 + Decimal(match["cents"] or 0) / 100 + _digit(match["fen"]) / 100
        currency = _CURRENCIES.get(unit) or _CURRENCIES.get(front) or "CNY"
        sign = -1 if match["sign"] else 1
        found.append(
            Found(match.start(), match.end(), "money", sign * amount, currency, doubt="about" if vague else "")
        )
    return found


def _digit(text: str | None) -> Decimal:
    return Decimal(0) if text is None else Decimal(DIGITS[text] if text in DIGITS else int(text))
