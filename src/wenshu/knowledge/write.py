"""Writing with a model, sentence by sentence: only what the passages support comes through."""

import re
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from wenshu.core.llm.errors import ModelUnavailable
from wenshu.core.llm.port import ChatModel, Message
from wenshu.knowledge.cite import Cited, Statement
from wenshu.knowledge.ground import Verdict, check
from wenshu.knowledge.injection import addresses_a_model, disarmed, speakers
from wenshu.knowledge.markup import visible
from wenshu.knowledge.passage import Passage
from wenshu.knowledge.prompt import Mode, messages, recites
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
        variant: int = 0,
    ) -> None:
        self._model = model
        # What gives a model orders is neither shown to it nor counted as support.
        self._passages = [disarmed(passage) for passage in passages]
        self._whole = {passage.key: passage for passage in passages}
        self._creative = mode != "general"
        # A further answer to the same question is to be another one.
        self._temperature = 0.2 if variant == 0 else 0.7
        self._messages = messages(question, self._passages, history, mode=mode, theme=theme)
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
        stream = self._model.stream(self._messages, temperature=self._temperature, max_tokens=_MOST_TOKENS)
        pieces = _sentences(stream)
        try:
            async with aclosing(pieces):
                async for sentence in pieces:
                    verdict = self._judged(visible(sentence))
                    if not verdict.supported:
                        self.cut.append(verdict)
                    elif not self._repeats(verdict.statement):
                        self.kept.append(verdict.statement)
                        yield verdict.statement
        except ModelUnavailable as error:
            self.failure = error.message

    def notices(self, *, told: bool, completed: bool = False) -> list[str]:
        """What a reader should know of the writing.

        ``told`` is whether anything of it was said, ``completed`` whether the material went on where it broke off.
        """
        said: list[str] = []
        if self.failure and told:
            said.append("模型未写完，其后为素材原文" if completed else "模型未写完，回答不完整")
        elif self.failure:
            said.append(f"模型中途失败（{self.failure}），以下为素材原句")
        if self.cut:
            rest = "" if told else "，以下为素材原句"
            said.append(f"已删去模型的 {len(self.cut)} 句没有材料依据的内容{rest}")
        if names := speakers(list(self._whole.values())):
            said.append(f"素材“{'”“'.join(names)}”中含有指示模型的文字，只当作资料对待")
        return said

    def _judged(self, sentence: str) -> Verdict:
        if recites(sentence):
            return Verdict(supported=False, statement=Statement(sentence), reason="rules")
        if addresses_a_model(sentence):
            return Verdict(supported=False, statement=Statement(sentence), reason="orders")
        verdict = check(sentence, self._passages, creative=self._creative)
        whole = tuple(replace(one, passage=self._whole[one.passage.key]) for one in verdict.statement.citations)
        return replace(verdict, statement=Statement(verdict.statement.text, whole))

    def _repeats(self, statement: Statement) -> bool:
        """Whether just this was said before; short pieces of form may come again."""
        return len(statement.text) >= _LEAST_REPEATED and any(statement.text == kept.text for kept in self.kept)


def continued(begun: Written, said: Cited) -> Written:
    """What a model began, and behind it what the material says itself, as far as it adds anything."""
    stood = {(citation.passage.key, citation.start) for one in begun.statements for citation in one.citations}
    more = [one for one in said.statements if any((c.passage.key, c.start) not in stood for c in one.citations)]
    if not more:
        return begun
    lines = [Statement(f"{said.joint}{one.text}", one.citations) for one in more]
    return Written((*begun.statements, Statement(CONTINUED), *lines))


CONTINUED = "\n\n（模型未写完，以下为素材原文）"
_MOST_TOKENS = 2_000
_LEAST_REPEATED = 8
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
