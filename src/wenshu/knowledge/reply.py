"""Replies: a question, what it brings along and what the library holds, made into an answer whose sentences have sources."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal

from wenshu.core.database.scope import Scope
from wenshu.knowledge.answer import answer
from wenshu.knowledge.cite import Cited, marked
from wenshu.knowledge.passage import Passage
from wenshu.knowledge.search import Searcher
from wenshu.knowledge.uploads import UploadedText, find_in_texts

Mode = Literal["general", "idea_gen", "scripts_gen"]
Say = Callable[[str], None]
"""Takes the next piece of the answer; the pieces joined are the whole."""

NO_EXTERNAL = "未配置外部资源（小红书）连接，本次回答未使用外部资源"


@dataclass(frozen=True, slots=True)
class Exchange:
    """An earlier message of the conversation."""

    role: Literal["user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class ReplyRequest:
    """What an answer is made from; plain data, so that a restart can answer again."""

    question: str
    mode: Mode
    theme: str
    use_library: bool
    limit: int
    uploads: Sequence[UploadedText] = ()
    wants_external: bool = False
    history: Sequence[Exchange] = ()

    def after(self, history: Sequence[Exchange]) -> "ReplyRequest":
        """The same request with the conversation before it."""
        return replace(self, history=tuple(history))

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "ReplyRequest":
        """What ``dataclasses.asdict`` made."""
        uploads = tuple(UploadedText(**upload) for upload in data["uploads"])
        history = tuple(Exchange(**exchange) for exchange in data["history"])
        return cls(**{**data, "uploads": uploads, "history": history})


@dataclass(frozen=True, slots=True)
class Reply:
    """A finished answer: its text with markers ``[n]``, and per marker the citation, as plain data."""

    text: str
    citations: list[dict[str, Any]] = field(default_factory=list)
    sources: list[dict[str, str]] = field(default_factory=list)
    suggestions: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


class Replier:
    """Answers from uploads first, then from the library."""

    def __init__(self, searcher: Searcher) -> None:
        self._searcher = searcher
        # Bounded and our own: a long upload is read here, never in the event loop.
        self._reading = ThreadPoolExecutor(2, thread_name_prefix="wenshu-reply")

    async def reply(self, scope: Scope, request: ReplyRequest, say: Say) -> Reply:
        """Answer, telling each piece as soon as it is known to stand."""
        uploaded = await self._read(request)
        said = answer(request.question, uploaded)
        if said.refusal is not None and request.use_library:
            said = answer(request.question, await self._find(scope, request.question, request.limit))
        text = tell(said, say) if said.refusal is None else said.refusal
        if said.refusal is not None:
            say(text)
        notices = [NO_EXTERNAL] if request.wants_external else []
        return Reply(text, citations_of(said), sources_of(said), [], notices)

    async def _read(self, request: ReplyRequest) -> list[Passage]:
        if not request.uploads:
            return []
        find = partial(find_in_texts, request.question, request.uploads, request.limit)
        return await asyncio.get_running_loop().run_in_executor(self._reading, find)

    async def _find(self, scope: Scope, question: str, limit: int) -> list[Passage]:
        documents = await self._searcher.search(scope, question, collection="DOC", limit=limit)
        pairs = await self._searcher.search(scope, question, collection="QA", limit=limit)
        return sorted(documents + pairs, key=lambda passage: -passage.score)[:limit]


def tell(said: Cited, say: Say) -> str:
    """Say each statement with its markers; the whole text."""
    pieces = marked(said.statements)
    for at, piece in enumerate(pieces):
        say(piece if at == 0 else said.joint + piece)
    return said.joint.join(pieces)


def citations_of(said: Cited) -> list[dict[str, Any]]:
    """For each marker its source, the whole passage, and every span of it that supports a statement."""
    spans: dict[str, list[dict[str, Any]]] = {}
    for statement in said.statements:
        for citation in statement.citations:
            span = {"start": citation.start, "end": citation.end, "quote": citation.quote}
            of_passage = spans.setdefault(citation.passage.key, [])
            if span not in of_passage:
                of_passage.append(span)
    return [
        {
            "marker": number,
            "kind": citation.passage.kind,
            "name": citation.passage.name,
            "url": citation.passage.url,
            "heading": citation.passage.heading,
            "page": citation.passage.page,
            **spans[citation.passage.key][0],
            "spans": spans[citation.passage.key],
            "text": citation.passage.text,
            "text_start": citation.passage.start,
        }
        for number, citation in enumerate(said.cited(), 1)
    ]


def sources_of(said: Cited) -> list[dict[str, str]]:
    """The documents and pairs behind the citations, each once, in the order of their markers."""
    named = dict.fromkeys((citation.passage.name, citation.passage.url) for citation in said.cited())
    return [{"name": name, "url": url} for name, url in named]
