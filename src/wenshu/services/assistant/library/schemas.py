"""Wire models of the library, spelled as document 001 spells them."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

from wenshu.web.caller import ScopedBody
from wenshu.web.scalars import Flag, Real, Whole

MOST_PAIRS = 1000
MOST_DOCUMENTS = 200
MOST_NAMES = 1000

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255)]
Url = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4096)]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000)]
Source = Annotated[str, StringConstraints(strip_whitespace=True, max_length=4096)]
Term = Annotated[str, StringConstraints(strip_whitespace=True)]
Threshold = Annotated[Real | None, Field(ge=0, le=1)]


class AddDocument(ScopedBody):
    """One document by its address."""

    doc_url: Url = Field(description="文档可访问 URL Where the document is")
    doc_name: Name = Field(description="文档名称，同名替换 Its name; the same name replaces")


class AddDocuments(ScopedBody):
    """Several documents; the lists go together item by item."""

    multi_doc_urls: list[Url] = Field(min_length=1, max_length=MOST_DOCUMENTS)
    doc_names: list[Name] = Field(min_length=1, max_length=MOST_DOCUMENTS)


class DeleteDocuments(ScopedBody):
    """Documents to delete, by name."""

    doc_name: list[Name] = Field(min_length=1, max_length=MOST_NAMES)


class Search(ScopedBody):
    """A search of one collection."""

    query: Line
    collection_type: Literal["DOC", "QA"]
    filter_expr: str | None = Field(None, description="Milvus 表达式 A Milvus expression, and-ed with the scope")
    limit: Whole = Field(5, ge=1, le=200)
    use_hybrid: Flag = False
    vector_similarity_threshold: Threshold = None
    rrf_similarity_threshold: Threshold = None


class Measured(BaseModel):
    """How well a hit fits: ``score`` in [0, 1] is how sure retrieval is that it answers.

    With an embedder also what the two thresholds apply to: the cosine, and the fused rank (at most 2/61 = 0.0328).
    """

    score: float
    vector_similarity: float | None
    rrf_similarity: float | None


class DocumentHit(Measured):
    """A passage found."""

    content: str
    doc_name: str
    doc_url: str
    chunk_index: int
    heading: str
    page: int | None
    start: int
    end: int


class PairHit(Measured):
    """A question–answer pair found."""

    question: str
    answer: str
    source: str


class Found(BaseModel):
    """The hits of the one query, best first; ``notices`` say how was searched."""

    entities: list[list[DocumentHit | PairHit]]
    notices: list[str]


class SetSynonyms(ScopedBody):
    """The groups that are to stand in the place of all that are there."""

    groups: list[list[Term]] = Field(description="每组是意思相同的词 Each a list of terms that mean the same")
    version: Whole | None = Field(
        None, ge=0, lt=2**31, description="读到的版本；已被他人修改时 409 The version that was read"
    )


class SynonymGroups(BaseModel):
    """The groups of a scope; ``version`` 0 and no time where there never were any."""

    groups: list[list[str]]
    version: int
    updated_at: str | None


class AddPairs(ScopedBody):
    """One pair, or lists that go together item by item; one ``source`` may serve all."""

    question: Line | Annotated[list[Line], Field(min_length=1, max_length=MOST_PAIRS)]
    answer: Line | Annotated[list[Line], Field(min_length=1, max_length=MOST_PAIRS)]
    source: Source | Annotated[list[Source], Field(max_length=MOST_PAIRS)] | None = None


class DeletePairs(ScopedBody):
    """Pairs to delete, by question."""

    question: list[Line] = Field(min_length=1, max_length=MOST_NAMES)
