"""``/files/{id}/{name}``: a stored file, opened by its signed link."""

from urllib.parse import quote

from fastapi import APIRouter, Request
from starlette.responses import StreamingResponse

from wenshu.kit.errors import Forbidden
from wenshu.web.context import web_context

router = APIRouter(tags=["文件 Files"])


@router.get("/files/{file_id}/{name}", summary="打开文件 Open a file by its signed link")
async def open_file(
    request: Request, file_id: str, name: str, expires: str = "", signature: str = ""
) -> StreamingResponse:
    """The file as an attachment: whatever it holds, a browser neither runs nor guesses it."""
    del name
    files = web_context(request).files
    if not files.links.valid(file_id, expires, signature):
        raise Forbidden("链接无效或已过期")
    file = await files.find(file_id)
    return StreamingResponse(
        files.read(file.id),
        media_type=file.media_type,
        headers={"Content-Length": str(file.size), **attachment(file.name)},
    )


def attachment(name: str) -> dict[str, str]:
    """Headers of a download under this name (RFC 6266, RFC 5987), safe for any content."""
    return {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox",
    }
