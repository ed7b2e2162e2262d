"""Writing with a model, sentence by sentence: only what the passages support comes through."""

import re
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from wenshu.core.llm.errors import ModelUnavailable
from wenshu.core.llm.port import ChatModel, Message
from wenshu.knowledge.cite import Cited, Statement
from wenshu.knowledge.ground import Verdict, check
from wenshu.knowledge.passage import Passage
from wenshu.knowledge.prompt import Mode, messages
from wenshu.zh.sentences import split


@dataclass(frozen=True)
class Written(Cited):
    """A finished text; its statements keep their own line ends."""

    statements: tuple[Statement, ...] = ()
    joint = ""


class Writing:
    """A grounded text as a model writes it: iterate once over its statements, then read what became of it.

    Each statement is yielded as soon as its sentence is complete and has passed ``ground.check``. A model that fails
    does not raise here: ``failure`` says so in Chinese. The iterator must be closed when it is left early
    (``contextlib.aclosing``), so that the model's work is cancelled.
    """

    def __init__(
        self,
        model: ChatModel,
        question: str,
        passages: Sequence[Passage],
        history: Sequence[Message] = (),
        *,
        mode: Mode = "general",
        theme: str | None = None,
    ) -> None:
        self._model = model
        self._passages = passages
        self._creative = mode != "general"
        self._messages = messages(question, passages, history, mode=mode, theme=theme)
        self.kept: list[Statement] = []
        """What was yielded."""
        self.cut: list[Verdict] = []
        """The sentences that were not, with the reason."""
        self.failure: str | None = None
        """Why the model stopped before its end, or None."""

    @property
    def fell_through(self) -> bool:
        """Whether nothing with a source came through: then answer extractively (``answer.answer``, ``drafts``)."""
        return not any(statement.citations for statement in self.kept)

    @property
    def written(self) -> Written:
        """What was yielded, as one cited text: ``marked`` statements joined by nothing."""
        return Written(tuple(self.kept))

    async def __aiter__(self) -> AsyncGenerator[Statement]:
        pieces = _sentences(self._model.stream(self._messages, temperature=0.2, max_tokens=_MOST_TOKENS))
        try:
            async with aclosing(pieces):
                async for sentence in pieces:
                    verdict = check(sentence, self._passages, creative=self._creative)
                    if not verdict.supported:
                        self.cut.append(verdict)
                        continue
                    self.kept.append(verdict.statement)
                    yield verdict.statement
        except ModelUnavailable as error:
            self.failure = error.message


_MOST_TOKENS = 2_000
_MOST_CHARACTERS = 20_000
_LONGEST_SENTENCE = 2_000
_MARKER_AHEAD = re.compile(r"(?:\s*[\[［【][\d\s,，、]{0,12}[\]］】])+")
_MAYBE_MARKER = re.compile(r"\s*(?:[\[［【][\d\s,，、]{0,12})?")


async def _sentences(stream: AsyncIterator[str]) -> AsyncGenerator[str]:
    """Cut a stream into sentences, each with the markers that follow its full stop; at most 20,000 characters."""
    waiting = ""
    taken = 0
    try:
        async for piece in stream:
            waiting += piece
            taken += len(piece)
            ready, waiting = _complete(waiting)
            for sentence in ready:
                yield sentence
            if taken > _MOST_CHARACTERS:
                break
    finally:
        if isinstance(stream, AsyncGenerator):
            await stream.aclose()
    for sentence in _with_markers(waiting):
        yield sentence


def _complete(text: str) -> tuple[list[str], str]:
    """Part ``text`` into the sentences that nothing to come can change, and the rest."""
    parts = _with_markers(text)
    if not parts:
        return [], text
    if len(parts[-1]) > _LONGEST_SENTENCE:
        return parts, ""
    if len(parts) > 1 and _MAYBE_MARKER.fullmatch(parts[-1]):  # the last may yet be the marker of the one before
        return parts[:-2], parts[-2] + parts[-1]
    return parts[:-1], parts[-1]


def _with_markers(text: str) -> list[str]:
    parts: list[str] = []
    for start, end in split(text):
        part = text[start:end]
        marker = _MARKER_AHEAD.match(part) if parts else None
        if marker:
            parts[-1] += marker.group()
            part = part[marker.end() :]
        if part.strip() or not parts:
            parts.append(part)
        elif part:
            parts[-1] += part
    return parts
