"""What the gateway is built from; the composition root fills it in."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Depends
from starlette.requests import Request

from wenshu.core.auth.audit import Audit
from wenshu.core.database.engine import Database
from wenshu.core.llm.port import Embedder
from wenshu.knowledge.reply import Replier
from wenshu.knowledge.search import Searcher
from wenshu.services.gateway.metering import Meter
from wenshu.services.gateway.models import Models
from wenshu.services.gateway.setups import Setups


@dataclass(frozen=True, slots=True)
class Gateway:
    """The parts that the gateway's verbs work with."""

    database: Database
    audit: Audit
    models: Models
    embedder: Embedder | None
    searcher: Searcher
    extracting: Replier
    """Answers without a model."""
    setups: Setups
    meter: Meter
    token_lifetime: timedelta
    pieces: int
    """How many pieces of the library an answer reads."""
    zone: ZoneInfo
    """Of the days of usage, and of times in answers."""


def _gateway(request: Request) -> Gateway:
    parts: Gateway = request.app.state.gateway
    return parts


Parts = Annotated[Gateway, Depends(_gateway)]
"""The gateway's parts, for a route."""
