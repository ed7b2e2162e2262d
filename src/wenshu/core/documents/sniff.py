"""Says what a file is, by its content; a file name that says otherwise is refused."""

import re
from enum import StrEnum
from pathlib import PurePosixPath

import filetype

from wenshu.core.documents.archive import open_archive
from wenshu.core.documents.decode import decode
from wenshu.core.documents.limits import Limits
from wenshu.kit.errors import ParseFailed


class Format(StrEnum):
    """The formats that can be read."""

    PDF = "pdf"
    DOCX = "docx"
    PPTX = "pptx"
    XLSX = "xlsx"
    CSV = "csv"
    HTML = "html"
    MD = "md"
    TXT = "txt"
    EML = "eml"

    @property
    def media_type(self) -> str:
        """The registered media type."""
        return _MEDIA_TYPES[self]


EXTENSIONS: dict[str, Format] = {
    **{f".{kind}": kind for kind in Format},
    ".htm": Format.HTML,
    ".markdown": Format.MD,
    ".text": Format.TXT,
}
"""File name extension (lower case) → format; the allow-list of uploads."""


def sniff(data: bytes, name: str, limits: Limits | None = None) -> Format:
    """The format of a file.

    Name and content must agree; a name without an extension leaves it to the content. Raises ParseFailed:
    ``empty_text`` (no bytes), ``unsupported``, ``encrypted``, ``corrupt``, ``too_large`` (an archive's directory).
    """
    if not data.strip():
        raise ParseFailed("empty_text", "文件是空的")
    extension = _extension(name)
    claimed = EXTENSIONS.get(extension)
    if extension and claimed is None:
        raise ParseFailed("unsupported", _refusal(extension))
    found = _by_content(data, claimed, limits or Limits())
    if found is None:
        return _text_format(data, claimed)
    if claimed not in (found, None):
        raise ParseFailed("unsupported", f"文件内容与扩展名 {extension} 不符")
    return found


def _extension(name: str) -> str:
    suffix = PurePosixPath(name.replace("\\", "/").strip()).suffix.lower()
    # ``报告 v1.2`` and ``简介.最终版`` have no extension.
    return suffix if re.fullmatch(r"\.[a-z][a-z0-9]{0,8}|\.7z", suffix) else ""


def _refusal(extension: str) -> str:
    if extension in {".doc", ".xls", ".ppt"}:
        return f"不支持旧版 {extension} 格式，请另存为 {extension}x 后再上传"
    if extension in {".jpg", ".jpeg", ".png", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".heic"}:
        return "不支持图片文件：OCR 尚未启用"
    return f"不支持的文件类型 {extension}"


def _by_content(data: bytes, claimed: Format | None, limits: Limits) -> Format | None:
    """The binary format, None for what can only be text."""
    # Readers of PDF allow up to 1,024 bytes of anything before the header.
    if data.lstrip()[:5] == b"%PDF-" or (claimed is Format.PDF and b"%PDF-" in data[:1024]):
        return Format.PDF
    if data.startswith(b"PK\x03\x04"):
        return _office(data, limits)
    if data.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        # An Office document with a password is an OLE container holding this stream.
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise ParseFailed("encrypted")
        raise ParseFailed("unsupported", "不支持旧版 Office 格式，请另存为 .docx、.xlsx 或 .pptx 后再上传")
    return None


def _office(data: bytes, limits: Limits) -> Format:
    with open_archive(data, limits) as archive:
        names = set(archive.namelist())
    for part, kind in _OFFICE_PARTS.items():
        if part in names and "[Content_Types].xml" in names:
            return kind
    raise ParseFailed("unsupported", "不支持压缩包，或不是 Office 文档")


def _text_format(data: bytes, claimed: Format | None) -> Format:
    if claimed is not None and claimed in _BINARY:
        raise ParseFailed("unsupported", f"文件内容不是 {claimed.upper()}")
    try:
        # Pages and mails declare their own encodings, mails one for each part: theirs is judged when they are read.
        start = decode(data[:2_000] if claimed in _SELF_DESCRIBING else data).lstrip()[:2_000]
    except ParseFailed as error:
        kind = filetype.guess(data)
        # The guess goes by two or three bytes at times: only what is no text anyway is asked for its kind.
        if kind is not None:
            message = "不支持图片文件：OCR 尚未启用" if kind.mime.startswith("image/") else "文件内容与扩展名不符"
            raise ParseFailed("unsupported", message) from error
        if error.reason != "corrupt" or claimed not in _SELF_DESCRIBING:
            raise
        start = data[:2_000].decode("latin-1")
    if claimed is Format.EML and not _MAIL_HEADER.match(start):
        raise ParseFailed("unsupported", "文件内容不是电子邮件")
    if claimed is None:
        return Format.HTML if _HTML_START.match(start) else Format.TXT
    return claimed


_BINARY = (Format.PDF, Format.DOCX, Format.PPTX, Format.XLSX)
_SELF_DESCRIBING = (Format.HTML, Format.EML)
_MAIL_HEADER = re.compile(r"(?:From [^\n]*\n)?[A-Za-z][A-Za-z0-9-]{1,60}:")
_HTML_START = re.compile(
    r"(?:<\?xml[^>]{0,200}>\s*)?(?:<!--.{0,500}?-->\s*)*<(?:!doctype\s+html|html|head|body)\b",
    re.IGNORECASE | re.DOTALL,
)
_OFFICE_PARTS = {"word/document.xml": Format.DOCX, "ppt/presentation.xml": Format.PPTX, "xl/workbook.xml": Format.XLSX}
_MEDIA_TYPES = {
    Format.PDF: "application/pdf",
    Format.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    Format.PPTX: "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Format.CSV: "text/csv",
    Format.HTML: "text/html",
    Format.MD: "text/markdown",
    Format.TXT: "text/plain",
    Format.EML: "message/rfc822",
}
