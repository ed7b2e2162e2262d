"""What a request leaves in the audit log: who, from where, on what; and the entry of calls whose verbs write none."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog
from starlette.requests import Request

from wenshu.core.auth.audit import Audit, Entry, Outcome
from wenshu.core.auth.principal import Principal
from wenshu.core.database.scope import Scope
from wenshu.web.address import client_address

log = structlog.get_logger()
_MOST_NAMES = 20
_UNTRIED = {400, 413, 415, 422, 429}
"""What is refused with these has come to nothing, whoever asked."""


@dataclass(slots=True)
class Trail:
    """One request's. ``recorded``: a verb has written its own entry."""

    actor: str
    address: str
    trace_id: str
    scope: Scope = field(default_factory=Scope)
    names: list[str] = field(default_factory=list[str])
    counts: dict[str, int] = field(default_factory=dict[str, int])
    recorded: bool = False

    def about(self, *names: str, **counts: int) -> None:
        """What the call is about: names of documents or files, and how many of what has no name."""
        self.names.extend(names)
        self.counts.update(counts)

    def entry(self, action: str, scope: Scope, target: str = "", **details: object) -> Entry:
        """An entry for a verb that writes it itself, in the transaction of what it does; ``details`` are JSON."""
        self.recorded = True
        return Entry(scope, self.actor, action, target, trace_id=self.trace_id, address=self.address, details=details)

    async def close(self, audit: Audit, request: Request, template: str, status: int) -> None:
        """Write the entry of a call that ended with this status, unless a verb has, or nothing was tried."""
        if status in _UNTRIED or (self.recorded and status < 400):
            return
        outcome: Outcome = "ok" if status < 400 else "denied" if status == 403 else "failed"
        details: dict[str, Any] = {**self.counts}
        if self.names:
            details["names"] = self.names[:_MOST_NAMES]
            details["count"] = len(self.names)
        await audit.write(
            Entry(
                scope=self.scope,
                actor=self.actor,
                action=f"{request.method} {template}",
                target=_target(request.path_params),
                outcome=outcome,
                status=status,
                trace_id=self.trace_id,
                address=self.address,
                details=details,
            )
        )


def trail_of(request: Request, principal: Principal | None = None) -> Trail:
    """The request's trail; its scope is the token's own, as far as it has one, until a call names another."""
    trace_id = str(structlog.contextvars.get_contextvars().get("trace_id", ""))
    scope = Scope() if principal is None or principal.tenant is None else Scope(principal.tenant, principal.org)
    return Trail("anonymous" if principal is None else principal.name, client_address(request), trace_id, scope)


def _target(parameters: Mapping[str, Any]) -> str:
    """``session_id=… message_id=…``, cleaned of what does not print."""
    text = " ".join(f"{name}={value}" for name, value in parameters.items())
    return "".join(char for char in text if char.isprintable())
