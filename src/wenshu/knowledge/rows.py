"""Which row a piece of a question names, in full or in part: 大虾仁 is 南美白虾仁（大）, 380 is XY-V380."""

import re
from collections.abc import Sequence

from wenshu.knowledge.coverage import Folded
from wenshu.knowledge.lookup import Line
from wenshu.zh.fold import fold


def parts_of(text: str) -> tuple[str, str] | None:
    """The two things that a folded question sets side by side: X和Y, X比Y, X跟Y; None where there are not two."""
    found = _BESIDE.search(text)
    if found is None:
        return None
    left, right = text[: found.start()].strip(), text[found.end() :].strip()
    return (left, right) if left and right else None


def best_row(part: str, lines: Sequence[Line]) -> Line | None:
    """The row that a piece of a folded question names best; None where no one row does better than all others."""
    scored = sorted(((_named(part, line), at) for at, line in enumerate(lines)), key=lambda one: (-one[0], one[1]))
    if not scored or scored[0][0] <= 0 or (len(scored) > 1 and scored[1][0] == scored[0][0]):
        return None
    return lines[scored[0][1]]


_BESIDE = re.compile("(?<=.)(?:和|跟|与|比|同|还是|或者|vs\\.?|、|/)(?=.)")
_WORD = re.compile(r"[a-z0-9]+(?:[.\-][a-z0-9]+)*")
_NUMBER = re.compile(r"[\d.,%+\-~/\s]+.{0,3}")
_CODE = 10.0


def _named(part: str, line: Line) -> float:
    """How much of the row's cells the piece says: codes count most, then pairs of characters, then single ones."""
    words = set(_WORD.findall(part))
    best = 0.0
    for cell in line.row.cells:
        text = fold(cell)
        if not text or _NUMBER.fullmatch(text):
            continue
        pairs = {text[at : at + 2] for at in range(len(text) - 1) if text[at : at + 2].strip("()（） ")}
        shared = [pair for pair in pairs if pair in part and not pair.isascii()]
        score = 2.0 * len(shared) + 0.5 * len(
            {character for character in text if "\u4e00" <= character <= "\u9fff"} & set(part)
        )
        score += _CODE * sum(_is_code(word, text) for word in words)
        best = max(best, score - 0.01 * len(text)) if shared or score >= _CODE else best
    return best


def _is_code(word: str, cell: str) -> bool:
    text = Folded(cell)
    return (
        word in text.words or word in text.parts or (len(word) > 2 and any(part.endswith(word) for part in text.parts))
    )
