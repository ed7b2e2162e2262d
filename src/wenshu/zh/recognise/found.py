"""What a recogniser gives."""

from collections.abc import Iterable
from typing import NamedTuple


class Found(NamedTuple):
    """A value in a text: characters ``[start, end)``, its kind, its normalised value, its unit.

    ``doubt`` is empty, or says in one word why the value cannot be used: ``about`` (no exact figure), ``checksum``,
    ``length``, ``vague`` (no day). ``bare``: only its surroundings can tell that it is of this kind.
    """

    start: int
    end: int
    kind: str
    value: object
    unit: str = ""
    doubt: str = ""
    bare: bool = False


def longest(found: Iterable[Found]) -> list[Found]:
    """Left to right without overlaps: of two that overlap the longer one stays, of equals the first."""
    kept: list[Found] = []
    for one in sorted(found, key=lambda one: (one.start - one.end, one.start)):
        if all(one.end <= other.start or other.end <= one.start for other in kept):
            kept.append(one)
    return sorted(kept)
