"""One server for the folder that wants tokens, behind a proxy: each caller has an address of its own."""

from collections.abc import Iterator
from uuid import uuid4

import httpx2 as httpx
import pytest

from contracts.accounts.people import People
from contracts.accounts.wire import PASSWORD, Session, leaks, log_in
from serving import ServerProcess


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    process = ServerProcess(
        tmp_path_factory.mktemp("accounts") / "home",
        WENSHU_AUTH_OPEN_FAMILIES="token",
        WENSHU_ADMIN_PASSWORD=PASSWORD,
        WENSHU_SERVER_TRUSTED_PROXIES='["127.0.0.0/8"]',
    )
    try:
        yield process.start()
    finally:
        process.stop()
    # The whole log of all that the folder's tests have done.
    assert leaks(process.log) == []


@pytest.fixture
def client(server: ServerProcess) -> Iterator[httpx.Client]:
    """A caller from an address that nobody else has."""
    digits = uuid4().bytes
    with server.client(headers={"X-Forwarded-For": f"10.{digits[0]}.{digits[1]}.{digits[2]}"}) as opened:
        yield opened


@pytest.fixture
def people(client: httpx.Client, server: ServerProcess) -> People:
    """Makes tenants, users and keys."""
    return People(client, server.home)


@pytest.fixture
def session(client: httpx.Client) -> Session:
    """The first administrator, just logged in."""
    return log_in(client)


@pytest.fixture
def tag() -> str:
    """A word of its own for each test."""
    return uuid4().hex[:12]
