"""Sessions: their life, titles, order, and the days they are grouped by."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx2 as httpx
import pytest

from contracts.assistant.wire import CHAT, Event, events, failed, succeeded
from serving import ServerProcess


def create(client: httpx.Client, **fields: str) -> str:
    """A new session's id."""
    return succeeded(client.post(f"{CHAT}/session", json={"user_id": "u", **fields}))["session_id"]


def detail(client: httpx.Client, session_id: str) -> dict[str, Any]:
    """A session."""
    return succeeded(client.get(f"{CHAT}/session/{session_id}"))


def listed(client: httpx.Client, user_id: str, **query: str) -> list[str]:
    """The ids of a user's sessions, in the order of the answer."""
    rows = succeeded(client.get(f"{CHAT}/sessions", params={"user_id": user_id, **query}))
    return [row["session_id"] for row in rows]


def ask(client: httpx.Client, question: str, **fields: str) -> dict[str, Any]:
    """An answer."""
    body = {"user_id": "u", "question": question, "stream": False, **fields}
    return succeeded(client.post(f"{CHAT}/chat", json=body))


def test_made_ids_are_long_and_never_twice(client: httpx.Client) -> None:
    made = {create(client) for _ in range(20)}
    assert len(made) == 20
    assert all(len(session_id) == 32 for session_id in made)


def test_a_taken_id_is_409_and_changes_nothing(client: httpx.Client, tag: str) -> None:
    session_id = create(client, session_id=f"客户-{tag}", title="原题")
    for body in ({"user_id": "u"}, {"user_id": "x", "title": "新题"}, {"user_id": "u", "tenant_code": "t"}):
        message = failed(client.post(f"{CHAT}/session", json={**body, "session_id": session_id}), 409)
        assert message == "会话已存在"
    assert detail(client, session_id)["title"] == "原题"
    succeeded(client.delete(f"{CHAT}/session/{session_id}"))
    failed(client.post(f"{CHAT}/session", json={"user_id": "u", "session_id": session_id}), 409)


def test_a_deleted_session_is_gone_until_restored(client: httpx.Client, tag: str) -> None:
    session_id = create(client, user_id=tag, title="题")
    ask(client, "在吗？", user_id=tag, session_id=session_id)
    was = client.get(f"{CHAT}/session/{session_id}/messages").json()
    succeeded(client.delete(f"{CHAT}/session/{session_id}"))
    path = f"{CHAT}/session/{session_id}"
    gone = [
        client.get(path),
        client.get(f"{path}/messages"),
        client.put(f"{path}/title", json={"title": "新题"}),
        client.delete(path),
        client.post(f"{CHAT}/chat", json={"user_id": tag, "session_id": session_id, "question": "在吗？"}),
    ]
    assert {failed(response, 404) for response in gone} == {"会话不存在"}
    assert listed(client, tag) == []
    grouped = succeeded(client.get(f"{CHAT}/sessions_format", params={"user_id": tag}))
    assert not any(grouped.values())
    succeeded(client.post(f"{path}/restore"))
    assert detail(client, session_id)["title"] == "题"
    assert listed(client, tag) == [session_id]
    assert client.get(f"{path}/messages").json() == was
    succeeded(client.post(f"{path}/restore"))


def test_an_unknown_session_is_404(client: httpx.Client) -> None:
    path = f"{CHAT}/session/none-such"
    for response in (
        client.get(path),
        client.get(f"{path}/messages"),
        client.put(f"{path}/title", json={"title": "题"}),
        client.delete(path),
        client.post(f"{path}/restore"),
    ):
        assert failed(response, 404) == "会话不存在"


def test_chat_with_an_unknown_id_makes_that_session(client: httpx.Client, tag: str) -> None:
    answer = ask(client, "在吗？", user_id=tag, session_id=f"s-{tag}", tenant_code=tag, org_code="o")
    assert answer["session_id"] == f"s-{tag}"
    row = detail(client, f"s-{tag}")
    assert (row["user_id"], row["tenant_code"], row["org_code"], row["is_deleted"]) == (tag, tag, "o", 0)


@pytest.mark.parametrize(
    ("question", "title"),
    [("在吗？", "在吗？"), ("问" * 30, "问" * 30), ("问" * 31, "问" * 30), ("  两边的空白  ", "两边的空白")],
)
def test_the_first_question_titles_an_untitled_session(client: httpx.Client, question: str, title: str) -> None:
    session_id = create(client)
    assert detail(client, session_id)["title"] == "新对话"
    ask(client, question, session_id=session_id)
    assert detail(client, session_id)["title"] == title
    ask(client, "又一个问题？", session_id=session_id)
    assert detail(client, session_id)["title"] == title
    assert detail(client, ask(client, question)["session_id"])["title"] == title


def test_a_given_title_stays(client: httpx.Client) -> None:
    session_id = create(client, title="  我的题  ")
    ask(client, "在吗？", session_id=session_id)
    assert detail(client, session_id)["title"] == "我的题"
    succeeded(client.put(f"{CHAT}/session/{session_id}/title", json={"title": " 新题 "}))
    ask(client, "在吗？", session_id=session_id)
    assert detail(client, session_id)["title"] == "新题"


def test_the_last_changed_session_is_first(client: httpx.Client, tag: str) -> None:
    first, second, third = (create(client, user_id=tag) for _ in range(3))
    assert listed(client, tag) == [third, second, first]
    ask(client, "在吗？", user_id=tag, session_id=first)
    assert listed(client, tag) == [first, third, second]
    assert listed(client, tag, limit="2") == [first, third]
    assert listed(client, tag, limit="1000") == [first, third, second]


def test_messages_are_the_newest_oldest_first(client: httpx.Client) -> None:
    session_id = create(client)
    for number in range(3):
        ask(client, f"第{number}问？", session_id=session_id)
    path = f"{CHAT}/session/{session_id}/messages"
    said = succeeded(client.get(path))
    assert [message["role"] for message in said] == ["user", "assistant"] * 3
    assert [message["content"] for message in said[::2]] == ["第0问？", "第1问？", "第2问？"]
    assert [message["id"] for message in said] == sorted(message["id"] for message in said)
    assert succeeded(client.get(path, params={"limit": "3"})) == said[-3:]
    assert succeeded(client.get(path, params={"limit": "1"})) == said[-1:]


@pytest.mark.parametrize("limit", ["0", "1001", "-5", "x"])
@pytest.mark.parametrize("path", ["sessions", "sessions_format", "session/{id}/messages"])
def test_limits_outside_1_to_1000_are_refused(client: httpx.Client, path: str, limit: str) -> None:
    address = f"{CHAT}/{path.replace('{id}', create(client))}"
    assert "limit" in failed(client.get(address, params={"user_id": "u", "limit": limit}), 400)


ZONE = ZoneInfo("Asia/Shanghai")
# Days before today, time of day → the group; None is in no group.
ROWS: list[tuple[int, time, str | None]] = [
    (0, time(0, 0, 0), "todayHistoryList"),
    (1, time(23, 59, 59), "yesterdayHistoryList"),
    (1, time(0, 0, 0), "yesterdayHistoryList"),
    (2, time(23, 59, 59), "sevenDaysHistoryList"),
    (4, time(12, 0, 0), "sevenDaysHistoryList"),
    (6, time(0, 0, 0), "sevenDaysHistoryList"),
    (7, time(23, 59, 59), None),
    (8, time(12, 0, 0), None),
    (400, time(12, 0, 0), None),
]


@pytest.fixture(scope="module")
def aged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, date, list[Event]]]:
    """A server started over a folder whose sessions were last changed on other days, and a stream of before."""
    home = tmp_path_factory.mktemp("aged") / "home"
    server = ServerProcess(home).start()
    with server.client() as client:
        for number in range(len(ROWS)):
            create(client, session_id=f"s{number}")
        told = events(client.post(f"{CHAT}/chat", json={"user_id": "other", "question": "在吗？"}).text)
    server.stop()
    today = datetime.now(ZONE).date()
    age(home / "wenshu.sqlite3", today)
    try:
        with server.start().client() as client:
            yield client, today, told
    finally:
        server.stop()


def age(path: Path, today: date) -> None:
    """Write the days into the database of a stopped server."""
    with closing(sqlite3.connect(path)) as database, database:
        for number, (days, at, _) in enumerate(ROWS):
            changed = datetime.combine(today - timedelta(days=days), at, ZONE).astimezone(UTC)
            values = (int(changed.timestamp() * 1_000_000), f"s{number}")
            done = database.execute("UPDATE chat_sessions SET updated_at = ? WHERE session_id = ?", values)
            assert done.rowcount == 1


def test_sessions_are_grouped_by_the_tenant_s_days(aged: tuple[httpx.Client, date, list[Event]]) -> None:
    client, today, _ = aged
    assert listed(client, "u") == [f"s{number}" for number in range(len(ROWS))], "the last changed is first"
    groups = succeeded(client.get(f"{CHAT}/sessions_format", params={"user_id": "u"}))
    if datetime.now(ZONE).date() != today:
        pytest.skip("midnight passed in Shanghai: the rows are one day older than written")
    for name in ("todayHistoryList", "yesterdayHistoryList", "sevenDaysHistoryList"):
        expected = [f"s{number}" for number, (_, _, group) in enumerate(ROWS) if group == name]
        assert [row["session_id"] for row in groups[name]] == expected
    days, at, _ = ROWS[1]
    assert groups["yesterdayHistoryList"][0]["updated_at"] == f"{today - timedelta(days=days)} {at}"
    limited = succeeded(client.get(f"{CHAT}/sessions_format", params={"user_id": "u", "limit": "2"}))
    assert [len(group) for group in limited.values()] == [1, 1, 0]


def test_an_old_stream_is_still_told_after_a_restart(aged: tuple[httpx.Client, date, list[Event]]) -> None:
    client, _, told = aged
    resumed = events(client.get(f"{CHAT}/stream/{told[0].data['stream_id']}").text)
    assert resumed[-1].data == told[-1].data
