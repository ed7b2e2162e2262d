"""What the HTTP kit itself needs of the composed server, found through ``app.state``."""

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network

from starlette.requests import Request

from wenshu.core.auth.audit import Audit
from wenshu.core.auth.authenticator import Authenticator
from wenshu.core.auth.kept import KeptAnswers
from wenshu.core.auth.limits import RateLimiter
from wenshu.core.settings import Settings
from wenshu.core.storage.files import Files
from wenshu.web.dialect import Dialect


@dataclass(frozen=True, slots=True)
class WebContext:
    """Set once by the composition root as ``app.state.web``."""

    settings: Settings
    authenticator: Authenticator
    kept: KeptAnswers
    audit: Audit
    limiter: RateLimiter
    files: Files
    dialect_for: Callable[[str], Dialect]
    """The path → dialect table."""
    open_to_all: bool
    """Whether a call without a token is trusted."""
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    """Whose ``X-Forwarded-For`` counts."""


def web_context(request: Request) -> WebContext:
    """The context of the server that took this request."""
    context: WebContext = request.app.state.web
    return context
