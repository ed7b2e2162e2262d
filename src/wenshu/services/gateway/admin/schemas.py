"""Wire models of the gateway's administration."""

from typing import Annotated

from pydantic import Field

from wenshu.web.coded import Wire
from wenshu.web.scalars import Whole

ModelName = Annotated[str, Field(min_length=1, max_length=128)]
Word = Annotated[str, Field(min_length=1, max_length=64)]
Tokens = Annotated[Whole | None, Field(ge=0, le=2**53)]


class Targets(Wire):
    """Models of the server that an alias means, tried in turn."""

    models: Annotated[list[ModelName], Field(min_length=1, max_length=8)]


class Alias(Wire):
    """An alias of the tenant."""

    alias: str
    models: list[str]


class Aliases(Wire):
    """The tenant's aliases, and the server's models that they can mean."""

    aliases: list[Alias]
    models: list[str]


class WordLists(Wire):
    """What may not be said, and what may all the same: a blocked word inside an allowed one is none."""

    blocked: Annotated[list[Word], Field(max_length=50_000)]
    allowed: Annotated[list[Word], Field(max_length=50_000)] = Field(default_factory=list[str])


class Budget(Wire):
    """Tokens that the tenant may use in a day and in a month; null: as many as it likes."""

    day_tokens: Tokens = None
    month_tokens: Tokens = None


class UsageOfDay(Wire):
    """What one caller has used of one model on one day."""

    day: str
    caller: str
    model: str
    calls: int
    failures: int
    prompt_tokens: int
    completion_tokens: int


class CallNote(Wire):
    """One call: who called what, when, and what it came to."""

    time: str
    caller: str
    path: str
    asked_model: str
    model: str
    status: int
    prompt_tokens: int
    completion_tokens: int
    milliseconds: int
    trace_id: str
