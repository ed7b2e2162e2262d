"""Folding: the one form in which texts are compared, so that width, case and script make no difference.

The folded text has exactly the length of the original: a span found in one is the same span in the other.
"""

import unicodedata
from functools import cache
from importlib.resources import files


def fold(text: str) -> str:
    """``text`` with compatibility forms (full width, circled, ligatures), case and traditional characters folded.

    ``len(fold(text)) == len(text)`` always, and folding twice changes nothing more. A character whose folded form would
    be longer than one character (``㎡``, ``½``) stays as it is; decomposed accents stay decomposed.
    """
    return text.translate(_FOLDED)


class _FoldTable(dict[int, str]):
    """Code point → folded character, worked out at first sight of each."""

    def __missing__(self, code: int) -> str:
        original = chr(code)
        folded = original
        for _ in range(3):  # a compatibility form may fold to a capital or to a traditional character
            step = unicodedata.normalize("NFKC", folded).lower()
            if len(step) != 1:
                break
            step = _simplified().get(step, step)
            if step == folded:
                break
            folded = step
        if code < 0x10000:  # beyond, a hostile text could fill the table with a million entries
            self[code] = folded
        return folded


@cache
def _simplified() -> dict[str, str]:
    """Traditional → simplified characters, from the data file beside this module (its header names the source)."""
    lines = files("wenshu.zh").joinpath("traditional.txt").read_text(encoding="utf-8").splitlines()
    pairs = (pair for line in lines if not line.startswith("#") for pair in line.split())
    return {pair[0]: pair[1] for pair in pairs}


_FOLDED = _FoldTable()
