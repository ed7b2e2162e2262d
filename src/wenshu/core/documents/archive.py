"""Checks an Office document's ZIP before any library opens it: bombs, nested archives, entities, encryption."""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator

from wenshu.core.documents.limits import Limits
from wenshu.kit.errors import ParseFailed

_END = b"PK\x05\x06"
_STEP = 256 * 1024
_RATIO_FROM = 8 * 1024 * 1024  # small parts of blanks and repeated markup compress beyond any ratio
_XML_PART = re.compile(r"\.(?:xml|rels|vml)$", re.IGNORECASE)
_ARCHIVE_PART = re.compile(r"\.(?:zip|jar|gz|bz2|xz|7z|rar|tar)$", re.IGNORECASE)
_DECLARED = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([^"']{1,40})["']""")
_FORBIDDEN = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_OVERLAP = 32


def open_archive(data: bytes, limits: Limits) -> zipfile.ZipFile:
    """The ZIP with its directory checked: number of entries, names, methods, encryption, claimed sizes.

    Raises ParseFailed: ``corrupt``, ``encrypted``, ``too_large``, ``unsupported`` (an archive within).
    """
    end = data.rfind(_END, max(0, len(data) - 65_557))
    if end < 0 or len(data) < end + 22:
        raise ParseFailed("corrupt")
    # Reading the directory costs memory for each entry, so its size is judged first.
    if int.from_bytes(data[end + 12 : end + 16], "little") > limits.archive_entries * 512:
        raise ParseFailed("too_large")
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise ParseFailed("corrupt") from error
    _check_directory(archive.infolist(), limits)
    return archive


def check_contents(archive: zipfile.ZipFile, limits: Limits) -> None:
    """Unpacks every entry, counting; XML parts must be UTF-8 and hold no DTD. Raises as ``open_archive``."""
    total = 0
    for info in archive.infolist():
        size = 0
        last = b""
        for piece in unpack(archive, info):
            size += len(piece)
            total += len(piece)
            if total > limits.unpacked_bytes or _bomb(size, info.compress_size, limits):
                raise ParseFailed("too_large")
            if _XML_PART.search(info.filename):
                _check_xml(last + piece, first=not last)
                last = piece[-_OVERLAP:]


def unpack(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    """An entry's bytes, piece by piece. Raises ParseFailed ``corrupt``."""
    try:
        with archive.open(info) as entry:
            while piece := entry.read(_STEP):
                yield piece
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError) as error:
        raise ParseFailed("corrupt") from error


def _check_directory(entries: list[zipfile.ZipInfo], limits: Limits) -> None:
    if len(entries) > limits.archive_entries or sum(info.file_size for info in entries) > limits.unpacked_bytes:
        raise ParseFailed("too_large")
    names = {info.filename.lower() for info in entries}
    # Two entries of one name are read differently by different readers: what was checked might not be what is parsed.
    if len(names) != len(entries) or any(name.startswith("/") or ".." in name.split("/") for name in names):
        raise ParseFailed("corrupt")
    for info in entries:
        if info.flag_bits & 1:
            raise ParseFailed("encrypted")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ParseFailed("unsupported", "文件使用了不支持的压缩方式")
        if _bomb(info.file_size, info.compress_size, limits):
            raise ParseFailed("too_large")
        if _ARCHIVE_PART.search(info.filename):
            raise ParseFailed("unsupported", "文件中嵌有压缩包")


def _bomb(unpacked: int, packed: int, limits: Limits) -> bool:
    return unpacked > _RATIO_FROM and unpacked > packed * limits.unpacked_ratio


def _check_xml(piece: bytes, *, first: bool) -> None:
    if first:
        declared = _DECLARED.search(piece[:512])
        utf8 = declared is None or declared[1].lower() in (b"utf-8", b"us-ascii", b"ascii")
        # In another encoding a DTD would not look like one to the search below.
        if not utf8 or piece[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in piece[:64]:
            raise ParseFailed("unsupported", "文件内部使用了不支持的字符编码")
    if _FORBIDDEN.search(piece):
        raise ParseFailed("unsupported", "文件内部含有不允许的实体定义")
