"""The name of a fetched file: from Content-Disposition (RFC 6266, 5987), else from the URL."""

import re
import unicodedata
from urllib.parse import unquote, unquote_to_bytes

from yarl import URL

MAX_CHARACTERS = 120

_PARAMETER = re.compile(r""";\s*([\w*-]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)""")
_CHARSETS = {"utf-8": "utf-8", "gb2312": "gb18030", "gbk": "gb18030", "gb18030": "gb18030", "iso-8859-1": "iso-8859-1"}


def file_name_of(content_disposition: str, url: URL) -> str:
    """Return a bare name: no folders, no control or formatting characters, at most ``MAX_CHARACTERS``; never empty.

    ``content_disposition`` as aiohttp gives it (bytes that are not UTF-8 as surrogates); empty where there is none.
    """
    parameters = {name.lower(): value.strip() for name, value in _PARAMETER.findall(content_disposition)}
    candidates = (_extended(parameters.get("filename*", "")), _plain(parameters.get("filename", "")), url.name)
    return next((name for name in map(_bare, candidates) if name), "download")


def _extended(value: str) -> str:
    """Read RFC 5987's ``UTF-8''%E6%8A%A5.pdf``; empty if it is not that."""
    charset, _, rest = value.strip('"').partition("'")
    _, separator, encoded = rest.partition("'")
    codec = _CHARSETS.get(charset.lower())
    if not separator or codec is None:
        return ""
    try:
        return unquote_to_bytes(encoded).decode(codec)
    except UnicodeError:
        return ""


def _plain(value: str) -> str:
    """Read a token or quoted string; Chinese servers also put raw UTF-8 or GBK bytes there, or percent-encoding."""
    if value.startswith('"'):
        value = re.sub(r'\\(["\\])', r"\1", value[1:-1])
    raw = value.encode("utf-8", "surrogateescape")
    try:
        name = raw.decode("utf-8")
    except UnicodeDecodeError:
        name = raw.decode("gb18030", "replace")
    try:
        return unquote(name, errors="strict")
    except UnicodeDecodeError:
        return name


def _bare(name: str) -> str:
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    visible = "".join(character for character in last if unicodedata.category(character)[0] != "C")
    name = unicodedata.normalize("NFC", visible).strip(" .")
    if len(name) <= MAX_CHARACTERS:
        return name
    stem, dot, extension = name.rpartition(".")
    if not dot or len(extension) > 10:
        return name[:MAX_CHARACTERS]
    return stem[: MAX_CHARACTERS - len(extension) - 1] + dot + extension
