"""Replies: from a question, what it brings along and the library to an answer whose sentences have sources."""

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import pairwise
from typing import Any, Literal

from wenshu.core.database.scope import Scope
from wenshu.core.llm.port import ChatModel, Message
from wenshu.core.telemetry import metrics
from wenshu.kit import clock
from wenshu.knowledge.answer import NOTHING_MORE, Answer, answer, needs_more
from wenshu.knowledge.cite import Cited, Statement
from wenshu.knowledge.drafts import checked, ideas, script
from wenshu.knowledge.factbook import Known, Told
from wenshu.knowledge.followup import Turn, leans, rewrite
from wenshu.knowledge.growth import grows, year_before
from wenshu.knowledge.items import title_of
from wenshu.knowledge.material import facts, subject_of
from wenshu.knowledge.moments import moments
from wenshu.knowledge.nearest import nearest
from wenshu.knowledge.notes import Outside
from wenshu.knowledge.passage import Passage
from wenshu.knowledge.prompt import Mode
from wenshu.knowledge.question import Question, read
from wenshu.knowledge.reword import reword
from wenshu.knowledge.search import Searcher
from wenshu.knowledge.sources import Sources
from wenshu.knowledge.stated import beside, likeliest, matches, names_in, of_likely_tables, of_the_named
from wenshu.knowledge.suggest import suggest
from wenshu.knowledge.summary import may_want_summary, summarise, wants_summary
from wenshu.knowledge.telling import Telling, citations_of, sources_of, text_of
from wenshu.knowledge.thesaurus import Thesaurus
from wenshu.knowledge.tones import tone_of
from wenshu.knowledge.units import is_part
from wenshu.knowledge.uploads import UploadedText, find_in_texts, pages_of
from wenshu.knowledge.write import Writing, continued

_DRAFT_PIECES = 12
DOCUMENTS, PAIRS = 8, 3
"""How many passages of documents and how many pairs an answer is looked for in."""
STOPPED = "已停止"
OUTSIDE = "\n外部资源（小红书）中的相关内容："
_MOST_NOTES = 2
_LONGEST_ATTRIBUTE = 12
_MOST_TABLE_PIECES = 60
_OF_THE_YEAR_BEFORE = 3


@dataclass(frozen=True, slots=True)
class Exchange:
    """An earlier message of the conversation."""

    role: Literal["user", "assistant"]
    content: str
    searched: str = ""
    """Of an answer: the question that it answers, said so that it needs no conversation."""


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
    variant: int = 0
    """How many answers to this question there were before: a further one is to be another."""

    def after(self, history: Sequence[Exchange]) -> "ReplyRequest":
        """The same request with the conversation before it."""
        return replace(self, history=tuple(history))

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "ReplyRequest":
        """What ``dataclasses.asdict`` made; uploads and history may be left out."""
        uploads = tuple(UploadedText(**upload) for upload in data.get("uploads", ()))
        history = tuple(Exchange(**exchange) for exchange in data.get("history", ()))
        plain = {name: value for name, value in data.items() if name not in {"uploads", "history"}}
        return cls(**plain, uploads=uploads, history=history)


@dataclass(frozen=True, slots=True)
class Reply:
    """A finished answer: its text with markers ``[n]``, and per marker the citation, as plain data."""

    text: str
    citations: list[dict[str, Any]]
    sources: list[dict[str, str]]
    suggestions: list[str]
    notices: list[str]
    searched: str = ""
    """What was searched for: the question, made whole where it leaned on the conversation."""
    stopped: bool = False
    """Whether it ended because somebody asked for that."""
    nearest: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    """Where it refuses: the passages that come nearest (``knowledge.nearest``)."""

    @classmethod
    def of(cls, telling: Telling, suggestions: Sequence[str] = (), shown: Sequence[dict[str, Any]] = ()) -> "Reply":
        """What was told to its end."""
        return cls(*_said(telling), list(suggestions), telling.notices, telling.searched, nearest=list(shown))

    @classmethod
    def cut_short(cls, telling: Telling) -> "Reply":
        """What was told until a stop; it may be nothing."""
        return cls(*_said(telling), [], [*telling.notices, STOPPED], telling.searched, stopped=True)


def _refused(telling: Telling) -> bool:
    """Whether all that was told is that there is no answer; that there is no more of it is another case."""
    said = telling.said
    return isinstance(said, Answer) and said.refusal is not None and said.refusal != NOTHING_MORE


def _said(telling: Telling) -> tuple[str, list[dict[str, Any]], list[dict[str, str]]]:
    said = telling.said
    return ("", [], []) if said is None else (text_of(said), citations_of(said), sources_of(said))


class Replier:
    """Answers from uploads first, then the library, then outside notes; with a model where there is one, checked."""

    def __init__(
        self, searcher: Searcher, sources: Sources, model: ChatModel | None = None, outside: Outside | None = None
    ) -> None:
        self._searcher = searcher
        self._sources = sources
        self._model = model
        self._outside = outside or Outside()
        # Bounded and our own: a long upload is read here, never in the event loop.
        self._reading = ThreadPoolExecutor(2, thread_name_prefix="wenshu-reply")

    async def reply(self, scope: Scope, request: ReplyRequest, telling: Telling) -> Reply:
        """Answer, telling each piece as soon as it is known to stand; cancelled, ``telling`` holds what was said."""
        material = await self._gather(scope, request)
        telling.searched = material.question
        if request.wants_external:
            material.outside, notice = await self._outside.passages(material.question)
            telling.notices += [notice] if notice else []
        if not await self._write(request, material, telling):
            telling.tell(_composed(request, material))
        shown = nearest(read(material.question, material.thesaurus), material.all) if _refused(telling) else []
        return Reply.of(telling, await self._suggest(scope, request, material), shown)

    async def _gather(self, scope: Scope, request: ReplyRequest) -> "_Material":
        """What there is to the question; one that leans on the conversation is tried in each of its wordings."""
        if request.mode != "general":
            # How long and for whom a draft is to be stands in no material.
            return await self._material(scope, request, subject_of(request.question))
        if summary := await self._summary(scope, request):
            return summary
        turns = turns_of(request.history)
        wordings, more = rewrite(request.question, turns)
        if self._model and turns and not more and leans(request.question) == "surely":
            reworded = await reword(self._model, request.question, turns)
            wordings = (reworded, *wordings) if reworded else wordings
        if len(wordings) > 1:
            wordings = await self._stated_first(scope, wordings)
        told = "\n".join(turn.answer for turn in turns) if more else ""
        tried: list[_Material] = []
        for wording in wordings:
            material = await self._material(scope, request, wording)
            material.said = _extract(material, told)
            if material.said.refusal is None:
                return material
            tried.append(material)
        last = None if more else await self._of_the_last(scope, request, turns)
        return last or tried[0]

    async def _of_the_last(self, scope: Scope, request: ReplyRequest, turns: Sequence[Turn]) -> "_Material | None":
        """An attribute alone (起订多少), asked of the thing that was last asked about: where just that is stated."""
        if not turns or not request.use_library or len(request.question) > _LONGEST_ATTRIBUTE:
            return None
        before = turns[-1].asked
        known = await self._sources.book.about(scope, read(before).text, [])
        wordings = [f"{name}的{request.question}" for name in names_in(before, known)]
        for wording in await self._sure(scope, wordings):
            material = await self._material(scope, request, wording)
            material.said = _extract(material, "")
            if material.said.certain:
                return material
        return None

    async def _stated_first(self, scope: Scope, wordings: Sequence[str]) -> list[str]:
        """The wordings that the library states an answer to before the others: those are what was meant."""
        surely = await self._sure(scope, wordings)
        return [*surely, *(wording for wording in wordings if wording not in surely)]

    async def _sure(self, scope: Scope, wordings: Sequence[str]) -> list[str]:
        today, thesaurus = clock.now().date(), await self._searcher.synonyms.of(scope)
        surely: list[str] = []
        for wording in wordings:
            asked = read(wording, thesaurus)
            known = await self._sources.book.about(scope, asked.text, [])
            if any(match.is_sure for match in matches(asked, moments(asked.text, today), known)):
                surely.append(wording)
        return surely

    async def _summary(self, scope: Scope, request: ReplyRequest) -> "_Material | None":
        """The uploads, or the one document of the library that the question names, as a whole: if that is asked for."""
        run = asyncio.get_running_loop().run_in_executor
        if request.uploads:
            names = [name for upload in request.uploads for name in (upload.name, title_of(upload.name))]
            if not wants_summary(request.question, names):
                return None
            said, telling = await run(self._reading, lambda: summarise(pages_of(request.uploads)))
            return _Material(request.question, telling, [], said)
        if not request.use_library or not may_want_summary(request.question):
            return None
        for title in (await self._sources.named_in(scope, request.question))[:1]:
            if wants_summary(request.question, [title]):
                pages = await self._sources.pages(scope, title)
                said, telling = await run(self._reading, summarise, [pages])
                return _Material(request.question, [], telling, said)
        return None

    async def _material(self, scope: Scope, request: ReplyRequest, question: str) -> "_Material":
        thesaurus = await self._searcher.synonyms.of(scope)
        uploaded = await self._read(request, question, thesaurus)
        library = await self._search(scope, question, _pieces(request)) if request.use_library else []
        material = _Material(question, uploaded, library, thesaurus=thesaurus)
        asked = read(question, thesaurus)
        if request.mode != "general" and request.use_library:
            known = await self._sources.book.about(scope, asked.text, [])
            material.facts = await self._sources.book.told(scope, of_the_named(asked, known))
        elif request.use_library:
            material.known = await self._sources.book.about(scope, asked.text, library)
            wanted = likeliest(asked, material.known, clock.now().date())
            material.facts = await self._sources.book.told(scope, wanted)
            if needs_more(asked):
                material.tables = await self._tables(scope, asked, library, material.known)
        return material

    async def _tables(
        self, scope: Scope, asked: Question, passages: Sequence[Passage], known: Sequence[Known]
    ) -> list[Passage]:
        """The whole of the tables that the likeliest passages are parts of, or whose names the question names.

        With them what the year before has, where growth is asked for.
        """
        found: dict[str, Passage] = {}
        if earlier := year_before(asked) if grows(asked) else "":
            passages = [*passages, *await self._searcher.search(scope, earlier, limit=_OF_THE_YEAR_BEFORE)]
            found = {passage.key: passage for passage in passages if passage.kind == "doc" and not is_part(passage)}
        for passage in passages:
            if passage.key not in found and len(found) < _MOST_TABLE_PIECES:
                found |= {piece.key: piece for piece in await self._sources.table(scope, passage)}
        if len(found) < _MOST_TABLE_PIECES:
            also = await self._sources.book.tables(scope, of_likely_tables(asked, known))
            found = {piece.key: piece for piece in also} | found
        return list(found.values())

    async def _write(self, request: ReplyRequest, material: "_Material", telling: Telling) -> bool:
        """Tell what the model writes, checked sentence by sentence; False where nothing with a source came through.

        What has no source (``综上：``) waits for a sentence that has one, so that a text that comes to nothing was
        never begun. Where the model breaks off, what the material says itself stands behind what it wrote.
        """
        if not material.all or self._model is None:
            return False
        history = [Message(exchange.role, exchange.content) for exchange in request.history]
        writing = Writing(
            self._model,
            material.question if request.mode == "general" else request.question,
            material.all,
            history,
            mode=request.mode,
            theme=tone_of(request.theme)[1] or None,
            variant=request.variant,
        )
        async with aclosing(writing.__aiter__()) as statements:
            async for statement in statements:
                if statement.citations or telling.said:
                    telling.tell(writing.written)
        told, completed = telling.said is not None, False
        if writing.failure and told:
            whole = continued(writing.written, _composed(request, material))
            completed = len(whole.statements) > len(writing.kept)
            telling.tell(whole)
        elif told and request.mode != "general":
            telling.tell(checked(writing.written))
        telling.notices += writing.notices(told=told, completed=completed)
        telling.by_model = told
        _measure(writing, told=told)
        return told

    async def _suggest(self, scope: Scope, request: ReplyRequest, material: "_Material") -> list[str]:
        async def find(question: str) -> list[Passage]:
            return await self._search(scope, question, request.limit)

        facts = await self._sources.book.told(scope, beside(read(material.question), material.known))
        return await suggest(material.question, material.library, find, facts=facts)

    async def _read(self, request: ReplyRequest, question: str, thesaurus: Thesaurus) -> list[Passage]:
        if not request.uploads:
            return []
        find = partial(find_in_texts, question, request.uploads, _pieces(request), thesaurus=thesaurus)
        return await asyncio.get_running_loop().run_in_executor(self._reading, find)

    async def _search(self, scope: Scope, question: str, limit: int) -> list[Passage]:
        documents = await self._searcher.search(scope, question, collection="DOC", limit=max(limit, DOCUMENTS))
        pairs = await self._searcher.search(scope, question, collection="QA", limit=PAIRS)
        return sorted(documents + pairs, key=lambda passage: -passage.score)


@dataclass(slots=True)
class _Material:
    """A wording of the question, what was found for it, and in general mode what that says by itself."""

    question: str
    uploaded: list[Passage]
    library: list[Passage]
    said: Answer | None = None
    outside: list[Passage] = field(default_factory=list[Passage])
    tables: list[Passage] = field(default_factory=list[Passage])
    """All pieces of tables that the library's passages hold some of."""
    known: list[Known] = field(default_factory=list[Known])
    """What the library states of what the question names; below, what of it may answer, with its places."""
    facts: list[Told] = field(default_factory=list[Told])
    thesaurus: Thesaurus | None = None
    """The words that the scope's questions are read by."""

    @property
    def all(self) -> list[Passage]:
        """Everything, in the order in which it is used and cited."""
        return [*self.uploaded, *self.library, *self.outside]


def _measure(writing: Writing, *, told: bool) -> None:
    for verdict in writing.cut:
        metrics.CUT.labels(verdict.reason).inc()
    if writing.failure or not told:
        metrics.FALLBACKS.labels("unsupported" if not writing.failure else "broken_off" if told else "failed").inc()


def _composed(request: ReplyRequest, material: _Material) -> Cited:
    """Without a model: the sentences that answer, or a draft made of facts."""
    if request.mode != "general":
        make = ideas if request.mode == "idea_gen" else script
        known = material.facts
        return make(request.question, material.all, request.theme or None, variant=request.variant, known=known)
    said = material.said or _extract(material, "")
    outside = _from_outside(material)
    if not outside:
        return said
    own = said.statements if said.refusal is None else (Statement(said.refusal),)
    return Answer((*own, Statement(OUTSIDE), *outside), missing=said.missing)


def _from_outside(material: _Material) -> tuple[Statement, ...]:
    """What the notes answer, else what they say about it: whoever asks for them wants to see what there is."""
    question, notes = material.question, material.outside
    found = answer(question, notes, thesaurus=material.thesaurus)
    if found.refusal is None:
        return found.statements
    return tuple(fact.after("") for fact in facts(subject_of(question), notes, limit=_MOST_NOTES))


def turns_of(history: Sequence[Exchange]) -> list[Turn]:
    """The questions of a conversation with their answers, oldest first; one without an answer is left out."""
    return [
        Turn(answer.searched or question.content, answer.content)
        for question, answer in pairwise(history)
        if (question.role, answer.role) == ("user", "assistant")
    ]


def _extract(material: _Material, told: str) -> Answer:
    """The sentences that answer: of what the question brought along, else of the library."""
    today = clock.now().date()
    find = partial(answer, material.question, told=told, today=today, thesaurus=material.thesaurus)
    said = find(material.uploaded)
    if said.refusal is None or not (material.library or material.facts):
        return said
    return find(material.library, beyond=material.tables, facts=material.facts)


def _pieces(request: ReplyRequest) -> int:
    """A draft is made of more facts than an answer."""
    return request.limit if request.mode == "general" else max(request.limit, _DRAFT_PIECES)
