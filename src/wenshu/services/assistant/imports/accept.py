"""Accept an import: all of its documents, or none, in one transaction."""

from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import orjson
from sqlalchemy import insert

from wenshu.core.database.scope import Scope
from wenshu.kit import clock
from wenshu.kit.errors import Conflict, InvalidInput
from wenshu.services.assistant.imports.schemas import ImportItem, Started, StartImport
from wenshu.services.assistant.imports.tables import ItemState, items
from wenshu.services.assistant.material import may_read
from wenshu.services.assistant.parts import Assistant

KIND = "library.import"


async def accept(parts: Assistant, scope: Scope, asked: StartImport) -> Started:
    """Take the import on; a file of ours that the caller may not read fails on its own.

    Raises InvalidInput where a name stands twice, and Conflict where the key's import is another one.
    """
    twice = [name for name, count in Counter(item.doc_name for item in asked.items).items() if count > 1]
    if twice:
        raise InvalidInput(f"items 中 doc_name 重复：{twice[0]}", field="items")
    rows = await _rows(parts, scope, asked.items)
    names = sha256(orjson.dumps([item.doc_name for item in asked.items])).hexdigest()
    payload = {"total": len(rows), "names": names, "force": asked.force}
    async with parts.database.write(scope) as tx:
        accepted = await parts.jobs.accept(tx, scope, KIND, payload, key=asked.import_key, renew=True)
        if accepted.is_new:
            await tx.run(insert(items), [{**row, "import_id": accepted.id, **scope.stamp()} for row in rows])
    if not accepted.is_new and (await parts.jobs.get(scope, accepted.id)).payload["names"] != names:
        raise Conflict("import_key 已用于另一批文档的导入")
    return Started(import_id=accepted.id, is_new=accepted.is_new)


async def _rows(parts: Assistant, scope: Scope, asked: Sequence[ImportItem]) -> list[dict[str, Any]]:
    """The rows of the items; a link to a file of ours, which may expire, becomes its canonical form."""
    links = parts.files.links
    ids = [links.file_id(item.doc_url) for item in asked]
    found = await parts.files.find_many([file_id for file_id in ids if file_id is not None])
    rows: list[dict[str, Any]] = []
    for position, (item, file_id) in enumerate(zip(asked, ids, strict=True)):
        if links.is_canonical(item.doc_url):
            raise InvalidInput(f"items[{position}].doc_url 无效", field=f"items[{position}].doc_url")
        row = {"position": position, "doc_name": item.doc_name, "doc_url": item.doc_url}
        row |= {"state": ItemState.PENDING.value, "reason": None, "finished_at": None}
        file = found.get(file_id) if file_id else None
        if file is not None and may_read(parts, scope, file, item.doc_url):
            row["doc_url"] = parts.files.link(file)
        elif file_id is not None:
            row |= {"state": ItemState.FAILED.value, "reason": "文件不存在", "finished_at": clock.now()}
        rows.append(row)
    return rows
