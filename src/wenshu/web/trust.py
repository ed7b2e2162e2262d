"""The trusted network's guard: keeps web pages of other sites and strange proxies from speaking as a local caller."""

from collections.abc import Callable, Sequence
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from wenshu.kit.errors import Forbidden
from wenshu.web.dialect import Dialect, respond

_PROBES = {"/livez", "/readyz"}


class TrustGuard:
    """Refuses requests of a foreign Host or Origin, or through a proxy (DNS rebinding, cross-site posts)."""

    def __init__(
        self, app: ASGIApp, *, hosts: Sequence[str], origins: Sequence[str], dialect_for: Callable[[str], Dialect]
    ) -> None:
        self._app = app
        self._hosts = {host.lower() for host in hosts}
        self._origins = {origin.lower().rstrip("/") for origin in origins}
        self._dialect_for = dialect_for

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "http" and scope["path"] not in _PROBES:
            reason = self._objection(Headers(scope=scope))
            if reason:
                await respond(self._dialect_for(scope["path"]), Forbidden(reason))(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _objection(self, headers: Headers) -> str:
        if any(name == "forwarded" or name.startswith("x-forwarded-") for name in headers):
            return "请求经过代理转发，而服务器未以 --trust-network 启动"
        if not self._known(f"//{headers.get('host', '')}"):
            return "不允许的 Host"
        origin = headers.get("origin", "").lower()
        if origin and origin not in self._origins and not self._known(origin):
            return "不允许的 Origin"
        return ""

    def _known(self, address: str) -> bool:
        try:
            host = urlsplit(address).hostname or ""
        except ValueError:
            return False
        return host in self._hosts or is_loopback(host)


def is_loopback(host: str) -> bool:
    """Whether a host name or address names this machine only."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
