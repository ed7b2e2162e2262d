"""Wire models of imports."""

from typing import Annotated, Literal

from fastapi import Query
from pydantic import BaseModel, Field, StringConstraints

from wenshu.services.assistant.library.schemas import Name, Url
from wenshu.web.caller import ScopedBody
from wenshu.web.scalars import Flag

MOST_ITEMS = 10_000
State = Literal["queued", "running", "succeeded", "failed", "cancelled"]
Key = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=128)]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
PageNumber = Annotated[int, Query(ge=1, le=1_000_000, description="页码 Page, from 1")]
PageSize = Annotated[int, Query(ge=1, le=100, description="每页条数 Entries a page")]


class ImportItem(BaseModel):
    """One document to import."""

    doc_url: Url = Field(description="文档可访问 URL，或上传得到的 file_url Where the document is")
    doc_name: Name = Field(description="文档名称，同名替换 Its name; the same name replaces")


class StartImport(ScopedBody):
    """Documents to import; accepted or refused as a whole."""

    items: list[ImportItem] = Field(min_length=1, max_length=MOST_ITEMS)
    import_key: Key | None = Field(
        None, description="同一 key 的导入未结束时返回它 While the import with this key is not over, it is the one"
    )
    force: Flag = Field(default=False, description="内容未变的也重新导入 Import also what has not changed")


class Started(BaseModel):
    """The import to look at; ``is_new`` is false where one with the key was under way already."""

    import_id: str
    is_new: bool


class Digested(BaseModel):
    """A document by its name and the SHA-256 of its bytes, 64 hexadecimal digits."""

    doc_name: Name
    sha256: Digest


class AskUnchanged(ScopedBody):
    """Documents that the caller may want to import."""

    items: list[Digested] = Field(min_length=1, max_length=MOST_ITEMS)


class Unchanged(BaseModel):
    """The names of those that stand in the library just so."""

    doc_names: list[str]


class Problem(BaseModel):
    """Why an import as a whole failed, or waits to go on."""

    code: str
    message: str


class ImportSummary(BaseModel):
    """An import in figures; times are local."""

    import_id: str
    state: State
    total: int
    added: int = Field(description="新增或替换 Added or replaced")
    skipped: int = Field(description="内容未变，跳过 Unchanged, skipped")
    failed: int
    pending: int
    cancel_asked: bool
    error: Problem | None
    created_at: str
    finished_at: str | None


class Failure(BaseModel):
    """A document that could not be imported, and why."""

    doc_name: str
    reason: str


class Failures(BaseModel):
    """A page of them, in the order of the call."""

    items: list[Failure]
    page: int
    size: int
    total: int


class ImportDetail(ImportSummary):
    """An import with what it is at, and a page of its failures."""

    current: str = Field(description="正在处理的文档 The document it is at, empty where it is at none")
    failures: Failures


class ImportPage(BaseModel):
    """A page of imports, newest first."""

    items: list[ImportSummary]
    page: int
    size: int
    total: int
