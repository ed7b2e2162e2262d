"""Tokens: what a text is found by. Chinese as overlapping pairs of characters, everything else as whole words."""

import re
import unicodedata

from wenshu.zh.fold import fold
from wenshu.zh.numerals import numerals

TERMS_VERSION = 1
"""Raise it with every change of what ``terms`` gives: an index made with others is rebuilt by ``wenshu reindex``."""


def terms(text: str) -> list[str]:
    """The index terms of a text, in order, with repeats.

    Runs of Chinese characters give their pairs and their last character, so that the terms beginning with a character
    are all its occurrences. Other words and numbers stand whole; numbers written in Chinese or with units are added in
    plain digits (``三万五`` also gives ``35000``).
    """
    return _split(expanded(text), closing=True)


def query_terms(question: str) -> list[str]:
    """The terms a question is searched by, each once, in order: without question words and what only joins.

    When nothing else is left (``是什么？``) the plain terms come back, so that only a question without any letter or
    digit has no terms.
    """
    folded = expanded(question)
    found = _split(_FILLER.sub(" ", folded)) or _split(folded)
    return list(dict.fromkeys(found))


LONGEST_TERM = 40
_CJK = r"\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff\u3041-\u30fa\u30fc-\u30ff"
_WORD = re.compile(rf"(?P<cjk>[{_CJK}]+)|(?:(?![{_CJK}_])\w)+(?:\.\d+)?")
# A product's code is rarer than its parts: LX-N10-15 beside lx, n10 and 15.
_CODE = re.compile(r"(?<![a-z0-9-])(?=[a-z-]*\d)[a-z0-9]+(?:-[a-z0-9]+)+(?![a-z0-9-])", re.ASCII)
_QUESTION = (
    "为什么|为何|什么样|什么时候|什么时间|什么|甚么|怎么样|怎么|怎样|如何|哪里|哪儿|哪些|哪一个|哪几个|哪个|哪位|哪一|哪种|哪|"
    "多少|几个|几次|几种|多久|何(?=[时地处人种年月日故])|谁|是否|请问|[吗呢吧](?=\\W|$)"
)
_FILLER = re.compile(f"{_QUESTION}|(?<!目)的|(?<![但于国])是|了(?!解)")


def expanded(text: str, folded: str | None = None) -> str:
    """``text`` folded, with what a length-preserving fold must leave (``㎡``, ``½``) written out: no spans are kept.

    Whoever has the text ``folded`` already hands it over.
    """
    folded = fold(text) if folded is None else folded
    return folded if unicodedata.is_normalized("NFKC", folded) else fold(unicodedata.normalize("NFKC", folded))


def _split(folded: str, *, closing: bool = False) -> list[str]:
    found: list[str] = []
    for match in _WORD.finditer(folded):
        run = match.group()
        if match.lastgroup != "cjk":
            found.append(run[:LONGEST_TERM])
        elif len(run) == 1:
            found.append(run)
        else:
            found.extend(run[index : index + 2] for index in range(len(run) - 1))
            if closing:
                found.append(run[-1])
    found.extend(code.group()[:LONGEST_TERM] for code in _CODE.finditer(folded))
    plain = set(found)
    found.extend(numeral.value for numeral in numerals(folded) if numeral.value not in plain)
    return found
