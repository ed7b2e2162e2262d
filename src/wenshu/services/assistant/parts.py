"""What the assistant is built from; the composition root fills it in."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from wenshu.core.database.engine import Database
from wenshu.core.documents.sandbox import ParserPool
from wenshu.core.fetch.fetcher import Fetcher
from wenshu.core.settings import Settings
from wenshu.core.storage.files import Files
from wenshu.knowledge.ingest import Ingest
from wenshu.knowledge.reply import Replier
from wenshu.knowledge.search import Searcher
from wenshu.services.assistant.chat.running import RunningTurns


@dataclass(frozen=True, slots=True)
class Assistant:
    """The parts that the verbs of library and chat work with."""

    settings: Settings
    database: Database
    files: Files
    fetcher: Fetcher
    parser: ParserPool
    ingest: Ingest
    searcher: Searcher
    replier: Replier
    running: RunningTurns


def _assistant(request: Request) -> Assistant:
    parts: Assistant = request.app.state.assistant
    return parts


Parts = Annotated[Assistant, Depends(_assistant)]
"""The assistant's parts, for a route."""
