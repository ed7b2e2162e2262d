"""Choose: which candidate each field takes, and how sure that is; both the extractive and the model's path end here."""

import re
from dataclasses import dataclass, replace
from math import exp

from wenshu.services.forms.assign import assign
from wenshu.services.forms.candidates import Candidate
from wenshu.services.forms.fields import Field
from wenshu.services.forms.score import score

LEAST = 1.0
"""A score below which a field rather stays empty."""
_MOST_OF_LIST = 12
_MOST_LABELS = 300


@dataclass(frozen=True, slots=True)
class Choice:
    """A field and what it takes, with a confidence from 0 to 1."""

    field: Field
    candidate: Candidate
    confidence: float


def choose(folded: str, fields: list[Field], found: list[Candidate]) -> list[Choice]:
    """The best assignment of all candidates to all fields."""
    labels = _labels(folded, fields)
    kinds = {field.name: (field.kind, field.unit) for field in fields}
    slots = [(field, number) for field in fields for number in range(_MOST_OF_LIST if field.many else 1)]
    table: list[list[float]] = []
    for field, number in slots:
        rivals = [label for label in labels if kinds[label[2]] == (field.kind, field.unit)]
        row = [score(folded, field, one, rivals) for one in found]
        table.append([value - LEAST - 0.01 * number if value > LEAST else 0.0 for value in row])
    taken = assign(table)
    chosen: list[Choice] = []
    for (field, _), row, column in zip(slots, table, taken, strict=True):
        if column < 0:
            continue
        rival = max(
            (value for at, value in enumerate(row) if at != column and not _same(found[at], found[column])), default=0.0
        )
        chosen.append(Choice(field, found[column], _sure(row[column], rival)))
    return chosen


def _same(one: Candidate, other: Candidate) -> bool:
    return one.value == other.value


def _sure(value: float, rival: float) -> float:
    """From the score above the threshold and its lead over the next.

    The curve is chosen by hand and not calibrated yet: ``evals/forms.py`` prints how often which confidence is right.
    """
    return round(1 / (1 + exp(-(0.6 + 0.9 * value + 0.5 * max(0.0, value - rival)))), 3)


def _labels(folded: str, fields: list[Field]) -> list[tuple[int, int, str]]:
    """Where which field's names stand; of names inside each other the longest."""
    found = [
        (match.start(), match.end(), field.name)
        for field in fields
        for label in field.labels
        if len(label) > 1
        for match in re.finditer(re.escape(label), folded)
    ]
    del found[_MOST_LABELS:]
    return [
        one
        for one in found
        if not any(
            other[0] <= one[0] and one[1] <= other[1] and other[1] - other[0] > one[1] - one[0] for other in found
        )
    ]


def unsure(choice: Choice) -> bool:
    """Whether what it takes is one in doubt: the text touches the field without a value that can be used."""
    return bool(choice.candidate.doubt)


def with_span(candidate: Candidate, start: int, end: int) -> Candidate:
    """The same candidate over other characters."""
    return replace(candidate, start=start, end=end)
