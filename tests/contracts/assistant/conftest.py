"""One server for the folder, and a loopback web server that holds the documents it is told to fetch."""

import json
from collections.abc import Iterator
from uuid import uuid4

import httpx2 as httpx
import pytest

from contracts.assistant.material import Material
from contracts.assistant.servers import BULK_BYTES, CALLS, FILE_BYTES, FILES, JSON_BYTES, nothing_stored
from serving import ServerProcess


@pytest.fixture(scope="session")
def material() -> Iterator[Material]:
    """The web server that the operator allowed."""
    with Material() as served:
        yield served


@pytest.fixture(scope="session")
def forbidden() -> Iterator[Material]:
    """A web server on this machine that nobody allowed: whatever it is asked is a finding."""
    with Material() as served:
        yield served


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, material: Material) -> Iterator[ServerProcess]:
    process = ServerProcess(
        tmp_path_factory.mktemp("assistant") / "home", WENSHU_FETCH_ALLOW_HOSTS=json.dumps([material.address])
    )
    try:
        yield process.start()
    finally:
        process.stop()


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server with small limits, known to the world by another name than it listens on."""
    process = ServerProcess(
        tmp_path_factory.mktemp("small") / "home",
        WENSHU_SERVER_MAX_JSON_BYTES=str(JSON_BYTES),
        WENSHU_SERVER_MAX_BULK_JSON_BYTES=str(BULK_BYTES),
        WENSHU_SERVER_MAX_FILE_BYTES=str(FILE_BYTES),
        WENSHU_SERVER_MAX_FILES=str(FILES),
        WENSHU_RATE_LIMIT=f"{CALLS}/hour",
        WENSHU_SERVER_PUBLIC_URL="https://wenshu.example.com/base",
        WENSHU_SERVER_PUBLIC_HOSTS=json.dumps(["other.example.com"]),
    )
    try:
        yield process.start()
    finally:
        process.stop()


@pytest.fixture(scope="session")
def narrow(small: ServerProcess) -> Iterator[httpx.Client]:
    with small.client() as opened:
        yield opened


@pytest.fixture(scope="session")
def client(server: ServerProcess) -> Iterator[httpx.Client]:
    with server.client() as opened:
        yield opened


@pytest.fixture(scope="session")
def routes(client: httpx.Client) -> list[str]:
    """Every ``METHOD /path`` of the running application, as it describes itself."""
    paths = client.get("/openapi.json").json()["paths"]
    return sorted(f"{method.upper()} {path}" for path, methods in paths.items() for method in methods)


@pytest.fixture
def tag() -> str:
    """A word of its own for each test: tenants, users and names made of it meet nobody else's."""
    return uuid4().hex[:12]


@pytest.fixture
def untouched(server: ServerProcess) -> Iterator[None]:
    """Nothing is stored by what runs inside."""
    with nothing_stored(server.home):
        yield
