"""Codes: ID cards, credit codes, bank cards (each with its checksum), phones, emails, plates, and codes of any other kind."""

import re

from wenshu.zh.recognise.found import Found
from wenshu.zh.recognise.numbers import DIGITS

_EMAIL = re.compile(
    r"(?<![a-z0-9._%+-])[a-z0-9][a-z0-9._%+-]{0,63}@[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}(?![a-z0-9-])"
)
_DIGIT_RUN = re.compile(r"(?<![a-z0-9])\+?\d(?:[\s-]?\d){5,22}x?(?![a-z0-9])")
_SPOKEN = re.compile(f"[{''.join(DIGITS)}]{{6,20}}")
_CREDIT = re.compile(r"(?<![a-z0-9])[0-9a-hj-npqrtuwxy]{2}\d{6}[0-9a-hj-npqrtuwxy]{10}(?![a-z0-9])")
_PLATE = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][a-hj-np-z][\s·.-]?[a-hj-np-z0-9]{5,6}(?![a-z0-9])"
)
_CODE = re.compile(r"(?<![a-z0-9@./_-])(?=[a-z0-9/_-]*\d)[a-z0-9]+(?:[-/_][a-z0-9]+)*(?![a-z0-9@_-]|\.\d)")
_LANDLINE = re.compile(r"(?<![\d-])0\d{2,3}[-\s]?\d{7,8}(?:[-转]\d{1,5})?(?!\d)|(?<!\d)400[-\s]?\d{3}[-\s]?\d{4}(?!\d)")
_DATE = re.compile(r"(?:19|20)\d\d[-/.]\d{1,2}[-/.]\d{1,2}|(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def codes(folded: str) -> list[Found]:
    """Every code. Values are without blanks, upper case but for emails; a wrong checksum or length is a doubt."""
    found = [Found(m.start(), m.end(), "email", m.group()) for m in _EMAIL.finditer(folded)]
    found += [
        Found(m.start(), m.end(), "plate-number", re.sub(r"\s", "", m.group()).upper()) for m in _PLATE.finditer(folded)
    ]
    for m in _CREDIT.finditer(folded):
        value = m.group().upper()
        if not value.isdigit() or is_credit_code(value):
            found.append(
                Found(m.start(), m.end(), "credit-code", value, doubt="" if is_credit_code(value) else "checksum")
            )
    found += [Found(m.start(), m.end(), "landline", m.group()) for m in _LANDLINE.finditer(folded)]
    for m in _DIGIT_RUN.finditer(folded):
        found += _digits(m.start(), m.end(), re.sub(r"[\s-]", "", m.group()))
    for m in _SPOKEN.finditer(folded):
        found += _digits(m.start(), m.end(), "".join(str(DIGITS[c]) for c in m.group()))
    for m in _CODE.finditer(folded):
        if not _DATE.fullmatch(m.group()):
            found.append(Found(m.start(), m.end(), "code", m.group().upper(), bare=m.group().isdigit()))
    return found


def _digits(start: int, end: int, digits: str) -> list[Found]:
    """What a run of digits may be, by its length and first digits."""
    digits = digits.removeprefix("+").upper()
    number = digits.removeprefix("86") if len(digits) == 13 and digits.startswith("86") else digits
    if re.fullmatch(r"1[3-9]\d{9}", number):
        return [Found(start, end, "phone", number)]
    if re.fullmatch(r"1[3-9]\d{8}|1[3-9]\d{10}", number):
        return [Found(start, end, "phone", number, doubt="length", bare=True)]
    found: list[Found] = []
    if re.fullmatch(r"\d{17}[\dX]", digits):
        found.append(Found(start, end, "id-card", digits, doubt="" if is_id_card(digits) else "checksum"))
    elif re.fullmatch(r"[1-9]\d{15}|[1-9]\d{14}X", digits):
        found.append(Found(start, end, "id-card", digits, doubt="length", bare=True))
    if re.fullmatch(r"[1-9]\d{11,18}", digits):
        found.append(Found(start, end, "bank-card", digits, doubt="" if is_bank_card(digits) else "checksum"))
    return found


def is_id_card(value: str) -> bool:
    """18 characters with the check digit of GB 11643 (ISO 7064 mod 11-2)."""
    if not re.fullmatch(r"\d{17}[\dX]", value, re.ASCII):
        return False
    return "10X98765432"[sum(int(c) * w for c, w in zip(value, _WEIGHTS, strict=False)) % 11] == value[17]


def is_credit_code(value: str) -> bool:
    """18 characters with the check character of GB 32100 (mod 31)."""
    if len(value) != 18 or any(c not in _SIGNS for c in value):
        return False
    return _SIGNS[-sum(_SIGNS.index(c) * pow(3, i, 31) for i, c in enumerate(value[:17])) % 31] == value[17]


def is_bank_card(value: str) -> bool:
    """12 to 19 digits with Luhn's check digit (ISO/IEC 7812)."""
    if not re.fullmatch(r"\d{12,19}", value, re.ASCII):
        return False
    return sum(sum(divmod(2 * int(c), 10)) if i % 2 else int(c) for i, c in enumerate(reversed(value))) % 10 == 0
