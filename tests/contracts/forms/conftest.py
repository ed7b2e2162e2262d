"""One server for the folder, which may call this machine back."""

from collections.abc import Iterator

import httpx2 as httpx
import pytest

from contracts.accounts.people import People
from contracts.accounts.wire import PASSWORD, log_in
from serving import ServerProcess


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    process = ServerProcess(
        tmp_path_factory.mktemp("forms") / "home",
        WENSHU_ADMIN_PASSWORD=PASSWORD,
        WENSHU_FETCH_ALLOW_HOSTS='["127.0.0.1"]',
    )
    try:
        yield process.start()
    finally:
        process.stop()


@pytest.fixture(scope="session")
def client(server: ServerProcess) -> Iterator[httpx.Client]:
    """The first administrator."""
    with server.client() as opened:
        opened.headers.update(log_in(opened).headers)
        yield opened


@pytest.fixture
def people(server: ServerProcess) -> Iterator[People]:
    """Makes tenants, users and keys."""
    with server.client() as opened:
        yield People(opened, server.home)
