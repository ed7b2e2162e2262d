"""A refusal shows the nearest passages: streamed, at once, afterwards and again; nobody else's; never as an answer."""

import httpx2 as httpx
import pytest

from contracts.assistant.wire import CHAT, LIBRARY, events, succeeded

TEXT = "星河中央空调 XH-200 的保修期为三年，压缩机保修五年。\n\n安装由星河售后在签收后七天内完成，超出部分另行收费。\n"
QUESTION = "星河中央空调的油漆颜色编号是多少？"


@pytest.fixture
def scope(client: httpx.Client, tag: str) -> dict[str, str]:
    """A tenant with a document of its own, uploaded, and beside it another tenant with a like one."""
    for tenant in (tag, f"{tag}-other"):
        file = {"file": (f"{tenant}说明.md", f"# 说明\n\n{TEXT}".encode())}
        url = succeeded(client.post(f"{CHAT}/upload", data={"tenant_code": tenant}, files=file))["file_url"]
        body = {"tenant_code": tenant, "doc_url": url, "doc_name": f"{tenant}说明.md"}
        succeeded(client.post(f"{LIBRARY}/add_document", json=body))
    return {"tenant_code": tag, "user_id": "u"}


def test_a_refusal_shows_what_is_nearest(client: httpx.Client, scope: dict[str, str]) -> None:
    said = succeeded(client.post(f"{CHAT}/chat", json={**scope, "question": QUESTION, "stream": False}))
    assert "油漆" in said["answer"]
    assert (said["sources"], said["citations"]) == ({"count": 0, "documents": []}, [])
    assert "不是回答" in said["nearest"]["notice"]
    passages = said["nearest"]["passages"]
    assert 1 <= len(passages) <= 3
    whole = f"# 说明\n\n{TEXT}"
    for passage in passages:
        assert passage["name"] == f"{scope['tenant_code']}说明.md"
        assert passage["text"] == whole[passage["start"] : passage["end"]]
        assert 0 < len(passage["text"]) <= 160
        assert 0 < passage["score"] < 1
        # A signed link of ours, which opens.
        assert client.get(passage["url"]).text == whole
    assert "XH-200" in passages[0]["text"]


def test_it_is_the_same_streamed_afterwards_and_again(client: httpx.Client, scope: dict[str, str]) -> None:
    *pieces, last = events(client.post(f"{CHAT}/chat", json={**scope, "question": QUESTION}).text)
    shown = _unsigned(last.data["nearest"])
    assert shown["passages"]
    assert all("nearest" not in piece.data for piece in pieces)
    session, message = last.data["session_id"], last.data["message_id"]
    place = f"{CHAT}/session/{session}/messages"
    question, answer = succeeded(client.get(place))
    assert question["nearest"] is None
    assert _unsigned(answer["nearest"]) == shown
    again = succeeded(client.post(f"{place}/{message}/regenerate", json={"stream": False}))
    assert again["message_id"] != message
    assert _unsigned(again["nearest"]) == shown
    assert _unsigned(succeeded(client.get(f"{place}/{message}"))["nearest"]) == shown
    # What it shows is kept with it, as citations are; a new answer finds nothing any more.
    succeeded(client.post(f"{LIBRARY}/del_collection", json={"tenant_code": scope["tenant_code"]}))
    assert _unsigned(succeeded(client.get(f"{place}/{message}"))["nearest"]) == shown
    bare = succeeded(client.post(f"{place}/{again['message_id']}/regenerate", json={"stream": False}))
    assert bare["nearest"] is None


@pytest.mark.parametrize("question", ["星河中央空调的保修期是多久？", "明天的月全食几点开始？"])
def test_an_answer_and_a_question_of_something_else_show_nothing(
    client: httpx.Client, scope: dict[str, str], question: str
) -> None:
    said = succeeded(client.post(f"{CHAT}/chat", json={**scope, "question": question, "stream": False}))
    assert said["nearest"] is None


def test_an_attachment_that_does_not_answer_is_shown_too(client: httpx.Client, tag: str) -> None:
    body = {"tenant_code": tag, "user_id": "u", "question": QUESTION, "stream": False}
    body["uploaded_docs"] = [{"file_name": "附件.md", "content": TEXT}]
    said = succeeded(client.post(f"{CHAT}/chat", json=body))
    (first, *_) = said["nearest"]["passages"]
    assert (first["kind"], first["name"]) == ("upload", "附件.md")
    assert "XH-200" in first["text"]


def _unsigned(nearest: dict) -> dict:
    """Links are signed anew at each read."""
    passages = [{**passage, "url": passage["url"].partition("?")[0]} for passage in nearest["passages"]]
    return {**nearest, "passages": passages}
