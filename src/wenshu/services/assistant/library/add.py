"""Add documents by address: read, then replace in one step."""

import asyncio
from collections.abc import Sequence

from wenshu.core.database.scope import Scope
from wenshu.kit.errors import InvalidInput, WenshuError
from wenshu.services.assistant.material import parsed, source_at
from wenshu.services.assistant.parts import Assistant

_AT_ONCE = 4


async def add_document(parts: Assistant, scope: Scope, url: str, name: str) -> None:
    """Read the document at ``url`` and store it as ``name``; an earlier one of that name gives way in the same step."""
    async with source_at(parts, scope, url, name) as source:
        document = await parsed(parts, source)
    await parts.ingest.replace_document(scope, name, source.url, document, digest=source.digest)


async def add_documents(parts: Assistant, scope: Scope, urls: Sequence[str], names: Sequence[str]) -> int:
    """Add each; how many there are. Raises InvalidInput with the counts, and each failure in its details."""
    if len(urls) != len(names):
        raise InvalidInput("multi_doc_urls 与 doc_names 的数量不一致", field="doc_names")
    slots = asyncio.Semaphore(_AT_ONCE)

    async def one(url: str, name: str) -> WenshuError | None:
        async with slots:
            try:
                await add_document(parts, scope, url, name)
            except WenshuError as error:
                return error
        return None

    errors = await asyncio.gather(*(one(url, name) for url, name in zip(urls, names, strict=True)))
    failed = [(name, error) for name, error in zip(names, errors, strict=True) if error]
    if failed:
        raise InvalidInput(
            counted(len(names) - len(failed), len(failed)),
            details=[{"doc_name": name, "reason": error.message} for name, error in failed],
        )
    return len(names)


def counted(added: int, failed: int) -> str:
    """The document's sentence for a batch."""
    return f"插入文档到素材库：成功[{added}]个,失败[{failed}]个"
