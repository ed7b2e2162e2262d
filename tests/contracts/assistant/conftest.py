"""One server for the folder, and a loopback web server that holds the documents it is told to fetch."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import httpx2 as httpx
import pytest

from contracts.assistant.material import Material
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
    """Nothing is stored by what runs inside: no row of any table, no object."""
    before = stored(server.home)
    yield
    assert stored(server.home) == before


def stored(home: Path) -> dict[str, object]:
    """All rows of the data folder by table, and the names of its objects."""
    with closing(sqlite3.connect(f"file:{home / 'wenshu.sqlite3'}?mode=ro", uri=True)) as database:
        named = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'passage_terms%'"
        tables = [name for (name,) in database.execute(named)]
        rows = {name: sorted(map(repr, database.execute(f'SELECT * FROM "{name}"'))) for name in tables}  # noqa: S608 (the database's own table names)
    return {**rows, "objects": sorted(path.name for path in (home / "objects").iterdir())}
