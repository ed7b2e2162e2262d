"""Candidates: every value that the utterance says, each with its span, before any field is asked."""

import re
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from itertools import chain, islice

from wenshu.services.forms.fields import Field
from wenshu.services.forms.texts import choices, flags, known, texts
from wenshu.zh.fold import fold
from wenshu.zh.recognise.codes import codes
from wenshu.zh.recognise.companies import companies, departments
from wenshu.zh.recognise.dates import Tense, dates
from wenshu.zh.recognise.found import Found, longest
from wenshu.zh.recognise.measures import counts, durations
from wenshu.zh.recognise.money import money
from wenshu.zh.recognise.numbers import numbers
from wenshu.zh.recognise.percents import percents
from wenshu.zh.recognise.persons import persons
from wenshu.zh.recognise.places import places
from wenshu.zh.recognise.times import times

_STRONG = {"email", "plate-number", "credit-code", "id-card", "bank-card", "phone", "landline"}
_MOST = 100
"""Values of one recogniser in one text: a form has no more fields, and a hostile text could have thousands."""
_ENDLESS = re.compile(r"[\d零〇一二三四五六七八九十百千万亿点.,:/a-z-]{80,}|(.)\1{80,}", re.DOTALL)
_NAMES = {"person", "company", "department", "place"}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A value at a place. ``field``: the one field that it can be for; empty: any of its kind."""

    start: int
    end: int
    kind: str
    value: object
    text: str
    unit: str = ""
    doubt: str = ""
    bare: bool = False
    field: str = ""
    weight: float = 0.0
    """What its own finding adds to its score."""
    instead: "Candidate | None" = None
    """The value that it corrects: what was said around that one holds for it, too."""


def candidates(text: str, moment: datetime, fields: list[Field]) -> list[Candidate]:
    """All that the text says that one of these fields could take, left to right."""
    folded = calm(text)
    tense: Tense = next((field.tense for field in fields if field.tense in {"past", "future"}), "")  # type: ignore[assignment]
    found = recognised(folded, moment.date(), tense)
    made = [_candidate(text, one) for one in found]
    made += _moments(text, folded, found, moment)
    for field in fields:
        if field.kind == "choice":
            made += [_own(text, field, *one) for one in islice(choices(folded, field), _MOST)]
        elif field.kind == "flag":
            made += [_own(text, field, *one) for one in islice(flags(folded, field), _MOST)]
        elif field.kind in {"text", "code", "department", "place"}:
            made += [
                _own(text, field, *one)
                for one in islice(chain(texts(folded, text, field), known(folded, text, field)), _MOST)
            ]
    return sorted(made, key=lambda one: (one.start, one.end))


def calm(text: str) -> str:
    """The folded text, what no value is (endless figures, one character over and over) blanked out."""
    return _ENDLESS.sub(lambda match: "\n" * len(match.group()), fold(text))


def recognised(folded: str, today: date, tense: Tense) -> list[Found]:
    """All recognisers' values; what is part of a longer value of another kind is left out."""
    day = partial(dates, today=today, tense=tense)
    readers = (codes, money, percents, durations, counts, times, day)
    typed = [one for reader in readers for one in reader(folded)[:_MOST]]
    strong = [one for one in typed if one.kind in _STRONG]
    typed = [one for one in typed if one.kind in _STRONG or not _inside(one, strong)]
    kept = [one for one in typed if one.kind in _STRONG] + longest(
        one for one in typed if one.kind not in _STRONG and not (one.kind == "code" and one.bare)
    )
    loose = [one for one in numbers(folded)[:_MOST] if not _inside(one, kept)]
    loose += [one for one in typed if one.kind == "code" and one.bare and not _inside(one, kept)]
    kept += loose
    where = places(folded)[:_MOST]
    names = [*where, *companies(folded)[:_MOST], *departments(folded)[:_MOST]]
    names += [one for one in persons(folded)[:_MOST] if not _inside(one, where)]
    solid = [one for one in kept if one.kind in {"money", "time"} | _STRONG]
    return sorted([*kept, *(one for one in names if not _inside(one, solid))])


def _inside(one: Found, others: list[Found]) -> bool:
    return any(one.start < other.end and other.start < one.end for other in others if other is not one)


def _candidate(text: str, one: Found) -> Candidate:
    value = one.value
    if one.kind in _NAMES | {"email"} and isinstance(value, str):
        value = text[one.start : one.start + len(value)]
    if isinstance(value, Decimal):
        value = plain(value)
    return Candidate(one.start, one.end, one.kind, value, text[one.start : one.end], one.unit, one.doubt, one.bare)


def plain(value: Decimal) -> int | float:
    """A number of JSON: whole ones without a point."""
    return int(value) if value == value.to_integral_value() else float(value)


def _own(text: str, field: Field, start: int, end: int, value: object, weight: float) -> Candidate:
    return Candidate(start, end, field.kind, value, text[start:end], field=field.name, weight=weight)


_FAR = 14


def _moments(text: str, folded: str, found: list[Found], moment: datetime) -> list[Candidate]:
    """Date-times: a time with the day before it, else today's; a day without a time is one in doubt."""
    made: list[Candidate] = []
    day: Found | None = None
    used: set[int] = set()
    for one in found:
        if one.kind == "date":
            day = one
        elif one.kind == "time":
            made.append(_moment(text, folded, one, day, moment))
            if day is not None and made[-1].start == day.start:
                used.add(day.start)
    alone = [one for one in found if one.kind == "date" and one.start not in used]
    return made + [replace(_candidate(text, one), kind="date-time", doubt=one.doubt or "vague") for one in alone]


def _moment(text: str, folded: str, one: Found, day: Found | None, moment: datetime) -> Candidate:
    hour, minute = map(int, str(one.value).split(":"))
    on, start = moment.date(), one.start
    if day is not None and day.value is not None and not re.search(r"[。;!?\n]", folded[day.end : one.start]):
        on = date.fromisoformat(str(day.value))
        start = day.start if one.start - day.end <= _FAR else one.start
    if one.bare and 1 <= hour <= 6:  # nobody is visited at three in the night
        hour += 12
    value = datetime(on.year, on.month, on.day, hour, minute, tzinfo=moment.tzinfo).isoformat()
    return Candidate(start, one.end, "date-time", value, text[start : one.end])
