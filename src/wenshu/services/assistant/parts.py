"""What the assistant is built from; the composition root fills it in."""

from dataclasses import dataclass
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Depends
from starlette.requests import Request

from wenshu.core.database.engine import Database
from wenshu.core.database.processes import Presence
from wenshu.core.database.scope import EVERYTHING, Scope
from wenshu.core.documents.sandbox import ParserPool
from wenshu.core.fetch.fetcher import Fetcher
from wenshu.core.jobs.jobs import Jobs
from wenshu.core.settings import Settings
from wenshu.core.storage.files import Files
from wenshu.knowledge.ingest import Ingest
from wenshu.knowledge.reply import Replier
from wenshu.knowledge.search import Searcher
from wenshu.knowledge.sources import Sources
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
    sources: Sources
    running: RunningTurns
    process: Presence
    jobs: Jobs

    def beside(self, scope: Scope) -> Scope:
        """Where the id of a session must be new: everywhere, as it opens the session to callers without a token.

        Where every call has one, in its tenant: that somebody else's tenant has such an id is not to be learned.
        """
        return Scope(scope.tenant) if self.settings.auth.open_families == "token" else EVERYTHING

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the times on the wire."""
        return ZoneInfo(self.settings.time.zone)


async def _assistant(request: Request) -> Assistant:
    parts: Assistant = request.app.state.assistant
    return parts


Parts = Annotated[Assistant, Depends(_assistant)]
"""The assistant's parts, for a route."""
