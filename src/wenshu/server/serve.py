"""Serving: one socket, one process or several."""

import socket
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from wenshu.core.settings import Settings
from wenshu.server.compose import Misconfigured, check_supported, trusts
from wenshu.server.home import Home
from wenshu.server.prepare import own, prepare
from wenshu.server.process import base_url, run
from wenshu.server.workers import Workers
from wenshu.web.trust import is_loopback

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Welcome:
    """What whoever starts a server should know; ``first_password`` of the user ``admin``, where it was just made up."""

    url: str
    open_to_all: bool
    only_this_machine: bool
    first_password: str | None


Ready = Callable[[Welcome], None]
"""Told once calls are answered."""


def serve(settings: Settings, *, ready: Ready) -> None:
    """Serve until a signal asks to stop; ``ready`` is called once calls are answered.

    Raises Misconfigured and HomeInUse before anything is opened, and Misconfigured where a part does not start.
    """
    trusts(settings)
    check_supported(settings)
    home = Home(settings.home)
    own(home)
    try:
        prepare(settings, home)
        with _listen(settings) as bound:
            url = base_url(bound)

            def begun(first_password: str | None) -> None:
                home.announce(url)
                log.info("serving", url=url, home=str(home.path), workers=settings.server.workers)
                ready(Welcome(url, trusts(settings), is_loopback(settings.server.host), first_password))

            if settings.server.workers > 1:
                Workers(settings, home, bound).run(begun)
            else:
                run(settings, home, bound, begun)
        log.info("stopped")
    finally:
        home.release()


def _listen(settings: Settings) -> socket.socket:
    """The listening socket. Raises Misconfigured where the address cannot be had."""
    host, port = settings.server.host, settings.server.port
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise Misconfigured(
            f"无法监听 {host}:{port}（{error.strerror}）；可换端口：wenshu serve --port 8001。"
            f"Cannot listen on {host}:{port}."
        ) from error
