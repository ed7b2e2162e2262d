"""Stop and regenerate, with a model that waits where a test wants it to."""

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import httpx2 as httpx
import pytest

from contracts.assistant.wire import CHAT, events, failed, succeeded
from faults.conversation import FACTS, QUESTION, settings
from faults.outside import ModelServer, model_server
from serving import ServerProcess, eventually

TURNS = "FROM chat_turns t JOIN chat_sessions s ON s.id = t.session_key WHERE s.session_id = ? ORDER BY t.created_at"
Rows = Callable[..., list[tuple[Any, ...]]]
WHOLE = "".join(f"{fact}[{number}]" for number, fact in enumerate(FACTS, 1))


@pytest.fixture(scope="module")
def model() -> Iterator[ModelServer]:
    with model_server() as server:
        server.pieces = [f"{fact}[{number}]" for number, fact in enumerate(FACTS, 1)]
        yield server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, model: ModelServer) -> Iterator[ServerProcess]:
    process = ServerProcess(tmp_path_factory.mktemp("stop") / "home", **settings(model)).start()
    with process.client() as client:
        stored = {"question": [f"{fact[:4]}由谁负责？" for fact in FACTS], "answer": FACTS}
        succeeded(client.post("/vector_db_service/add_qa", json=stored))
    yield process
    process.stop()


@pytest.fixture
def client(server: ServerProcess, model: ModelServer) -> Iterator[httpx.Client]:
    with server.client() as opened:
        yield opened
    model.go_on()


@pytest.fixture
def rows(server: ServerProcess) -> Rows:
    """Runs a statement on the server's database, as another process of it would."""

    def run(statement: str, *values: object) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(server.home / "wenshu.sqlite3", timeout=10)) as database, database:
            return database.execute(statement, values).fetchall()

    return run


def asked(tag: str, **more: Any) -> dict[str, Any]:
    return {"user_id": "u", "session_id": tag, "question": QUESTION, **more}


def history(client: httpx.Client, session_id: str) -> list[dict[str, Any]]:
    return succeeded(client.get(f"{CHAT}/session/{session_id}/messages"))


class Reading:
    """A stream that is read in a thread of its own."""

    def __init__(self, client: httpx.Client, path: str, body: dict[str, Any]) -> None:
        self.told: list[dict[str, Any]] = []
        self._pool = ThreadPoolExecutor(1)
        self._read = self._pool.submit(self._follow, client, path, body)

    def _follow(self, client: httpx.Client, path: str, body: dict[str, Any]) -> None:
        with client.stream("POST", path, json=body) as response:
            text = ""
            for part in response.iter_text():
                text += part
                whole, _, text = text.rpartition("\n\n")
                self.told += [event.data for event in events(f"{whole}\n\n")]

    @property
    def said(self) -> str:
        return "".join(event["content"] for event in self.told if not event["done"])

    @property
    def stream_id(self) -> str:
        return eventually(lambda: self.told)[0]["stream_id"]

    def last(self) -> dict[str, Any]:
        """The last event, once it is there."""
        self._read.result(timeout=20)
        self._pool.shutdown()
        return self.told[-1]


def begun(client: httpx.Client, model: ModelServer, tag: str) -> Reading:
    """An answer whose model waits after its first sentence was told."""
    gate = model.stop_at(2)
    reading = Reading(client, f"{CHAT}/chat", asked(tag))
    gate.wait_until_reached()
    eventually(lambda: reading.said == f"{FACTS[0]}[1]")
    return reading


def test_a_stop_keeps_what_was_said(client: httpx.Client, model: ModelServer, tag: str) -> None:
    reading = begun(client, model, tag)
    assert succeeded(client.post(f"{CHAT}/stream/{reading.stream_id}/stop")) == ""
    last = reading.last()
    assert (last["content"], last["stopped"], last["done"]) == (f"{FACTS[0]}[1]", True, True)
    assert last["content"] == reading.said
    assert last["notices"] == ["已停止"]
    assert last["sources"]["count"] == 1
    question, answer = history(client, tag)
    assert (question["stopped"], answer["stopped"]) == (False, True)
    assert (answer["content"], answer["notices"]) == (last["content"], ["已停止"])
    # The model was left: it goes on, and nobody listens.
    model.go_on()
    assert [message["content"] for message in history(client, tag)] == [QUESTION, last["content"]]
    again = events(client.get(f"{CHAT}/stream/{reading.stream_id}").text)
    assert (again[-1].data["content"], again[-1].data["stopped"]) == (last["content"], True)


def test_the_model_s_request_is_cancelled(client: httpx.Client, model: ModelServer, tag: str) -> None:
    model.pieces, whole = [*model.pieces, *(["补"] * 2000)], model.pieces
    try:
        reading = begun(client, model, tag)
        left = model.left
        succeeded(client.post(f"{CHAT}/stream/{reading.stream_id}/stop"))
        model.go_on()
        eventually(lambda: model.left > left)
    finally:
        model.pieces = whole


def test_a_caller_who_does_not_stream_gets_what_was_said(
    client: httpx.Client, model: ModelServer, tag: str, rows: Rows
) -> None:
    gate = model.stop_at(2)
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(client.post, f"{CHAT}/chat", json=asked(tag, stream=False))
        gate.wait_until_reached()
        ((stream_id,),) = rows(f"SELECT stream_id {TURNS}", tag)
        succeeded(client.post(f"{CHAT}/stream/{stream_id}/stop"))
        answer = succeeded(call.result(timeout=20))
    assert (answer["answer"], answer["stopped"], answer["notices"]) == (f"{FACTS[0]}[1]", True, ["已停止"])


def test_a_stop_before_the_first_word(client: httpx.Client, model: ModelServer, tag: str) -> None:
    gate = model.stop_at(-1)
    reading = Reading(client, f"{CHAT}/chat", asked(tag))
    gate.wait_until_reached()
    succeeded(client.post(f"{CHAT}/stream/{reading.stream_id}/stop"))
    last = reading.last()
    assert (last["content"], last["stopped"], last["sources"]["count"]) == ("", True, 0)
    assert [message["stopped"] for message in history(client, tag)] == [False, True]


def test_stopping_what_has_ended_changes_nothing(client: httpx.Client, tag: str) -> None:
    whole = succeeded(client.post(f"{CHAT}/chat", json=asked(tag, stream=False)))
    assert (whole["answer"], whole["stopped"]) == (WHOLE, False)
    before = history(client, tag)
    for _ in range(2):
        assert succeeded(client.post(f"{CHAT}/stream/{whole['stream_id']}/stop")) == ""
    assert history(client, tag) == before


def test_a_stop_asked_of_another_process_is_carried_out(
    client: httpx.Client, model: ModelServer, tag: str, rows: Rows
) -> None:
    """Another process of the same database leaves its wish in the turn's row; the one that answers sees it."""
    reading = begun(client, model, tag)
    rows("UPDATE chat_turns SET stop_requested = 1 WHERE stream_id = ?", reading.stream_id)
    last = reading.last()
    assert (last["content"], last["stopped"]) == (f"{FACTS[0]}[1]", True)


def test_many_stops_at_once(client: httpx.Client, model: ModelServer, tag: str) -> None:
    reading = begun(client, model, tag)
    with ThreadPoolExecutor(8) as pool:
        stops = [pool.submit(client.post, f"{CHAT}/stream/{reading.stream_id}/stop") for _ in range(8)]
        assert [succeeded(stop.result(timeout=20)) for stop in stops] == [""] * 8
    assert reading.last()["stopped"]
    assert len(history(client, tag)) == 2


def test_again_makes_a_version(client: httpx.Client, model: ModelServer, tag: str) -> None:
    first = succeeded(client.post(f"{CHAT}/chat", json=asked(tag, stream=False)))
    before = model.asked
    address = f"{CHAT}/session/{tag}/messages/{first['message_id']}"
    told = [event.data for event in events(client.post(f"{address}/regenerate", json={}).text)]
    assert model.asked == before + 1
    assert "".join(event["content"] for event in told[:-1]) == told[-1]["content"] == WHOLE
    question, answer = history(client, tag)
    assert (question["role"], question["versions"]) == ("user", None)
    assert answer["id"] == told[-1]["message_id"] != first["message_id"]
    assert [version["id"] for version in answer["versions"]] == [first["message_id"], answer["id"]]
    old = succeeded(client.get(address))
    assert (old["content"], old["citations"]) == (first["answer"], first["citations"])
    assert old["versions"] == answer["versions"]
    assert succeeded(client.get(f"{address}/sources/1"))["text"] == FACTS[0]
    # An older version may be the one on a reader's screen: asking again from it is asking the same question.
    third = succeeded(client.post(f"{address}/regenerate", json={"stream": False}))
    assert len(history(client, tag)[1]["versions"]) == 3
    assert third["answer"] == WHOLE


def test_the_conversation_and_the_uploads_are_those_of_the_question(
    client: httpx.Client, model: ModelServer, tag: str, rows: Rows
) -> None:
    succeeded(client.post(f"{CHAT}/chat", json=asked(tag, stream=False)))
    upload = {"file_name": "北门.txt", "content": "北门仓库由吴晓东负责。", "parse_success": True}
    second = asked(tag, stream=False, question="北门仓库由谁负责？", uploaded_docs=[upload], use_vector_db=False)
    model.pieces, whole = ["北门仓库由吴晓东负责。[1]"], model.pieces
    try:
        first = succeeded(client.post(f"{CHAT}/chat", json=second))
        again = succeeded(
            client.post(f"{CHAT}/session/{tag}/messages/{first['message_id']}/regenerate", json={"stream": False})
        )
    finally:
        model.pieces = whole
    assert again["answer"] == first["answer"] == "北门仓库由吴晓东负责。[1]"
    assert again["citations"][0]["kind"] == "upload"
    sent = [[m["role"] for m in heard] for heard in model.heard[-2:]]
    assert sent == [["system", "user", "assistant", "user"]] * 2
    assert model.heard[-1][:-1] == model.heard[-2][:-1]
    # The next question takes the uploads' texts away; what was cited of them stays.
    succeeded(client.post(f"{CHAT}/chat", json=asked(tag, stream=False)))
    kept = rows(f"SELECT uploads {TURNS}", tag)
    assert [row[0] for row in kept[:-1]] == [None] * (len(kept) - 1)
    source = succeeded(client.get(f"{CHAT}/session/{tag}/messages/{again['message_id']}/sources/1"))
    assert (source["text"], source["state"], source["changed"]) == ("北门仓库由吴晓东负责。", "attached", False)


def test_only_the_last_answer_is_given_again(client: httpx.Client, tag: str) -> None:
    first = succeeded(client.post(f"{CHAT}/chat", json=asked(tag, stream=False)))
    succeeded(client.post(f"{CHAT}/chat", json=asked(tag, stream=False)))
    before = history(client, tag)
    for message in before[:2]:
        response = client.post(f"{CHAT}/session/{tag}/messages/{message['id']}/regenerate", json={})
        assert failed(response, 409) == "只能重新生成会话的最后一个回答"
    assert first["message_id"] == before[1]["id"]
    assert history(client, tag) == before


def test_what_is_being_answered_is_not_answered_twice(client: httpx.Client, model: ModelServer, tag: str) -> None:
    first = succeeded(client.post(f"{CHAT}/chat", json=asked(tag, stream=False)))
    address = f"{CHAT}/session/{tag}/messages/{first['message_id']}/regenerate"
    gate = model.stop_at(1)
    reading = Reading(client, address, {})
    gate.wait_until_reached()
    assert failed(client.post(address, json={}), 409) == "该问题正在回答，请等待完成或先停止"
    assert history(client, tag)[1]["id"] == first["message_id"]
    succeeded(client.post(f"{CHAT}/stream/{reading.stream_id}/stop"))
    last = reading.last()
    _, answer = history(client, tag)
    assert answer["id"] == last["message_id"]
    assert [version["stopped"] for version in answer["versions"]] == [False, True]


def test_an_answer_given_again_stands_behind_its_question(client: httpx.Client, model: ModelServer, tag: str) -> None:
    """A further question may come while it is written."""
    first = succeeded(client.post(f"{CHAT}/chat", json=asked(tag, stream=False)))
    gate = model.stop_at(1)
    reading = Reading(client, f"{CHAT}/session/{tag}/messages/{first['message_id']}/regenerate", {})
    gate.wait_until_reached()
    model.free()
    second = succeeded(client.post(f"{CHAT}/chat", json=asked(tag, stream=False)))
    gate.open()
    last = reading.last()
    said = history(client, tag)
    assert [message["role"] for message in said] == ["user", "assistant"] * 2
    assert [said[1]["id"], said[3]["id"]] == [last["message_id"], second["message_id"]]
    assert [message["id"] for message in said[2:]] == [m["id"] for m in succeeded(
        client.get(f"{CHAT}/session/{tag}/messages", params={"limit": 2}))]  # fmt: skip


def test_versions_have_an_end(client: httpx.Client, tag: str) -> None:
    answer = succeeded(client.post(f"{CHAT}/chat", json=asked(tag, stream=False, question="今晚吃什么？")))
    address = f"{CHAT}/session/{tag}/messages/{answer['message_id']}/regenerate"
    for _ in range(19):
        succeeded(client.post(address, json={"stream": False}))
    assert failed(client.post(address, json={}), 409) == "同一问题最多保留 20 个版本"
    assert len(history(client, tag)[1]["versions"]) == 20


def test_a_deleted_session_is_not_answered_in(client: httpx.Client, tag: str) -> None:
    first = succeeded(client.post(f"{CHAT}/chat", json=asked(tag, stream=False)))
    succeeded(client.delete(f"{CHAT}/session/{tag}"))
    address = f"{CHAT}/session/{tag}/messages/{first['message_id']}"
    for response in (
        client.post(f"{address}/regenerate", json={}),
        client.post(f"{address}/feedback", json={"rating": "up"}),
        client.get(address),
        client.get(f"{address}/sources/1"),
    ):
        assert failed(response, 404) == "会话不存在"


def test_feedback_is_shown_and_taken_back(client: httpx.Client, tag: str) -> None:
    answer = succeeded(client.post(f"{CHAT}/chat", json=asked(tag, stream=False, tenant_code=tag)))
    address = f"{CHAT}/session/{tag}/messages"
    question_id = history(client, tag)[0]["id"]
    assert failed(client.post(f"{address}/{question_id}/feedback", json={"rating": "up"}), 400) == "只能评价回答"
    rate = f"{address}/{answer['message_id']}/feedback"
    for given, shown in (
        ({"rating": "up"}, {"rating": "up", "comment": ""}),
        ({"rating": "down", "comment": " 数字不对 "}, {"rating": "down", "comment": "数字不对"}),
        ({"comment": "缺少出处"}, {"rating": None, "comment": "缺少出处"}),
        ({"rating": None, "comment": None}, None),
        ({"rating": "up", "comment": "好" * 1000}, {"rating": "up", "comment": "好" * 1000}),
    ):
        succeeded(client.post(rate, json=given))
        assert history(client, tag)[1]["feedback"] == shown
    listed = succeeded(client.get(f"{CHAT}/feedback", params={"tenant_code": tag}))
    assert (listed["total"], listed["items"][0]["question"]) == (1, QUESTION)
    assert succeeded(client.get(f"{CHAT}/feedback", params={"tenant_code": tag, "rating": "down"}))["total"] == 0
    assert succeeded(client.get(f"{CHAT}/feedback", params={"tenant_code": tag, "page": 2, "size": 1}))["items"] == []
    succeeded(client.delete(f"{CHAT}/session/{tag}"))
    assert succeeded(client.get(f"{CHAT}/feedback", params={"tenant_code": tag}))["total"] == 0
