"""Wire models of chat, spelled as document 001 spells them."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints

from wenshu.services.assistant.views import Nearest
from wenshu.web.caller import ScopedBody
from wenshu.web.scalars import Flag, Whole

MOST_UPLOADS = 20

UserId = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=128)]
SessionId = Annotated[str, StringConstraints(pattern=r"^[^\s/?#%\\]{1,128}$")]
Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255)]
ListLimit = Annotated[Whole, Field(ge=1, le=1000)]
PageNumber = Annotated[Whole, Field(ge=1, le=1_000_000)]
PageSize = Annotated[Whole, Field(ge=1, le=100)]


class UploadedDocument(BaseModel):
    """A document as ``upload_and_parse`` answered it; ``content`` may be left out for a file of ours."""

    file_name: str = Field("", max_length=255)
    file_url: str = Field("", max_length=4096)
    content: str | None = None
    parse_success: Flag = True


class Ask(ScopedBody):
    """A question."""

    user_id: UserId
    session_id: SessionId | Literal[""] | None = None
    question: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000)]
    use_vector_db: Flag = True
    uploaded_docs: Annotated[list[UploadedDocument], Field(max_length=MOST_UPLOADS)] | None = None
    stream: Flag = True
    limit: Whole | None = Field(None, ge=1, le=200)
    chat_mode: Literal["general", "idea_gen", "scripts_gen"] = "general"
    use_external_resource: Flag = False
    theme: str | None = Field(None, max_length=100)


class SourceDocument(BaseModel):
    """A source that the answer used."""

    name: str
    url: str


class Sources(BaseModel):
    """The sources that the answer used, each once."""

    count: int
    documents: list[SourceDocument]


class Answered(BaseModel):
    """A finished answer.

    ``citations`` give the spans of each marker ``[n]``, ``notices`` what a reader should know, ``searched_for`` the
    question as it was understood, without need of the conversation; ``nearest`` the passages that come nearest where
    there is no answer.
    """

    session_id: str
    message_id: int
    stream_id: str
    answer: str
    sources: Sources
    suggested_questions: list[str]
    citations: list[dict[str, Any]]
    notices: list[str]
    searched_for: str
    stopped: bool
    nearest: Nearest | None


class CreateSession(ScopedBody):
    """A session to make."""

    user_id: UserId
    session_id: SessionId | Literal[""] | None = None
    title: Annotated[str, StringConstraints(strip_whitespace=True, max_length=255)] | None = None


class SessionCreated(BaseModel):
    """The new session's id."""

    session_id: str


class Session(BaseModel):
    """A session; times are local, ``is_deleted`` is 0 or 1."""

    id: int
    session_id: str
    user_id: str
    title: str
    tenant_code: str
    org_code: str
    created_at: str
    updated_at: str
    is_deleted: int


class GroupedSessions(BaseModel):
    """Sessions by the day of their last change."""

    todayHistoryList: list[Session]  # noqa: N815 (the document's spelling)
    yesterdayHistoryList: list[Session]  # noqa: N815 (the document's spelling)
    sevenDaysHistoryList: list[Session]  # noqa: N815 (the document's spelling)


class Rate(BaseModel):
    """What a reader thinks of an answer; ``null`` takes it back."""

    rating: Literal["up", "down"] | None = Field(None, description="up 有帮助，down 没有帮助，null 撤回 Helpful or not")
    comment: Annotated[str, StringConstraints(strip_whitespace=True, max_length=1000)] | None = Field(
        None, description="说明，最长 1000 个字符 Why"
    )


class Feedback(BaseModel):
    """What a reader thought of an answer."""

    rating: Literal["up", "down"] | None
    comment: str


class RatedAnswer(Feedback):
    """An answer that its reader rated, for whoever looks after the material."""

    session_id: str
    user_id: str
    message_id: int
    question: str
    answer: str
    sources: list[SourceDocument]
    notices: list[str]
    tenant_code: str
    org_code: str
    answered_at: str
    rated_at: str


class RatedAnswers(BaseModel):
    """One page of them, the last rated first; ``total`` counts all."""

    items: list[RatedAnswer]
    page: int
    size: int
    total: int


class Again(BaseModel):
    """How to give an answer again."""

    stream: Flag = True


class Version(BaseModel):
    """One of the answers to a question; ``GET /chat_service/session/{session_id}/messages/{message_id}`` reads it."""

    id: int
    created_at: str
    stopped: bool


class Message(BaseModel):
    """A message of a session; an answer names all its ``versions``, the oldest first."""

    id: int
    session_id: str
    user_id: str
    role: Literal["user", "assistant"]
    content: str
    sources: list[SourceDocument] | None
    suggested_questions: list[str] | None
    citations: list[dict[str, Any]] | None
    notices: list[str] | None
    searched_for: str | None
    nearest: Nearest | None
    created_at: str
    stopped: bool
    feedback: Feedback | None
    versions: list[Version] | None


class Rename(BaseModel):
    """A session's new title."""

    title: Title


class Uploaded(BaseModel):
    """A stored file; the link opens from outside until it expires."""

    file_url: str
    file_name: str


class ParsedFile(Uploaded):
    """A stored file and its text; ``parse_error`` says why there is none."""

    content: str
    parse_success: bool
    parse_error: str = ""
