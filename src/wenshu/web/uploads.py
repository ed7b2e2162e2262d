"""Uploads: multipart bodies with a cap a file, counted while they arrive; files are handed on as local paths."""

import shutil
import unicodedata
from collections.abc import AsyncIterator
from dataclasses import dataclass
from hashlib import file_digest, sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

from fastapi import Depends
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from wenshu.kit.errors import InvalidInput, TooLarge, UnsupportedMediaType
from wenshu.web.body_limit import too_large
from wenshu.web.context import web_context

_MOST_FIELDS = 100
_MAX_NAME = 200


@dataclass(frozen=True, slots=True)
class Received:
    """One uploaded file: its cleaned name, and where its bytes lie until the answer is sent."""

    name: str
    path: Path


@dataclass(frozen=True, slots=True)
class Upload:
    """A multipart body: its text fields (first one of a name wins) and its files in order, by field name."""

    fields: dict[str, str]
    files: tuple[tuple[str, Received], ...]

    async def digest(self) -> bytes:
        """SHA-256 of what was sent: fields, names and bytes of the files; not of how the parts were cut."""
        return await run_in_threadpool(self._digest)

    def _digest(self) -> bytes:
        said = sha256(repr(sorted(self.fields.items())).encode())
        for field, file in self.files:
            with file.path.open("rb") as source:
                said.update(repr((field, file.name)).encode() + file_digest(source, "sha256").digest())
        return said.digest()

    def named(self, *names: str) -> list[Received]:
        """The files of these form fields, in the order they came."""
        return [file for field, file in self.files if field in names]


async def _read(request: Request) -> AsyncIterator[Upload]:
    settings = web_context(request).settings.server
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise UnsupportedMediaType("请求体需为 multipart/form-data")
    parser = _CappedParser(request, max_files=settings.max_files, max_file_bytes=settings.max_file_bytes)
    try:
        form = await parser.parse()
    except MultiPartException as error:
        if "Too many files" in error.message:
            raise TooLarge(f"一次最多上传 {settings.max_files} 个文件") from error
        raise InvalidInput("multipart/form-data 格式有误") from error
    with TemporaryDirectory(prefix="wenshu-upload-") as folder:
        try:
            upload = await _land(form, Path(folder))
        finally:
            await form.close()
        yield upload


AnyUpload = Annotated[Upload, Depends(_read)]
"""The multipart body of the request."""


class _CappedParser(MultiPartParser):
    """Starlette's parser, which has no limit of its own for the size of one file."""

    def __init__(self, request: Request, *, max_files: int, max_file_bytes: int) -> None:
        super().__init__(request.headers, request.stream(), max_files=max_files, max_fields=_MOST_FIELDS)
        self._max_file_bytes = max_file_bytes
        self._file_bytes = 0

    def on_part_begin(self) -> None:
        """A part starts: count anew."""
        super().on_part_begin()
        self._file_bytes = 0

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        """Some bytes of a part."""
        self._file_bytes += end - start
        if self._file_bytes > self._max_file_bytes:
            raise too_large(self._max_file_bytes)
        super().on_part_data(data, start, end)


async def _land(form: FormData, folder: Path) -> Upload:
    fields: dict[str, str] = {}
    files: list[tuple[str, Received]] = []
    for name, value in form.multi_items():
        if isinstance(value, str):
            if "\x00" in value:
                raise InvalidInput(f"参数 {name} 不能包含 NUL 字符", field=name)
            fields.setdefault(name, value)
            continue
        path = folder / str(len(files))
        await run_in_threadpool(_copy, value, path)
        files.append((name, Received(clean_name(value.filename or ""), path)))
    return Upload(fields, tuple(files))


def _copy(upload: UploadFile, path: Path) -> None:
    with path.open("wb") as target:
        shutil.copyfileobj(upload.file, target)


def clean_name(name: str) -> str:
    """A file name without folders, control and direction characters, at most 200 characters, its extension kept."""
    base = name.replace("\\", "/").rsplit("/", 1)[-1]
    base = "".join(char for char in base if unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co"}).strip(" .")
    if len(base) > _MAX_NAME:
        stem, dot, extension = base.rpartition(".")
        keep = _MAX_NAME - len(extension) - 1
        base = f"{stem[:keep]}.{extension}" if dot and len(extension) < 20 else base[:_MAX_NAME]
    return base or "未命名"


MULTIPART_FILES = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "array", "items": {"type": "string", "format": "binary"}},
                        "tenant_code": {"type": "string"},
                        "org_code": {"type": "string"},
                    },
                }
            }
        },
    }
}
"""What the OpenAPI document says of an upload."""
