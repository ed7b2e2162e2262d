"""Check the frozen form set: schema, checksums, verbatim spans, dates against `now`, numbers, ids, overlap.

    python evals/forms/check.py            # needs jsonschema; exit status 1 on any fault

It knows nothing of the product: the small readers of dates and numbers below are written for this check alone.
"""

import datetime as dt
import json
import re
import sys
from collections import Counter
from pathlib import Path

from jsonschema import Draft202012Validator, FormatChecker

HERE = Path(__file__).parent
ARABIC = str.maketrans("〇零一二三四五六七八九幺两", "0012345678912")
DIGITS = (
    {c: i for i, c in enumerate("零一二三四五六七八九")}
    | {c: i for i, c in enumerate("〇壹贰叁肆伍陆柒捌玖")}
    | {"两": 2, "兩": 2, "俩": 2, "幺": 1, "貳": 2, "叄": 3}
)
UNITS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000, "万": 10_000, "萬": 10_000, "亿": 10**8}
NUMERAL = "[" + "".join(DIGITS) + "".join(UNITS) + "]"
# Rows whose number, date or span these small readers cannot see, each read over: sums, 月底, feast days.
READ_BY_HAND = set((HERE / "read_by_hand.txt").read_text().split())

formats = FormatChecker(formats=("date", "email"))


@formats.checks("id-card")
def id_card(value):
    """18 characters with the check digit of GB 11643."""
    weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
    return (
        bool(re.fullmatch(r"\d{17}[\dX]", value))
        and "10X98765432"[sum(int(c) * w for c, w in zip(value, weights, strict=False)) % 11] == value[17]
    )


@formats.checks("credit-code")
def credit_code(value):
    """18 characters with the check character of GB 32100."""
    signs = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    if not re.fullmatch(f"[{signs}]{{18}}", value):
        return False
    return signs[-sum(signs.index(c) * pow(3, i, 31) for i, c in enumerate(value[:17])) % 31] == value[17]


@formats.checks("bank-card")
def bank_card(value):
    """12 to 19 digits with Luhn's check digit."""
    if not re.fullmatch(r"\d{12,19}", value):
        return False
    return sum(sum(divmod(2 * int(c), 10)) if i % 2 else int(c) for i, c in enumerate(reversed(value))) % 10 == 0


@formats.checks("date-time", raises=ValueError)
def moment(value):
    return dt.datetime.fromisoformat(value).tzinfo is not None


@formats.checks("phone")
def phone(value):
    return bool(re.fullmatch(r"1[3-9]\d{9}", value))


@formats.checks("time")
def clock(value):
    return bool(re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value))


def numeral(text):
    """Chinese numerals to a number: 三万五 → 35000, 一千零八十 → 1080."""
    if not any(c in UNITS for c in text):
        return float("".join(str(DIGITS[c]) for c in text))
    total = section = digit = 0
    last = 1
    for i, c in enumerate(text):
        if c in UNITS:
            unit = UNITS[c]
            if unit >= 10_000:
                total, section, digit = (total + section + digit) * unit, 0, 0
            else:
                section, digit = section + (digit or 1) * unit, 0
            last = unit
        else:
            digit = DIGITS[c]
            if i == len(text) - 1 and last > 10 and text[i - 1] in UNITS:
                digit *= last // 10
    return float(total + section + digit)


def numbers(text):
    """Every number the text can be said to hold, generously."""
    found = set()
    for m in re.finditer(r"(\d[\d,]*(?:\.\d+)?)\s*(?:(万|萬|千|k|K)(\d)?)?", text):
        value = float(m[1].replace(",", "")) if m[1].replace(",", "").replace(".", "").isdigit() else 0.0
        scale = {"万": 10_000, "萬": 10_000, "千": 1000, "k": 1000, "K": 1000}.get(m[2], 1)
        found |= {value, round(value * scale, 2), value * scale + int(m[3] or 0) * scale / 10}
    for m in re.finditer(f"({NUMERAL}+)(?:点({NUMERAL}+))?", text):
        try:
            found.add(numeral(m[1]))
        except KeyError:
            continue
    for m in re.finditer(f"({NUMERAL}+|\\d+)[块元](?:零|〇)?({NUMERAL}|\\d)?[毛角]?(?:({NUMERAL})分)?", text):
        whole = float(m[1]) if m[1].isdigit() else numeral(m[1])
        tenth = (int(m[2]) if m[2].isdigit() else DIGITS.get(m[2], 0)) if m[2] else 0
        found.add(round(whole + tenth / 10 + (DIGITS.get(m[3], 0) / 100 if m[3] else 0), 2))
    for m in re.finditer(f"({NUMERAL}|\\d)个?(?:半|点五)|半", text):
        found.add((DIGITS.get(m[1], 0) if m[1] and not m[1].isdigit() else int(m[1] or 0)) + 0.5)
    for m in re.finditer(f"({NUMERAL})成", text):
        found.add(DIGITS[m[1]] * 10.0)
    return found


def month_day(text, now):
    """Absolute dates of the text as (month, day) pairs; a bare “16号” is of this month, “上个月25号” of the last."""
    plain = re.sub(f"({NUMERAL}+)(?=[年月日号號])", lambda m: str(int(numeral(m[1]))) if m[1] else "", text)
    plain = re.sub(r"20\d\d\s*[-/.年]\s*(?=\d)", " ", plain.replace("廿", "2"))
    bare = {int(m[1]) for m in re.finditer(r"(?<![\d月])(\d{1,2})\s*[号號日]", plain)}
    months = (
        {(now.replace(day=1) - dt.timedelta(1)).month}
        if "上个月" in text
        else {now.month} | {int(m) for m in re.findall(r"(\d{1,2})月", plain)}
    )
    english = {
        (1 + "JanFebMarAprMayJunJulAugSepOctNovDec".index(m[1]) // 3, int(m[2]))
        for m in re.finditer(r"(Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]* (\d{1,2})", text)
    }
    return (
        english
        | {(m, d) for m in months for d in bare}
        | {
            (int(m[1]), int(m[2]))
            for m in re.finditer(r"(\d{1,2})\s*(?:月|[-/.])\s*(\d{1,2})(?!\d)", plain)
            if 1 <= int(m[1]) <= 12 and 1 <= int(m[2]) <= 31
        }
    )


def relative(text, now):
    """(expression, date) for what the text says relative to `now`."""
    monday = now - dt.timedelta(now.weekday())
    days = {
        "大后天": 3,
        "大前天": -3,
        "后天": 2,
        "前天": -2,
        "明天": 1,
        "明早": 1,
        "明儿": 1,
        "今儿": 0,
        "昨儿": -1,
        "明日": 1,
        "昨天": -1,
        "昨晚": -1,
        "今天": 0,
        "今晚": 0,
        "今日": 0,
    }
    for word, shift in days.items():
        for m in re.finditer(word, text):
            if word in ("后天", "前天") and text[max(0, m.start() - 1)] == "大":
                continue
            yield word, now + dt.timedelta(shift)
    for m in re.finditer(r"(下下|下|上|本|这)个?(?:周|星期|礼拜)([一二三四五六日天])", text):
        week = {"下下": 2, "下": 1, "上": -1}.get(m[1], 0)
        yield m[0], monday + dt.timedelta(7 * week + "一二三四五六日天".index(m[2]) - (m[2] == "天"))


def strings(value, schema):
    """(string, schema) for every leaf that is free text."""
    if isinstance(value, list):
        for item in value:
            yield from strings(item, schema["items"])
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from strings(item, schema["properties"][key])
    elif isinstance(value, str):
        yield value, schema


def leaf_numbers(value):
    if isinstance(value, list):
        for item in value:
            yield from leaf_numbers(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from leaf_numbers(item)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield float(value)


def verbatim(value, text):
    tight = re.sub(r"[\s\-·.、，,]", "", text)
    wanted = re.sub(r"[\s\-·.、，,]", "", value)
    return wanted in tight or wanted in tight.translate(ARABIC)


def schema_faults(row, form):
    """Golds, derivable values and accepted alternatives against the form without its `required`."""
    partial = Draft202012Validator({k: v for k, v in form.items() if k != "required"}, format_checker=formats)
    trials = [("gold", row["gold"]), ("derivable", row.get("derivable", {}))]
    trials += [("accept", {f: v}) for f, values in row.get("accept", {}).items() for v in values if v is not None]
    for name, values in trials:
        for fault in partial.iter_errors(values):
            yield f"{name}: {fault.message}"
    both = set(row["gold"]) & (set(row["unclear"]) | set(row.get("derivable", {})))
    if both or set(row["unclear"]) - set(form["properties"]):
        yield f"field in two lists or unknown: {both or row['unclear']}"


def span_faults(row, form):
    """Strings that are not in the text, numbers that the text cannot mean."""
    held = numbers(row["text"])
    for field, value in row["gold"].items():
        if f"{row['id']}:{field}" in READ_BY_HAND:
            continue
        for string, schema in strings(value, form["properties"][field]):
            free = schema.get("format") not in {"date", "date-time", "time"} and "enum" not in schema
            if free and not verbatim(string, row["text"]):
                yield f"{field}: not in the text: {string}"
        for number in leaf_numbers(value):
            if number and number not in held:
                yield f"{field}: number not in the text: {number}"


def date_faults(row, form):
    """Dates that the text neither says nor gives relative to `now`; a lone relative word that no gold follows."""
    text, now = row["text"], dt.date.fromisoformat(row["now"][:10])
    dates = {
        dt.date.fromisoformat(string[:10])
        for field, value in row["gold"].items()
        for string, schema in strings(value, form["properties"][field])
        if schema.get("format") in {"date", "date-time"}
    }
    said, rel = month_day(text, now), list(relative(text, now))
    for date in dates if f"{row['id']}:date" not in READ_BY_HAND else ():
        day = "一二三四五六日"[date.weekday()]
        weekday = re.search(f"(?:周|週|星期|礼拜){day}", text) and abs((date - now).days) <= 14
        today = date == now and re.search(r"[下上]午|晚|中午|点", text) and not rel
        digits = re.search(rf"(?<!\d){date:%m}/?{date:%d}(?!\d)", text)
        if not (weekday or today or digits or (date.month, date.day) in said or date in {d for _, d in rel}):
            yield f"date neither said nor relative: {date} ({now:%F %a})"
    lone = len(rel) == 1 and dates and not row["unclear"] and f"{row['id']}:rel" not in READ_BY_HAND
    if lone and rel[0][1] not in dates:
        yield f"{rel[0][0]} is {rel[0][1]}, gold has {sorted(map(str, dates))}"


def check(row, forms):
    form = forms[row["form_id"]]
    yield from schema_faults(row, form)
    yield from span_faults(row, form)
    yield from date_faults(row, form)


def sentences(text):
    return {s for s in (re.sub(r"\W", "", p) for p in re.split(r"[。！？；\n]", text)) if len(s) >= 6}


def main():
    forms = json.loads((HERE / "forms.json").read_text())
    for form in forms.values():
        Draft202012Validator.check_schema(form)
    faults, seen, said = 0, set(), {}
    for half in ("dev", "held"):
        rows = [json.loads(line) for line in (HERE / f"{half}.jsonl").read_text().splitlines()]
        said[half] = set().union(*(sentences(r["text"]) for r in rows))
        for row in rows:
            problems = list(check(row, forms))
            if row["id"] in seen or row["text"] in seen:
                problems.append("repeated")
            seen |= {row["id"], row["text"]}
            for problem in problems:
                faults += 1
                print(row["id"], problem, "|", row["text"][:60].replace("\n", " "))
        empty, long = sum(not r["gold"] and not r["unclear"] for r in rows), sum(len(r["text"]) >= 150 for r in rows)
        print(
            half, len(rows), "rows,", empty, "empty,", long, "long,", Counter(r["form_id"] for r in rows).most_common()
        )
        if len(rows) < 330 or empty < 0.1 * len(rows) or long < 0.15 * len(rows):
            faults += 1
            print(half, "is too small")
    if shared := said["dev"] & said["held"]:
        faults += 1
        print("shared sentences:", shared)
    print(faults, "faults")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
