"""Markup that no written sentence may carry: links, images, HTML; and characters that nobody sees."""

import re
from collections.abc import Sequence

from wenshu.knowledge.passage import Passage
from wenshu.zh.fold import fold


def visible(text: str) -> str:
    """The text without characters that nobody sees: controls, direction marks, joiners, tags; tabs are blanks."""
    return _UNSEEN.sub("", text.replace("\t", " "))


def has_markup(sentence: str, passages: Sequence[Passage]) -> bool:
    """Whether a sentence holds a link, an image or HTML; an address alone may stand if a passage has it so."""
    folded = fold(sentence)
    # Full-width brackets make no link: ！[1]（注） is a marker and a note.
    if _LINK.search(sentence) or _TAG.search(folded):
        return True
    addresses = _ADDRESS.findall(folded)
    return any(all(address not in fold(passage.text) for passage in passages) for address in addresses)


_UNSEEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)
_LINK = re.compile(
    r"\[[^\]]*[^\]\d,，、\s][^\]]*\]\s?\(|\]\(\s*(?:<|[a-z]+:|[/.#]|www)|^\s*\[[^\]]+\]:\s",
    re.MULTILINE | re.IGNORECASE,
)
_TAG = re.compile(r"<\s?[/!?a-z]|&(?:#x?[0-9a-f]+|[a-z]{2,8});")
_ADDRESS = re.compile(
    r"[a-z][a-z0-9+.-]{1,20}:/{1,2}[^\s，。；、）)】\]]+|(?:www\.|//)[^\s，。；、）)】\]]+|(?:javascript|data|vbscript):\S*"
)
