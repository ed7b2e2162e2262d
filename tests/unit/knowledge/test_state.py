import pytest

from wenshu.core.database.engine import Database, sqlite_url
from wenshu.knowledge.state import State, claim, is_empty, note_dimension, read_state, write_state

EMBEDDED, FILE = State("embedded", "embedded"), State("file", "a1")


@pytest.fixture
async def database(tmp_path):
    opened = Database(sqlite_url(tmp_path / "s.sqlite3"))
    await opened.migrate()
    yield opened
    await opened.close()


@pytest.mark.parametrize(
    ("other", "serves"),
    [
        (State("embedded", "embedded"), True),
        (State("embedded", "embedded", terms_version=0), True),
        (State("file", "embedded"), False),
        (State("embedded", "other"), False),
        (State("embedded", "embedded", "bge"), False),
    ],
)
def test_an_index_serves_what_it_was_made_as(other, serves):
    assert EMBEDDED.serves(other) == serves


@pytest.mark.parametrize(
    ("ours", "theirs", "serves"), [(0, 512, True), (512, 0, True), (512, 512, True), (512, 64, False)]
)
def test_dimensions_go_together_as_far_as_they_are_known(ours, theirs, serves):
    assert State("file", "a", "m", ours).serves(State("file", "a", "m", theirs)) == serves


async def test_what_is_written_is_read(database):
    assert await read_state(database) == EMBEDDED  # as the migration leaves it
    await write_state(database, State("milvus", "x", "m", 64, 0))
    assert await read_state(database) == State("milvus", "x", "m", 64, 0)
    await note_dimension(database, 32)
    assert (await read_state(database)).dimension == 64
    await write_state(database, FILE)
    await note_dimension(database, 32)
    assert (await read_state(database)).dimension == 32


async def test_of_two_that_claim_at_once_one_has_it(database):
    former = await read_state(database)
    assert await claim(database, former, FILE)
    assert not await claim(database, former, State("milvus", "x"))
    assert not await claim(database, None, State("milvus", "x"))
    assert await read_state(database) == FILE
    assert await is_empty(database)
