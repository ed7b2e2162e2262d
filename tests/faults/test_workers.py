"""Several server processes die or are stopped: what they were at is answered by another, and none is left behind."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress

import httpx2 as httpx
import pytest

from faults.acts import events
from faults.conversation import FACTS, QUESTION, assert_answered, settings
from serving import ServerProcess, eventually
from workers import gone, only, several, workers

STREAMS = 20


@pytest.fixture
def server(tmp_path, postgres, _migrated_postgres, model):
    model.pieces = [f"{fact}[{number}]" for number, fact in enumerate(FACTS, 1)]
    with several(tmp_path, postgres, _migrated_postgres, **settings(model)) as server:
        yield server


def healthy(server: ServerProcess) -> bool:
    with server.client() as client:
        return client.get("/readyz").status_code == 200


class Stream:
    """An answer that is being read, over a connection of its own."""

    def __init__(self, client: httpx.Client, session_id: str, opened: ExitStack) -> None:
        body = {"user_id": "u-1", "session_id": session_id, "question": QUESTION}
        self._events = events(opened.enter_context(client.stream("POST", "/chat_service/chat", json=body)))
        self.told = [next(self._events)]

    def read(self) -> "Stream":
        with suppress(httpx.TransportError):
            self.told.extend(self._events)
        return self

    @property
    def whole(self) -> bool:
        return bool(self.told[-1].get("done"))


def test_one_that_is_killed_amid_streams_is_replaced_and_its_questions_are_answered(server, model):
    """What it was at is answered by another; the streams of the other process notice nothing."""
    with server.client() as client:
        stored = {"question": [f"{fact[:4]}由谁负责？" for fact in FACTS], "answer": FACTS}
        assert client.post("/vector_db_service/add_qa", json=stored).status_code == 200
    victim, other = workers(server)
    model.stop_at(1)
    names = [f"s-{number}" for number in range(STREAMS)]
    with ExitStack() as opened:
        streams = []
        for half, pid in ((names[::2], victim), (names[1::2], other)):
            with only(server, pid) as client:
                streams.append([Stream(opened.enter_context(server.client()), name, opened) for name in half])
                assert client.get("/livez").status_code == 200
        eventually(lambda: model.asked == STREAMS)
        os.kill(victim, signal.SIGKILL)
        model.go_on()
        with ThreadPoolExecutor(STREAMS) as pool:
            cut, went_on = (list(pool.map(Stream.read, half)) for half in streams)
    assert all(stream.whole for stream in went_on)
    assert not any(stream.whole for stream in cut)
    with server.client() as client:
        for stream in cut:
            resumed = client.get(f"/chat_service/stream/{stream.told[0]['stream_id']}")
            assert '"done":true' in resumed.text
            assert FACTS[-1].rstrip("。") in resumed.text
        assert_answered(client, names)
    assert len(eventually(lambda: len(workers(server)) == 2 and workers(server))) == 2
    assert victim not in workers(server)


def test_a_stop_ends_all(server):
    last = workers(server)
    assert healthy(server)
    assert server.stop() == 0
    assert all(gone(pid) for pid in last)


def test_none_outlives_a_parent_that_was_killed(server, model):
    """Amid an answer; the folder is free again for the next server, which gives that answer."""
    left = workers(server)
    model.stop_at(1)
    with ExitStack() as opened, server.client() as client:
        stream = Stream(client, "s-1", opened)
        server.kill()
        stream.read()
    eventually(lambda: all(gone(pid) for pid in left), 60)
    model.go_on()
    server.start()
    with server.client() as client:
        assert '"done":true' in client.get(f"/chat_service/stream/{stream.told[0]['stream_id']}").text
