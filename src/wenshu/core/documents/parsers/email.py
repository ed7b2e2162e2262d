"""EML: the headers people read, the body as text, the names of what is attached."""

import itertools
import re
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import Header, decode_header
from email.message import Message
from email.policy import compat32
from typing import cast

from wenshu.core.documents.builder import TextBuilder, one_line
from wenshu.core.documents.decode import decode
from wenshu.core.documents.limits import Limits
from wenshu.core.documents.model import Parsed
from wenshu.core.documents.parsers import html
from wenshu.core.documents.sniff import Format
from wenshu.kit.errors import ParseFailed

_HEADERS = (("Subject", "主题"), ("From", "发件人"), ("To", "收件人"), ("Cc", "抄送"), ("Date", "日期"))
_BLANK_LINES = re.compile(r"\n\s*\n")
_PARTS = 1_000
_HEADER_CHARACTERS = 20_000  # decoding takes the square of the length


def parse(data: bytes, limits: Limits) -> Parsed:
    """The plain body where there is one, else the HTML one. Attachments are named, not read."""
    message = message_from_bytes(data, policy=compat32)
    builder = TextBuilder(limits)
    lines = [f"{label}：{value}" for name, label in _HEADERS if (value := _header(message.get(name)))]
    builder.paragraph("\n".join(lines))
    bodies, attached = _parts(message)
    for kind in ("text/plain", "text/html"):
        texts = [text for found, text in bodies if found == kind and text.strip()]
        for text in texts:
            _body(builder, kind, text)
        if texts:
            break
    if attached:
        builder.paragraph(f"附件：{'、'.join(attached)}")
    return builder.build(title=_header(message.get("Subject")), media_type=Format.EML.media_type)


def _body(builder: TextBuilder, kind: str, text: str) -> None:
    if kind == "text/html":
        html.build(builder, text)
        return
    for paragraph in _BLANK_LINES.split(text.replace("\r\n", "\n")):
        builder.paragraph(paragraph)


def _parts(message: Message) -> tuple[list[tuple[str, str]], list[str]]:
    """Bodies as (media type, text), and the names of attachments; a forwarded mail's parts are an attachment's."""
    bodies: list[tuple[str, str]] = []
    attached: list[str] = []
    waiting = [message]
    for count in itertools.count(1):
        if not waiting:
            break
        if count > _PARTS:
            raise ParseFailed("too_large", f"邮件超过 {_PARTS} 个部分")
        part = waiting.pop(0)
        name = _header(part.get_filename())
        if name or part.get_content_disposition() == "attachment" or part.get_content_maintype() == "message":
            attached.append(name or "未命名")
        elif part.is_multipart():
            waiting[:0] = _children(part)
        elif part.get_content_maintype() == "text":
            bodies.append((part.get_content_type(), _text(part)))
    return bodies, attached


def _children(part: Message) -> list[Message]:
    payload = cast("object", part.get_payload())
    if not isinstance(payload, list):
        return []
    return [child for child in cast("list[object]", payload) if isinstance(child, Message)]


def _text(part: Message) -> str:
    payload = part.get_payload(decode=True)
    charset = part.get_param("charset")
    return _guess(payload, charset if isinstance(charset, str) else None) if isinstance(payload, bytes) else ""


def _header(value: Header | str | None) -> str:
    """A header as text: encoded words decoded, raw bytes that break the rules guessed at."""
    if value is None:
        return ""
    text = str(value)[:_HEADER_CHARACTERS]
    try:
        pieces = decode_header(value if len(text) < _HEADER_CHARACTERS else text)
    except (HeaderParseError, ValueError):
        return one_line(text)
    return one_line("".join(_piece(piece, charset) for piece, charset in pieces))


def _piece(piece: bytes | str, charset: str | None) -> str:
    return _guess(piece.encode("utf-8", "surrogateescape") if isinstance(piece, str) else piece, charset)


def _guess(data: bytes, charset: str | None) -> str:
    try:
        return decode(data, label=charset)
    except ParseFailed:
        # One part in an unknown encoding must not hide the others: what can be read of it is kept.
        return data.decode("utf-8", "replace")
