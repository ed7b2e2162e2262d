"""Material by address: a file of ours is read from the store, any other address through the guarded fetcher."""

from pathlib import Path
from tempfile import TemporaryDirectory

from wenshu.core.database.scope import Scope
from wenshu.core.documents.model import Parsed
from wenshu.core.storage.files import StoredFile
from wenshu.kit.errors import NotFound
from wenshu.services.assistant.parts import Assistant


async def read_address(parts: Assistant, scope: Scope, url: str, name: str) -> tuple[Parsed, str]:
    """The parsed document behind ``url``, and the address to store for it.

    Raises FetchRefused or FetchFailed, ParseFailed, and NotFound for a file of ours that the caller may not read.
    """
    with TemporaryDirectory(prefix="wenshu-fetch-") as folder:
        path = Path(folder) / "document"
        file_id = parts.files.links.file_id(url)
        if file_id is not None:
            file = await own_file(parts, scope, file_id, url)
            await parts.files.fetch(file.id, path)
            return await parts.parser.parse(path, _named(name, file.name)), parts.files.link(file)
        fetched = await parts.fetcher.fetch(url, path)
        return await parts.parser.parse(path, _named(name, fetched.file_name)), url


async def own_file(parts: Assistant, scope: Scope, file_id: str, url: str) -> StoredFile:
    """A stored file that the scope owns, or that was uploaded without a tenant and is named by a link that still opens.

    The document's upload carries no tenant: its link is then all the right there is, as for anybody it is shown to.
    """
    file = await parts.files.find(file_id)
    if scope.owns(file.tenant_code, file.org_code) or (file.is_global and parts.files.links.opens(url)):
        return file
    raise NotFound("文件不存在")


def _named(name: str, fallback: str) -> str:
    """Parsers go by the extension, too: the caller's name where it has one, else the file's own."""
    return name if Path(name).suffix else fallback or name
