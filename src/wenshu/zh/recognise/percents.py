"""Percentages: 30%, 百分之三十, 三成, 千分之五, 30 个点."""

import re
from decimal import Decimal

from wenshu.zh.recognise.found import Found
from wenshu.zh.recognise.numbers import NUMBER, is_about, read

_FORMS = (
    (re.compile(rf"(?:百分之)(?P<run>{NUMBER})"), Decimal(1)),
    (re.compile(rf"千分之(?P<run>{NUMBER})|(?<![\w.])(?P<run2>\d+(?:\.\d+)?)\s?‰"), Decimal("0.1")),
    (re.compile(r"(?<![a-z\d.])(?P<run>-?\d[\d,]*(?:\.\d+)?[百千万亿]?)\s?%"), Decimal(1)),
    (re.compile(rf"(?P<run>{NUMBER})成(?P<half>半)?(?![交为了本功立员])"), Decimal(10)),
    (re.compile(rf"(?P<run>{NUMBER})个百?分?点(?!钟)"), Decimal(1)),
)


def percents(folded: str) -> list[Found]:
    """Every percentage; the value is in hundredths (30 for 30 %)."""
    found: list[Found] = []
    for pattern, scale in _FORMS:
        for match in pattern.finditer(folded):
            run = match["run"] or match["run2"]
            value = -1 * (read(run[1:]) or 0) if run.startswith("-") else read(run)
            if value is None:
                continue
            value = value * scale + (5 if match.groupdict().get("half") else 0)
            doubt = "about" if scale == 10 and is_about(run) else ""
            found.append(Found(match.start(), match.end(), "percent", Decimal(value), "%", doubt))
    return found
