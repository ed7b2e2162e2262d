"""``/vector_db_service/imports``: many documents at once, taken on in one call and imported in the background."""

from typing import Annotated

from fastapi import Depends, Header, Path, Query
from starlette.responses import Response

from wenshu.core.database.scope import Scope
from wenshu.services.assistant.dialect import AssistantDialect
from wenshu.services.assistant.imports import accept, show
from wenshu.services.assistant.imports.schemas import (
    AskUnchanged,
    ImportDetail,
    ImportPage,
    ImportSummary,
    Key,
    PageNumber,
    PageSize,
    Started,
    StartImport,
    State,
    Unchanged,
)
from wenshu.services.assistant.parts import Parts
from wenshu.web.caller import AnyCaller, Code, needs
from wenshu.web.dialect import Said
from wenshu.web.idempotency import ONCE
from wenshu.web.routing import dialect_router
from wenshu.web.sse import event_stream

dialect = AssistantDialect()
router = dialect_router(dialect, prefix="/vector_db_service", tag="素材库 Library")


def _scope(
    caller: AnyCaller,
    tenant_code: Annotated[Code, Query()] = None,
    org_code: Annotated[Code, Query()] = None,
) -> Scope:
    return caller.scope(tenant_code, org_code)


InScope = Annotated[Scope, Depends(_scope)]
ImportId = Annotated[str, Path(max_length=128)]


@router.post("/imports", summary="批量导入文档 Import many documents", dependencies=[needs("editor"), ONCE])
async def start_import(body: StartImport, caller: AnyCaller, parts: Parts) -> Said[Started]:
    """Answers at once; the documents come in in the background, and go on after a restart."""
    caller.trail.about(*(item.doc_name for item in body.items))
    started = await accept.accept(parts, caller.scope_of(body), body)
    return Said("导入已开始" if started.is_new else "相同 import_key 的导入正在进行", started)


@router.post(
    "/unchanged_documents",
    summary="查询内容未变的文档 Which documents stand just so",
    dependencies=[needs("editor", recorded=False)],
)
async def unchanged(body: AskUnchanged, caller: AnyCaller, parts: Parts) -> Said[Unchanged]:
    """By name and SHA-256: what is named in the answer need not be uploaded again."""
    digests = {item.doc_name: item.sha256 for item in body.items}
    known = await parts.ingest.digests(caller.scope_of(body), list(digests))
    return Said("查询成功", Unchanged(doc_names=[name for name in digests if digests[name] == known.get(name)]))


@router.get("/imports", summary="导入列表 List imports")
async def list_imports(
    scope: InScope,
    parts: Parts,
    state: Annotated[State | None, Query()] = None,
    import_key: Annotated[Key | None, Query()] = None,
    page: PageNumber = 1,
    size: PageSize = 20,
) -> Said[ImportPage]:
    """Newest first."""
    found = await show.page(parts, scope, state=state, import_key=import_key, number=page, size=size)
    return Said("获取导入列表成功", found)


@router.get("/imports/{import_id}", summary="导入详情 An import with its failures")
async def get_import(
    import_id: ImportId, scope: InScope, parts: Parts, page: PageNumber = 1, size: PageSize = 20
) -> Said[ImportDetail]:
    """Its figures, what it is at, and a page of what could not be imported."""
    return Said("获取导入成功", await show.detail(parts, scope, import_id, number=page, size=size))


@router.get("/imports/{import_id}/progress", summary="导入进度流 Follow an import", response_class=Response)
async def follow_import(
    import_id: ImportId,
    scope: InScope,
    parts: Parts,
    last_event_id: Annotated[int, Header(ge=0, le=2**31)] = 0,
) -> Response:
    """Its events after ``Last-Event-ID``, the past first; the last one has ``done``."""
    await show.existing(parts, scope, import_id)
    return event_stream(dialect, show.follow(parts, scope, import_id, last_event_id))


@router.post("/imports/{import_id}/cancel", summary="取消导入 Cancel an import", dependencies=[needs("editor")])
async def cancel_import(import_id: ImportId, scope: InScope, parts: Parts) -> Said[ImportSummary]:
    """What was imported stays; an import that is over is 409."""
    summary = await show.cancel(parts, scope, import_id)
    return Said("将在当前文档结束后取消" if summary.cancel_asked else "导入已取消", summary)
