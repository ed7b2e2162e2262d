"""Bytes of a text file to text: byte order mark, UTF-8, the declared label, then GB 18030."""

import codecs
import re

from wenshu.kit.errors import ParseFailed

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Only charsets: Python's registry also knows transforms (zlib, idna, unicode_escape), which a label must not reach.
_LABELS = re.compile(
    r"utf-?(?:8|16|16le|16be|16-le|16-be)|us-ascii|ascii|big5(?:-?hkscs)?|cp9(?:32|49|50)|iso-?8859-?\d{1,2}|latin-?1"
    r"|(?:windows-|cp)125\d|shift[-_]jis|euc-?(?:jp|kr)|iso-2022-(?:jp|kr)|hz(?:-gb-2312)?|koi8-[ru]"
)
_CHINESE_LABELS = re.compile(r"(?:x-)?gbk|gb[-_]?2312(?:-80)?|gb[-_]?18030|cp936|windows-936|euc-?cn")
_CONTROL = re.compile(r"[\x01-\x08\x0b\x0e-\x1a\x1c-\x1f]")


def decode(data: bytes, *, label: str | None = None) -> str:
    """The text of ``data`` without byte order mark.

    ``label`` is a charset the file declares; it is believed only where the bytes agree. gb2312 and gbk mean GB 18030,
    as browsers read them. Raises ParseFailed: ``unsupported`` for binary data, ``corrupt`` for no known encoding.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _readable(data[len(mark) :].decode(encoding, "replace"))
    if b"\0" in data:
        raise ParseFailed("unsupported", "文件内容不是文本")
    for encoding in (_codec(label), "utf-8"):
        text = _strictly(data, encoding) if encoding else None
        if text is not None:
            return _readable(text)
    return _readable(_damaged_utf8(data) or _gb18030(data))


def _codec(label: str | None) -> str | None:
    name = (label or "").strip().strip("\"'").lower()
    if _CHINESE_LABELS.fullmatch(name):
        return "gb18030"
    return name if _LABELS.fullmatch(name) else None


def _strictly(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return None


def _damaged_utf8(data: bytes) -> str | None:
    """UTF-8 with a few broken bytes (a cut file): GB 18030 would turn all of it into other Chinese characters."""
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    foreign = sum(1 for character in text[:100_000] if character > "\x7f") - min(broken, 100_000)
    return text if 0 < broken * 20 <= foreign else None


def _gb18030(data: bytes) -> str:
    text = _strictly(data, "gb18030")
    if text is None:
        # One byte cut off at the end is a cut file; more is no GB 18030.
        text = _strictly(data[:-1], "gb18030") if len(data) > 1 else None
    if text is None:
        raise ParseFailed("corrupt", "无法识别文本的字符编码，请另存为 UTF-8")
    return text


def _readable(text: str) -> str:
    # Text files carry the odd control character; programs and pictures that happen to decode are full of them.
    if "\0" in text or len(_CONTROL.findall(text, 0, 65_536)) * 50 > min(len(text), 65_536):
        raise ParseFailed("unsupported", "文件内容不是文本")
    return text
