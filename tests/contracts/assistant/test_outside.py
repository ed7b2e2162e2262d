"""Outside notes in the chat, from an MCP server of ours: woven in behind the library, cited, and never needed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contracts.assistant.wire import CHAT, LIBRARY, succeeded
from notes_server import NOTES, TOKEN, notes_server
from serving import ServerProcess

QUESTION = "换超声波水表要多久装好？"
ANSWER = "换超声波水表一般需要半天。"


FAULTS = {
    "slow": "外部资源（小红书）连接失败：响应超时，本次回答未使用外部资源",
    "failing": "外部资源（小红书）连接失败：请求被拒绝，本次回答未使用外部资源",
    "huge": "外部资源（小红书）连接失败：返回的内容过大，本次回答未使用外部资源",
    "garbage": "外部资源（小红书）连接失败：返回的内容无法识别，本次回答未使用外部资源",
    "empty": "外部资源（小红书）中没有找到相关笔记",
}


def serving(folder: Path, url: str, **settings: str) -> ServerProcess:
    fixed = {"WENSHU_EXTERNAL_URL": url, "WENSHU_EXTERNAL_TOKEN": TOKEN, "WENSHU_EXTERNAL_TIMEOUT_SECONDS": "3"}
    fixed["WENSHU_EXTERNAL_MAX_BYTES"] = "200000"
    return ServerProcess(folder / "home", **{**fixed, **settings}).start()


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with notes_server() as url:
        server = serving(tmp_path_factory.mktemp("outside"), url)
        with server.client() as client:
            asked = [QUESTION, *(f"{QUESTION}（{kind}）" for kind in FAULTS)]
            pairs = {"question": asked, "answer": [ANSWER] * len(asked), "source": "手册"}
            succeeded(client.post(f"{LIBRARY}/add_qa", json={"tenant_code": "t", **pairs}))
        yield server
        server.stop()
        assert TOKEN not in server.log.read_text()


def ask(server: ServerProcess, **more: Any) -> dict[str, Any]:
    with server.client() as client:
        asked = {"user_id": "u", "question": QUESTION, "stream": False, "use_external_resource": True, **more}
        return succeeded(client.post(f"{CHAT}/chat", json=asked))


def test_a_note_answers_where_the_library_does_not(good: ServerProcess) -> None:
    answer = ask(good)
    assert answer["answer"].startswith("素材库中没有找到")
    assert "四十分钟就装好了" in answer["answer"]
    (citation,) = answer["citations"]
    assert (citation["kind"], citation["name"], citation["url"]) == ("external", NOTES[0]["title"], NOTES[0]["url"])
    assert citation["text"][citation["start"] : citation["end"]] == citation["quote"]
    assert answer["sources"]["documents"] == [{"name": NOTES[0]["title"], "url": NOTES[0]["url"]}]
    assert answer["notices"] == []


def test_notes_stand_behind_the_library(good: ServerProcess) -> None:
    answer = ask(good, tenant_code="t")
    assert [citation["kind"] for citation in answer["citations"]] == ["qa", "external"]
    library, outside = answer["answer"].split("外部资源（小红书）中的相关内容：")
    assert "半天" in library
    assert "四十分钟" in outside
    with good.client() as client:
        address = f"{CHAT}/session/{answer['session_id']}/messages/{answer['message_id']}/sources/2"
        view = succeeded(client.get(address))
    assert (view["kind"], view["state"], view["changed"]) == ("external", "attached", False)


@pytest.mark.parametrize("mode", ["idea_gen", "scripts_gen"])
def test_drafts_may_use_them_too(good: ServerProcess, mode: str) -> None:
    answer = ask(good, question="围绕超声波水表写一条短视频", chat_mode=mode)
    assert "四十分钟" in answer["answer"]
    assert {citation["kind"] for citation in answer["citations"]} == {"external"}


def test_nobody_is_asked_unless_the_caller_wants_it(good: ServerProcess) -> None:
    answer = ask(good, use_external_resource=False)
    assert answer["citations"] == []
    assert answer["notices"] == []


@pytest.mark.parametrize("kind", FAULTS)
def test_without_notes_the_answer_goes_on_and_says_so(good: ServerProcess, kind: str) -> None:
    answer = ask(good, tenant_code="t", question=f"{QUESTION}（{kind}）")
    assert "半天" in answer["answer"]
    assert answer["notices"] == [FAULTS[kind]]
    assert "secret" not in good.log.read_text()


def test_a_note_that_gives_orders_is_a_note(good: ServerProcess) -> None:
    answer = ask(good, question="水表推荐哪一种？（injecting）")
    assert all(citation["kind"] == "external" for citation in answer["citations"])
    assert "9999" not in answer["answer"] or answer["citations"]


def test_a_connector_that_is_gone(tmp_path: Path) -> None:
    with notes_server() as url:
        gone = url
    server = serving(tmp_path, gone)
    try:
        answer = ask(server)
        assert answer["notices"] == ["外部资源（小红书）连接失败：无法连接，本次回答未使用外部资源"]
    finally:
        server.stop()
