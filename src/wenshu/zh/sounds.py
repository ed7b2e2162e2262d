"""How Chinese sounds: texts in which every character stands for its syllable, to find 报消 where 报销 is meant."""

from functools import cache
from importlib.resources import files


def sounds(folded: str) -> str:
    """The folded text with each character replaced by one that stands for its syllable, tone and accent left out.

    As long as the text; what is no Chinese character of GB 2312 stays. Characters of several readings have the first.
    """
    return folded.translate(_table())


@cache
def _table() -> dict[int, str]:
    lines = files("wenshu.zh").joinpath("sounds.txt").read_text(encoding="utf-8").splitlines()
    found: dict[str, str] = {}
    table: dict[int, str] = {}
    for line in lines:
        if line.startswith("#"):
            continue
        syllable, characters = line.split(" ")
        stands = found.setdefault(_plain(syllable), characters[0])
        table.update({ord(character): stands for character in characters})
    return table


def _plain(syllable: str) -> str:
    """What many speakers tell apart no more than their keyboards do: zh and z, in and ing."""
    for said, like in (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ing", "in"), ("eng", "en")):
        syllable = syllable.replace(said, like)
    return syllable
