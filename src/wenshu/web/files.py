"""``/files/{id}/{name}``: a stored file, opened by its signed link."""

import re
from urllib.parse import quote

from fastapi import APIRouter, Request
from starlette.responses import StreamingResponse

from wenshu.kit.errors import Forbidden, RangeNotSatisfiable
from wenshu.web.context import web_context

router = APIRouter(tags=["文件 Files"])
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


@router.get(
    "/files/{file_id}/{name}", summary="打开文件 Open a file by its signed link", response_class=StreamingResponse
)
async def open_file(
    request: Request, file_id: str, name: str, expires: str = "", signature: str = ""
) -> StreamingResponse:
    """The file as an attachment, or a part of it: whatever it holds, a browser neither runs nor guesses it."""
    del name
    files = web_context(request).files
    if not files.links.valid(file_id, expires, signature):
        raise Forbidden("链接无效或已过期")
    file = await files.find(file_id)
    tag = f'"{file.id}"'  # what an id names never changes
    span = None if request.headers.get("If-Range", tag) != tag else asked(request.headers.get("Range", ""), file.size)
    first, end = span or (0, file.size)
    part = {"Content-Range": f"bytes {first}-{end - 1}/{file.size}"} if span else {}
    return StreamingResponse(
        await files.read(file.id, span),
        status_code=206 if span else 200,
        media_type=file.media_type,
        headers={
            "Content-Length": str(end - first),
            "Accept-Ranges": "bytes",
            "ETag": tag,
            **part,
            **attachment(file.name),
        },
    )


def asked(header: str, size: int) -> tuple[int, int] | None:
    """The part that a ``Range`` names (first, behind the last), so that a broken download goes on where it stopped.

    None for anything but one range of bytes: RFC 9110 lets a server answer those with the whole. Raises
    RangeNotSatisfiable for a part behind the end.
    """
    found = _RANGE.fullmatch(header.replace(" ", ""))
    if found is None or not any(found.groups()):
        return None
    first, last = found.groups()
    if not first:
        span = max(0, size - int(last)), size
    else:
        span = int(first), min(int(last) + 1, size) if last else size
        if last and int(first) > int(last):
            return None
    if span[0] >= span[1]:
        raise RangeNotSatisfiable(size)
    return span


def attachment(name: str) -> dict[str, str]:
    """Headers of a download under this name (RFC 6266, RFC 5987), safe for any content."""
    return {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox",
    }
