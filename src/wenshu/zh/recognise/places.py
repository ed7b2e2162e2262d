"""Places: provinces and cities of China by name, as one runs into them in a sentence."""

import re
from functools import cache
from importlib.resources import files

from wenshu.zh.recognise.found import Found

_NOT_AFTER = "路街道大站厂店银"


def places(folded: str) -> list[Found]:
    """Every known city or province; ``value`` is its name as it stands, without 市."""
    return [
        Found(match.start(), match.end(), "place", match[1])
        for match in _pattern().finditer(folded)
        if folded[match.end() : match.end() + 1] not in _NOT_AFTER or not folded[match.end() : match.end() + 1]
    ]


@cache
def _pattern() -> re.Pattern[str]:
    lines = files("wenshu.zh.recognise").joinpath("places.txt").read_text("utf-8").splitlines()
    names = sorted((name for line in lines if not line.startswith("#") for name in line.split()), key=len, reverse=True)
    return re.compile(f"({'|'.join(names)})(?:市(?![场民政区长])|省)?")
