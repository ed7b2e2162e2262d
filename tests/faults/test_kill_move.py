"""SIGKILL amid ``wenshu move``: what was copied stays, the same command goes on, and the home is as it was."""

import asyncio
import os
import signal
import subprocess

import psycopg
import pytest
from sqlalchemy import insert

from everything import fill, value
from serving import BIN, ServerProcess, eventually
from wenshu.core.database.engine import Database, sqlite_url
from wenshu.core.database.schema import metadata
from wenshu.core.database.scope import EVERYTHING
from wenshu.server.home import Home

DOCUMENTS = 3000


@pytest.fixture
def home(tmp_path):
    """A home with rows in every table, and enough documents to be killed among."""
    made = Home(tmp_path / "home")
    made.path.mkdir()
    asyncio.run(_fill(made))
    return made


async def _fill(home):
    database = Database(sqlite_url(home.database))
    await database.migrate()
    await fill(database, 10)
    table = metadata.tables["documents"]
    rows = [
        {column.name: value(table, column, number) for column in table.columns} | {"text": "文" * 4000}
        for number in range(10, DOCUMENTS)
    ]
    async with database.write(EVERYTHING) as tx:
        await tx.run(insert(table), rows)
    await database.close()


class Move:
    """The command, in a process of its own."""

    def __init__(self, home, url):
        self.url = url
        self.process = subprocess.Popen(
            [BIN, "move", "--home", home.path, "--database", url],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=ServerProcess(home.path).environment(),
        )

    def noted(self, name: str) -> int:
        """How many rows of a table the target has noted as copied."""
        with psycopg.connect(self.url) as connection:
            try:
                found = connection.execute("SELECT value FROM wenshu_move WHERE name = %s", [name]).fetchone()
            except psycopg.errors.UndefinedTable:
                return -1
        return int(found[0].split('"rows":')[1].split(",")[0].strip("}")) if found else 0

    def kill(self):
        assert self.process.poll() is None, "it ended before it was killed"
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate()

    def end(self) -> tuple[int, str, str]:
        said, noted = self.process.communicate(timeout=300)
        return self.process.returncode, said, noted


@pytest.fixture
def url(postgres):
    name = postgres.create()
    yield postgres.url(name)
    postgres.drop(name)


@pytest.mark.parametrize(
    "kills",
    [
        pytest.param([DOCUMENTS // 2], id="once"),
        pytest.param([0, 1, DOCUMENTS // 2, DOCUMENTS], id="again-and-again", marks=pytest.mark.slow),
    ],
)
def test_killed(home, url, tmp_path, kills):
    before = home.database.read_bytes()
    for rows in kills:
        move = Move(home, url)
        eventually(lambda move=move, rows=rows: move.noted("documents") >= rows, 120)
        move.kill()
    refused = subprocess.run(
        [BIN, "serve", "--port", "0", "--home", tmp_path / "other"],
        env={**os.environ, "WENSHU_DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode == 1
    assert "搬迁未完成" in refused.stderr
    move = Move(home, url)
    status, said, noted = move.end()
    assert status == 0, noted
    assert "搬迁完成，核对一致" in said
    assert f"documents: {DOCUMENTS:,}" in noted
    assert move.noted("documents") == -1
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*), count(DISTINCT doc_name) FROM documents").fetchone() == (
            DOCUMENTS,
            DOCUMENTS,
        )
        lengths = "SELECT count(*) FROM documents WHERE length(text) = 4000"
        assert connection.execute(lengths).fetchone() == (DOCUMENTS - 10,)
    assert home.database.read_bytes() == before
    status, _, noted = Move(home, url).end()
    assert status == 1
    assert "不为空" in noted
