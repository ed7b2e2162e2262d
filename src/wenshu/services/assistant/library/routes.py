"""``/vector_db_service/*``: the ten documented calls, and ours beside them."""

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from wenshu.core.database.scope import Scope
from wenshu.core.index.filter_tree import Expr
from wenshu.core.index.filters import named_scope
from wenshu.kit.errors import MissingField
from wenshu.services.assistant.dialect import AssistantDialect
from wenshu.services.assistant.library import add, find, pairs, synonyms
from wenshu.services.assistant.library.passage import passage
from wenshu.services.assistant.library.schemas import (
    AddDocument,
    AddDocuments,
    AddPairs,
    DeleteDocuments,
    DeletePairs,
    Found,
    Name,
    Search,
    SetSynonyms,
    SynonymGroups,
)
from wenshu.services.assistant.parts import Parts
from wenshu.services.assistant.views import SourceView
from wenshu.web.caller import AnyCaller, Caller, Code, ScopedBody, needs
from wenshu.web.dialect import Said
from wenshu.web.files import attachment
from wenshu.web.idempotency import ONCE
from wenshu.web.routing import dialect_router
from wenshu.web.scalars import Whole
from wenshu.web.uploads import MULTIPART_FILES, AnyUpload

router = dialect_router(AssistantDialect(), prefix="/vector_db_service", tag="素材库 Library")


@router.post("/new_collection", summary="创建全局素材库 Create the library", dependencies=[needs("editor")])
async def new_collection(body: ScopedBody, caller: AnyCaller) -> Said[str]:
    """The library is always there: this only answers that it is."""
    caller.scope_of(body)
    return Said("成功创建全局素材库", "")


@router.post("/del_collection", summary="删除素材库数据 Delete the scope's material", dependencies=[needs("editor")])
async def del_collection(body: ScopedBody, caller: AnyCaller, parts: Parts) -> Said[str]:
    """Documents and pairs of the scope; without one, those of the global scope."""
    await parts.ingest.clear(caller.scope_of(body))
    return Said("成功删除素材库数据", "")


@router.post("/add_document", summary="添加单个文档 Add a document", dependencies=[needs("editor"), ONCE])
async def add_document(body: AddDocument, caller: AnyCaller, parts: Parts) -> Said[str]:
    """Fetch, parse, index; the same name in the same scope is replaced in one step."""
    caller.trail.about(body.doc_name)
    await add.add_document(parts, caller.scope_of(body), body.doc_url, body.doc_name)
    return Said("成功插入文档到素材库", "")


@router.post("/add_multi_document", summary="批量添加文档 Add documents", dependencies=[needs("editor"), ONCE])
async def add_multi_document(body: AddDocuments, caller: AnyCaller, parts: Parts) -> Said[str]:
    """Each on its own; any failure makes the answer a failure that counts both."""
    caller.trail.about(*body.doc_names)
    added = await add.add_documents(parts, caller.scope_of(body), body.multi_doc_urls, body.doc_names)
    return Said(add.counted(added, 0), "")


@router.post("/del_document", summary="删除文档 Delete documents by name", dependencies=[needs("editor")])
async def del_document(body: DeleteDocuments, caller: AnyCaller, parts: Parts) -> Said[str]:
    """Names that are not there are no error."""
    caller.trail.about(*body.doc_name)
    await parts.ingest.delete_documents(caller.scope_of(body), body.doc_name)
    return Said("从全局素材库删除文档成功", "")


@router.post("/search_from_vector_db", summary="检索 Search", dependencies=[needs("viewer", recorded=False)])
async def search_from_vector_db(body: Search, caller: AnyCaller, parts: Parts) -> Said[Found]:
    """The best passages or pairs of the scope."""
    expression = find.parsed_filter(body)
    scope = _scope_in_words(caller, body, expression) or caller.scope_of(body)
    return Said("从素材库查询成功", await find.find(parts, scope, body, expression))


@router.get("/passage", summary="查看段落 A passage in its place")
async def get_passage(
    caller: AnyCaller,
    parts: Parts,
    doc_name: Annotated[Name, Query()],
    chunk_index: Annotated[Whole, Query(ge=0, lt=2**31)],
    query: Annotated[str, Query(max_length=1000)] = "",
    tenant_code: Annotated[Code, Query()] = None,
    org_code: Annotated[Code, Query()] = None,
) -> Said[SourceView]:
    """A hit of a search between its neighbours; with ``query``, the sentence that answers it is marked."""
    scope = caller.scope(tenant_code, org_code)
    return Said("获取段落成功", await passage(parts, scope, doc_name, chunk_index, query))


class Workbook(Response):
    """A spreadsheet."""

    media_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@router.get("/download_qa_template", summary="下载 QA 模板 Download the QA template", response_class=Workbook)
async def download_qa_template(caller: AnyCaller) -> Response:
    """A spreadsheet with the columns 问题, 答案, 来源."""
    caller.scope(None, None)
    return Workbook(pairs.template(), headers=attachment(pairs.TEMPLATE_NAME))


@router.post("/add_qa", summary="添加 QA Add question–answer pairs", dependencies=[needs("editor"), ONCE])
async def add_qa(body: AddPairs, caller: AnyCaller, parts: Parts) -> Said[str]:
    """All or none; the same question in the same scope is replaced."""
    added = pairs.pairs_of(parts, body)
    caller.trail.about(pairs=len(added))
    await parts.ingest.replace_pairs(caller.scope_of(body), added)
    return Said(f"成功插入{len(added)}条问答对到素材库", "")


@router.post(
    "/add_qa_from_template",
    summary="从模板文件添加 QA Add pairs from the template",
    openapi_extra=MULTIPART_FILES,
    dependencies=[needs("editor"), ONCE],
)
async def add_qa_from_template(caller: AnyCaller, upload: AnyUpload, parts: Parts) -> Said[object]:
    """Rows with an empty question or answer are left out and named in ``data``."""
    scope = caller.scope(upload.fields.get("tenant_code"), upload.fields.get("org_code"))
    files = upload.named("file")
    if not files:
        raise MissingField("file")
    caller.trail.about(files[0].name)
    added, skipped = await pairs.add_from_template(parts, scope, files[0].path, files[0].name)
    message = f"成功插入{added}条问答对到素材库"
    if skipped:
        message += f"，{len(skipped)}行未导入（第{'、'.join(str(row['row']) for row in skipped[:20])}行）"
    return Said(message, {"skipped": skipped} if skipped else "")


@router.post("/del_qa", summary="删除 QA Delete pairs by question", dependencies=[needs("editor")])
async def del_qa(body: DeletePairs, caller: AnyCaller, parts: Parts) -> Said[str]:
    """Questions that are not there are no error."""
    caller.trail.about(pairs=len(body.question))
    await parts.ingest.delete_pairs(caller.scope_of(body), body.question)
    return Said("从全局素材库删除问答对成功", "")


@router.get("/synonyms", summary="查看同义词 The scope's synonyms")
async def get_synonyms(
    caller: AnyCaller,
    parts: Parts,
    tenant_code: Annotated[Code, Query()] = None,
    org_code: Annotated[Code, Query()] = None,
) -> Said[SynonymGroups]:
    """The groups of just this scope; the built-in ones are not told."""
    return Said("获取同义词成功", await synonyms.kept(parts, caller.scope(tenant_code, org_code)))


@router.put("/synonyms", summary="设置同义词 Set the scope's synonyms", dependencies=[needs("editor")])
async def set_synonyms(body: SetSynonyms, caller: AnyCaller, parts: Parts) -> Said[SynonymGroups]:
    """All groups at once, in the place of those that are there; in use from the next question on."""
    caller.trail.about(groups=len(body.groups))
    return Said("保存同义词成功", await synonyms.replace(parts, caller.scope_of(body), body))


@router.delete("/synonyms", summary="删除同义词 Delete the scope's synonyms", dependencies=[needs("editor")])
async def delete_synonyms(
    caller: AnyCaller,
    parts: Parts,
    tenant_code: Annotated[Code, Query()] = None,
    org_code: Annotated[Code, Query()] = None,
) -> Said[str]:
    """All groups of just this scope."""
    await synonyms.clear(parts, caller.scope(tenant_code, org_code))
    return Said("删除同义词成功", "")


def _scope_in_words(caller: Caller, body: Search, expression: Expr | None) -> Scope | None:
    """The scope named inside the filter, as the document's own example does; the body's wins where it has one."""
    if expression is None or body.tenant_code or body.org_code:
        return None
    tenant, org = named_scope(expression)
    return caller.scope(tenant, org) if tenant else None
