"""The stream: pieces, order, resuming, readers that hang up, failures before it begins."""

import json
import socket
from urllib.parse import urlsplit

import httpx2 as httpx
import pytest

from contracts.assistant.wire import CHAT, LIBRARY, Event, events, failed, succeeded
from serving import ServerProcess, eventually

PLACES = ["前台", "仓库", "车间", "食堂"]


@pytest.fixture(scope="module", params=["general", "idea_gen", "scripts_gen"])
def asked(client: httpx.Client, request: pytest.FixtureRequest) -> dict[str, object]:
    """A question that the material answers, in each mode."""
    body = {
        "tenant_code": "stream",
        "question": [f"{place}的备用钥匙由谁保管？" for place in PLACES],
        "answer": [f"{place}的备用钥匙由{place}主管保管。借用须登记。逾期未还须上报。" for place in PLACES],
        "source": [f"https://example.com/{number}" for number in range(len(PLACES))],
    }
    succeeded(client.post(f"{LIBRARY}/add_qa", json=body))
    return {"tenant_code": "stream", "user_id": "u", "question": body["question"][1], "chat_mode": request.param}


@pytest.fixture(scope="module")
def told(client: httpx.Client, asked: dict[str, object]) -> list[Event]:
    """The whole stream of that question."""
    response = client.post(f"{CHAT}/chat", json=asked)
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.headers["x-trace-id"]
    return events(response.text)


def test_pieces_join_to_the_whole(told: list[Event]) -> None:
    *pieces, last = told
    assert pieces
    assert "".join(event.data["content"] for event in pieces) == last.data["content"] != ""


def test_each_event_says_where_it_belongs(told: list[Event]) -> None:
    first, last = told[0].data, told[-1].data
    for event in told:
        assert {key: event.data[key] for key in ("session_id", "message_id", "stream_id")} == {
            key: first[key] for key in ("session_id", "message_id", "stream_id")
        }
    for event in told[:-1]:
        assert set(event.data) == {"session_id", "message_id", "stream_id", "content", "done"}
    assert [event.data["done"] for event in told] == [False] * (len(told) - 1) + [True]
    assert last["sources"]["count"] == len(last["sources"]["documents"]) > 0
    assert all(set(document) >= {"name", "url"} for document in last["sources"]["documents"])
    assert isinstance(last["suggested_questions"], list)


def test_ids_increase(told: list[Event]) -> None:
    ids = [event.id for event in told]
    assert ids == sorted(set(ids))
    assert ids[0] > 0


def test_the_stored_answer_is_the_streamed_one(client: httpx.Client, told: list[Event]) -> None:
    last = told[-1].data
    question, answer = succeeded(client.get(f"{CHAT}/session/{last['session_id']}/messages"))
    assert (question["role"], answer["role"]) == ("user", "assistant")
    assert (answer["id"], answer["content"]) == (last["message_id"], last["content"])
    assert answer["sources"] == last["sources"]["documents"]
    assert answer["suggested_questions"] == last["suggested_questions"]


def test_the_same_question_without_a_stream_has_the_same_answer(
    client: httpx.Client, asked: dict[str, object], told: list[Event]
) -> None:
    answer = succeeded(client.post(f"{CHAT}/chat", json={**asked, "stream": False}))
    last = told[-1].data
    assert answer["answer"] == last["content"]
    assert answer["sources"] == last["sources"]


def test_a_stream_is_taken_up_again_after_any_event(client: httpx.Client, told: list[Event]) -> None:
    address = f"{CHAT}/stream/{told[0].data['stream_id']}"
    assert events(client.get(address).text) == told
    for position, event in enumerate(told[:-1]):
        resumed = client.get(address, headers={"Last-Event-ID": str(event.id)})
        assert resumed.headers["content-type"].startswith("text/event-stream")
        assert events(resumed.text) == told[position + 1 :]
    # Whoever has it all is told the end again rather than left waiting.
    for number in (told[-1].id, told[-1].id + 100):
        assert events(client.get(address, headers={"Last-Event-ID": str(number)}).text) == told[-1:]


def test_an_unknown_stream_is_404(client: httpx.Client) -> None:
    for stream_id in ("0" * 32, "x", "流", "..%2fchat", "f" * 128):
        failed(client.get(f"{CHAT}/stream/{stream_id}"), 404)
    failed(client.get(f"{CHAT}/stream/{'f' * 129}"), 400)


@pytest.mark.parametrize("number", ["abc", "-1", "1.5", "1 2", "9" * 30])
def test_a_last_event_id_that_is_no_number_is_refused(client: httpx.Client, told: list[Event], number: str) -> None:
    address = f"{CHAT}/stream/{told[0].data['stream_id']}"
    failed(client.get(address, headers={"Last-Event-ID": number}), 400)


@pytest.mark.parametrize("bytes_read", [0, 1])
def test_a_reader_who_hangs_up_loses_nothing(
    server: ServerProcess, client: httpx.Client, asked: dict[str, object], tag: str, bytes_read: int
) -> None:
    body = json.dumps({**asked, "user_id": tag}).encode()
    address = urlsplit(server.url)
    with socket.create_connection((address.hostname, address.port), timeout=30) as connection:
        head = f"POST {CHAT}/chat HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Type: application/json\r\n"
        connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        assert len(connection.recv(bytes_read)) == bytes_read
        if not bytes_read:
            # The question was accepted before its reader goes: else nothing of it would have to be kept.
            eventually(lambda: sessions_of(client, tag))
    (session,) = eventually(lambda: sessions_of(client, tag))
    question, answer = eventually(lambda: two_messages(client, session["session_id"]))
    assert question["content"] == asked["question"]
    whole = succeeded(client.post(f"{CHAT}/chat", json={**asked, "stream": False}))
    assert (answer["role"], answer["content"]) == ("assistant", whole["answer"])
    assert answer["sources"] == whole["sources"]["documents"]


def sessions_of(client: httpx.Client, user_id: str) -> list[dict[str, object]]:
    """The user's sessions in the tenant of this module."""
    return succeeded(client.get(f"{CHAT}/sessions", params={"user_id": user_id, "tenant_code": "stream"}))


def two_messages(client: httpx.Client, session_id: object) -> list[dict[str, object]]:
    """Question and answer, once both are there."""
    said = succeeded(client.get(f"{CHAT}/session/{session_id}/messages"))
    return said if len(said) == 2 else []


EARLY = [
    ({"question": "问"}, 400),
    ({"user_id": "u"}, 400),
    ({"user_id": "u", "question": "问", "limit": 0}, 400),
    ({"user_id": "u", "question": "问", "chat_mode": "x"}, 400),
    ({"user_id": "u", "question": "问", "org_code": "o"}, 400),
    ({"user_id": "u", "question": "问", "session_id": "a b"}, 400),
    ({"user_id": "u", "question": "问", "uploaded_docs": [{"file_url": "https://example.com/x"}]}, 400),
    ({"user_id": "u", "question": "问", "uploaded_docs": [{"file_url": f"/files/{'0' * 32}/x"}]}, 404),
]


@pytest.mark.parametrize(("body", "status"), EARLY)
@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.usefixtures("untouched")
def test_failures_before_the_stream_are_plain_json(
    client: httpx.Client, body: dict[str, object], status: int, *, stream: bool
) -> None:
    response = client.post(f"{CHAT}/chat", json={**body, "stream": stream}, headers={"Accept": "text/event-stream"})
    failed(response, status)
