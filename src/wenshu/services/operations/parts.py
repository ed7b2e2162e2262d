"""What operations is built from; the composition root fills it in."""

from dataclasses import dataclass
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Depends
from starlette.requests import Request

from wenshu.core.auth.audit import Audit
from wenshu.core.auth.revoked import Revocations
from wenshu.core.database.engine import Database
from wenshu.core.jobs.jobs import Jobs
from wenshu.core.jobs.rules import Rules
from wenshu.core.storage.files import Files
from wenshu.knowledge.catalog import Catalog
from wenshu.services.operations.holdings import Holdings


@dataclass(frozen=True, slots=True)
class Operations:
    """The parts that its verbs work with; ``zone`` is that of the times on the wire."""

    database: Database
    jobs: Jobs
    rules: Rules
    audit: Audit
    revocations: Revocations
    catalog: Catalog
    files: Files
    holdings: Holdings
    zone: ZoneInfo


def _operations(request: Request) -> Operations:
    parts: Operations = request.app.state.operations
    return parts


Parts = Annotated[Operations, Depends(_operations)]
"""The parts of operations, for a route."""
