"""What forms are built from; the composition root fills it in."""

from dataclasses import dataclass
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Depends
from starlette.requests import Request

from wenshu.core.database.engine import Database
from wenshu.core.fetch.fetcher import Fetcher
from wenshu.core.jobs.jobs import Jobs
from wenshu.core.llm.port import ChatModel


@dataclass(frozen=True, slots=True)
class Forms:
    """The parts that the verbs of forms work with."""

    database: Database
    jobs: Jobs
    fetcher: Fetcher
    model: ChatModel | None
    zone: ZoneInfo
    """In which relative dates are read where the caller names none."""


def _forms(request: Request) -> Forms:
    parts: Forms = request.app.state.forms
    return parts


Parts = Annotated[Forms, Depends(_forms)]
"""The forms' parts, for a route."""
