"""Answering: from what is asked to the pieces of an answer, whoever gives it, within the tenant's budget and words."""

import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from wenshu.core.database.scope import Scope
from wenshu.core.llm import failover
from wenshu.core.llm.errors import ModelUnavailable
from wenshu.core.llm.failover import Begun, Breaker, Guarded
from wenshu.core.llm.port import Piece, Usage
from wenshu.kit import clock
from wenshu.kit.errors import InvalidInput, WenshuError
from wenshu.services.gateway.asks import Ask, ChatMessage, text_of
from wenshu.services.gateway.dialect import status_of
from wenshu.services.gateway.extractive import Extractive, Source
from wenshu.services.gateway.metering import Metered
from wenshu.services.gateway.models import EXTRACTIVE
from wenshu.services.gateway.parts import Gateway
from wenshu.services.gateway.setups import Setup
from wenshu.services.gateway.stops import Stops
from wenshu.services.gateway.tokens import cut, tokens
from wenshu.services.gateway.words import Masking, Words
from wenshu.web.caller import Caller

UNSAFE = "输入内容含有不允许的词语，无法回答。The input holds words that are not allowed."
_CLOSED_REQUEST = 499
"""The status under which a call is metered whose caller went away."""


@dataclass(slots=True)
class Bill:
    """Whom a call is charged to, and what it came to so far."""

    gateway: Gateway
    scope: Scope
    caller: str
    path: str
    asked_model: str
    trace_id: str
    model: str = ""
    prompt: int = 0
    completion: int = 0
    began: float = field(default_factory=time.monotonic)
    settled: bool = False

    def settle(self, status: int) -> None:
        """Note the call, once."""
        if self.settled:
            return
        self.settled = True
        spent = round((time.monotonic() - self.began) * 1000)
        sums = self.prompt, self.completion, spent, self.trace_id
        who = self.caller, self.path[:255], self.asked_model[:128], self.model[:128] or "-"
        self.gateway.meter.note(Metered(self.scope, clock.now(), *who, status, *sums))


def bill(parts: Gateway, caller: Caller, path: str, model: str) -> Bill:
    """A bill for the caller's own scope; counts against their rate. Raises RateLimited."""
    scope = caller.scope(None, None)
    return Bill(parts, scope, caller.principal.name, path, model, caller.trail.trace_id)


class Answering:
    """One answer under way, from its first piece on; ``close`` it."""

    def __init__(self, bill: Bill, ask: Ask, words: Words, begun: Begun | None, extractive: Extractive | None) -> None:
        self.bill = bill
        self.finish = ""
        """OpenAI's reason, empty before the end."""
        self.unsafe_round: int | None = None
        """Which round of the conversation is not to be answered: from 1, -1 for the last one."""
        self._ask = ask
        self._begun = begun
        self._extractive = extractive
        self._masking = None if words.is_empty else Masking(words)
        self._stops = Stops(ask.stops, shown=ask.shows_stop)
        self._told: Usage | None = None

    @property
    def model(self) -> str:
        """Who answers."""
        return self.bill.model

    @property
    def sources(self) -> Sequence[Source]:
        """What of the library is behind the answer."""
        return () if self._extractive is None else self._extractive.sources

    @property
    def stop_hit(self) -> bool:
        """Whether the answer ended at a stop word."""
        return self._stops.hit

    async def pieces(self) -> AsyncGenerator[Piece]:
        """The answer; its last piece has the reason of its end. Raises ModelUnavailable where it breaks off."""
        if self.unsafe_round is not None:
            yield self._counted(Piece(text=UNSAFE))
            yield self._ended("content_filter")
            return
        if self._begun is None:
            raise ModelUnavailable("resting")
        finish = ""
        async with aclosing(self._begun.pieces) as pieces:
            async for piece in pieces:
                if piece.usage is not None:
                    self._told = piece.usage
                finish = piece.finish or finish
                text = self._passed(piece.text) if piece.text else ""
                if text or piece.calls or piece.reasoning:
                    yield self._counted(Piece(text=text, reasoning=piece.reasoning, calls=piece.calls))
                if self._stops.hit or finish == "length":
                    break
        if rest := self._rest():
            yield self._counted(Piece(text=rest))
        yield self._ended(finish)

    async def close(self, status: int | None = None) -> None:
        """End it, the upstream's work too, and settle the bill; ``status`` where it did not come to its end."""
        if self._begun is not None:
            await self._begun.close()
        self.bill.settle(status or (200 if self.finish else _CLOSED_REQUEST))

    def _passed(self, text: str) -> str:
        if self._extractive is not None and self._ask.most_tokens is not None:
            text = cut(text, self._ask.most_tokens - self.bill.completion)
        text = self._stops.feed(text)
        return text if self._masking is None else self._masking.feed(text)

    def _rest(self) -> str:
        text = "" if self._stops.hit else self._stops.end()
        return text if self._masking is None else self._masking.feed(text) + self._masking.end()

    def _counted(self, piece: Piece) -> Piece:
        said = piece.text + piece.reasoning + "".join(call.name + call.arguments for call in piece.calls)
        self.bill.completion += tokens(said)
        return piece

    def _ended(self, finish: str) -> Piece:
        most = self._ask.most_tokens
        if self._masking is not None and self._masking.hit:
            finish = "content_filter"
        elif self._stops.hit:
            finish = "stop"
        elif self._extractive is not None and most is not None and self.bill.completion >= most:
            finish = "length"
        self.finish = finish or "stop"
        if self._told is not None:
            self.bill.prompt, self.bill.completion = self._told.prompt, self._told.completion
        return Piece(finish=self.finish, usage=Usage(self.bill.prompt, self.bill.completion))


async def begin(parts: Gateway, bill: Bill, ask: Ask) -> Answering:
    """The answer once it has begun: what fails before fails here, and is on the bill.

    Raises OverBudget, NotFound for a model, ModelUnavailable, InvalidInput where the model refuses the request.
    """
    try:
        return await _begun(parts, bill, ask)
    except WenshuError as error:
        bill.settle(status_of(error))
        raise


async def _begun(parts: Gateway, bill: Bill, ask: Ask) -> Answering:
    setup = await parts.setups.of(bill.scope.tenant)
    await parts.meter.admit(bill.scope, setup)
    names = parts.models.meant(setup, ask.model, otherwise_default=ask.otherwise_default)
    bill.prompt = sum(tokens(text_of(message)) for message in ask.messages)
    unsafe = unsafe_round(setup, ask.messages)
    if unsafe is not None:
        bill.model = names[0]
        refused = Answering(bill, ask, Words(()), None, None)
        refused.unsafe_round = unsafe
        return refused
    extractive = Extractive(parts.extracting, bill.scope, ask, parts.pieces) if EXTRACTIVE in names else None
    guarded = [
        Guarded(extractive, Breaker()) if extractive is not None and name == EXTRACTIVE else parts.models.guarded[name]
        for name in names
    ]
    try:
        begun = await failover.begin(guarded, {**ask.options, "messages": ask.messages})
    except ModelUnavailable as error:
        if error.status in {400, 413, 422}:
            raise InvalidInput(f"模型服务不接受这个请求（HTTP {error.status}）") from error
        raise
    bill.model = begun.model
    answers = extractive if begun.model == EXTRACTIVE else None
    return Answering(bill, ask, setup.words, begun, answers)


def unsafe_round(setup: Setup, messages: Sequence[ChatMessage]) -> int | None:
    """Which round holds a word that the tenant does not allow: -1 for the last, else the first one, from 1."""
    if setup.words.is_empty:
        return None
    said = [message for message in messages if message.get("role") in {"user", "tool", "function"}]
    if said and setup.words.found_in(text_of(said[-1])):
        return -1
    rounds = (number for number, message in enumerate(said[:-1], 1) if setup.words.found_in(text_of(message)))
    return next(rounds, None)
