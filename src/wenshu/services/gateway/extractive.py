"""``wenshu-extractive``: sentences of the conversation and of the library that answer, where there is no model.

It says what it is where it has nothing to say, and never writes a sentence of its own.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from wenshu.core.database.scope import Scope
from wenshu.core.llm.port import Piece, Relay
from wenshu.kit.errors import InvalidInput
from wenshu.knowledge.answer import Answer
from wenshu.knowledge.cite import Cited, Statement
from wenshu.knowledge.reply import Exchange, Replier, ReplyRequest
from wenshu.knowledge.telling import Telling
from wenshu.knowledge.uploads import UploadedText
from wenshu.services.gateway.asks import Ask, ChatMessage, text_of
from wenshu.services.gateway.models import EXTRACTIVE

WHAT_IT_IS = (
    "（我是文枢的摘取式问答 wenshu-extractive，不是大模型：只从对话与素材库中摘取能回答问题的原句。"
    "I am wenshu-extractive, not a language model: I only quote sentences of the conversation and the library.）"
)
_LONG, _SHORT = 200, 100
_EARLIER = 6


@dataclass(frozen=True, slots=True)
class Source:
    """A document or pair of the library behind an answer, by the number that the text names it with."""

    index: int
    url: str
    title: str


class Extractive(Relay):
    """One call's; ``sources`` is filled in by the time the first piece is out."""

    def __init__(self, replier: Replier, scope: Scope, ask: Ask, pieces: int) -> None:
        self._replier = replier
        self._scope = scope
        self._ask = ask
        self._pieces = pieces
        self.sources: list[Source] = []

    @property
    def name(self) -> str:
        """See ``port.Relay.name``."""
        return EXTRACTIVE

    async def ask(self, request: Mapping[str, Any]) -> AsyncGenerator[Piece]:
        """See ``port.Relay.ask``. Raises InvalidInput for an answer in a shape that only a model could give."""
        wanted: dict[str, Any] = request.get("response_format") or {}
        shape = wanted.get("type")
        if shape == "json_schema":
            raise InvalidInput(f"{EXTRACTIVE} 不支持 json_schema，请配置大模型", field="response_format")
        pieces: list[str] = []
        telling = Telling(pieces.append)  # what was told stands in ``said``, too, with its citations
        await self._replier.reply(self._scope, _request(self._ask, self._pieces), telling)
        said = telling.said
        texts = [WHAT_IT_IS] if said is None else self._texts(said)
        if shape == "json_object":
            sources = [{"name": source.title, "url": source.url} for source in self.sources]
            texts = [orjson.dumps({"answer": "".join(texts), "sources": sources, "model": EXTRACTIVE}).decode()]
        for text in texts:
            yield Piece(text=text)
        yield Piece(finish="stop")

    async def close(self) -> None:
        """Nothing is open."""

    def _texts(self, said: Cited) -> list[str]:
        """Statement by statement, each after what joins it to the one before."""
        if isinstance(said, Answer) and said.refusal is not None:
            return [said.refusal, f"\n{WHAT_IT_IS}"]
        numbers = self._numbered(said.statements)
        marked = [_marked(one, numbers) if self._ask.marks else one.text for one in said.statements]
        return [text if at == 0 else said.joint + text for at, text in enumerate(marked)]

    def _numbered(self, statements: Sequence[Statement]) -> dict[str, int]:
        """The library's passages, by key: the conversation is no source."""
        numbers: dict[str, int] = {}
        for citation in (citation for one in statements for citation in one.citations):
            passage = citation.passage
            if passage.kind in {"doc", "qa"} and passage.key not in numbers:
                numbers[passage.key] = len(numbers) + 1
                self.sources.append(Source(numbers[passage.key], passage.url, passage.name))
        return numbers


def _marked(statement: Statement, numbers: Mapping[str, int]) -> str:
    """The statement with its marks before the blanks that end it, or in a table row's last cell."""
    used = dict.fromkeys(numbers[one.passage.key] for one in statement.citations if one.passage.key in numbers)
    marks = "".join(f"^[{number}]^" for number in used)
    body = statement.text.rstrip()
    blanks = statement.text[len(body) :]
    if marks and body.startswith("|") and body.endswith("|"):
        return f"{body[:-1].rstrip()}{marks} |{blanks}"
    return f"{body}{marks}{blanks}"


def _request(ask: Ask, pieces: int) -> ReplyRequest:
    *earlier, last = ask.messages
    question, beside = _parted(text_of(last))
    told = [text_of(message) for message in earlier if message.get("role") in {"system", "user", "tool"}]
    texts = [text for text in (*told, beside) if text.strip()]
    return ReplyRequest(
        question=question,
        mode="general",
        theme="",
        use_library=ask.searches,
        limit=pieces,
        uploads=[UploadedText("对话", "", "\n\n".join(texts))] if texts else [],
        history=_history(earlier),
    )


def _parted(text: str) -> tuple[str, str]:
    """The question in a message, and the material that it brings along: long ones begin or end with what is asked."""
    lines = [line for line in text.splitlines() if line.strip()]
    if len(text) <= _LONG or len(lines) < 2:
        return text, ""
    if len(lines[0]) <= _SHORT:
        return _asked(lines[0]), "\n".join(lines[1:])
    if len(lines[-1]) <= _SHORT:
        return _asked(lines[-1]), "\n".join(lines[:-1])
    return text, ""


def _asked(line: str) -> str:
    """What is asked in a line that says first what to do: 请根据下文回答：保修期多长？ asks 保修期多长？."""
    before, _, after = line.rpartition("：")
    return after.strip() or before or line


def _history(earlier: Sequence[ChatMessage]) -> list[Exchange]:
    exchanges: list[Exchange] = []
    for message in earlier[-_EARLIER:]:
        role = message.get("role")
        if role == "user":
            exchanges.append(Exchange("user", text_of(message)))
        elif role == "assistant":
            exchanges.append(Exchange("assistant", text_of(message)))
    return exchanges
