"""Material by address: a file of ours is read from the store, any other address through the guarded fetcher."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from tempfile import TemporaryDirectory

from wenshu.core.database.scope import Scope
from wenshu.core.documents.model import Parsed
from wenshu.core.storage.files import StoredFile
from wenshu.kit.errors import NotFound
from wenshu.services.assistant.parts import Assistant


@dataclass(frozen=True, slots=True)
class Source:
    """A document's bytes in a file; ``name`` is what parsers go by, ``url`` what to store for it."""

    path: Path
    name: str
    url: str
    digest: str


@asynccontextmanager
async def source_at(parts: Assistant, scope: Scope, url: str, name: str) -> AsyncGenerator[Source]:
    """The bytes behind an address that a caller named, while the block lasts.

    Raises FetchRefused or FetchFailed, and NotFound for a file of ours that the caller may not read.
    """
    file_id = parts.files.links.file_id(url)
    if file_id is not None:
        async with source_of(parts, await own_file(parts, scope, file_id, url), name) as source:
            yield source
        return
    with TemporaryDirectory(prefix="wenshu-fetch-") as folder:
        path = Path(folder) / "document"
        fetched = await parts.fetcher.fetch(url, path)
        yield Source(path, _named(name, fetched.file_name), url, await asyncio.to_thread(_digest, path))


@asynccontextmanager
async def source_of(parts: Assistant, file: StoredFile, name: str) -> AsyncGenerator[Source]:
    """The bytes of a stored file, while the block lasts; that it may be read was seen to."""
    with TemporaryDirectory(prefix="wenshu-fetch-") as folder:
        path = Path(folder) / "document"
        await parts.files.fetch(file.id, path)
        yield Source(path, _named(name, file.name), parts.files.link(file), file.sha256)


async def parsed(parts: Assistant, source: Source) -> Parsed:
    """The document in those bytes. Raises ParseFailed."""
    return await parts.parser.parse(source.path, source.name)


async def own_file(parts: Assistant, scope: Scope, file_id: str, url: str) -> StoredFile:
    """A stored file that the scope may read by this link. Raises NotFound."""
    file = await parts.files.find(file_id)
    if may_read(parts, scope, file, url):
        return file
    raise NotFound("文件不存在")


def may_read(parts: Assistant, scope: Scope, file: StoredFile, url: str) -> bool:
    """Whether the scope owns the file, or it was uploaded without a tenant and is named by a link that still opens.

    The document's upload carries no tenant: its link is then all the right there is, as for anybody it is shown to.
    """
    return scope.owns(file.tenant_code, file.org_code) or (file.is_global and parts.files.links.opens(url))


def _named(name: str, fallback: str) -> str:
    """Parsers go by the extension, too: the caller's name where it has one, else the file's own."""
    return name if Path(name).suffix else fallback or name


def _digest(path: Path) -> str:
    with path.open("rb") as source:
        return file_digest(source, "sha256").hexdigest()
