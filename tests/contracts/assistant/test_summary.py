"""Summaries of uploads and of a document that the question names; sources of uploads with their neighbours."""

import httpx2 as httpx

from contracts.assistant.material import Material
from contracts.assistant.wire import CHAT, LIBRARY, succeeded

PARTS = {
    "一、范围": "本办法适用于全体员工的差旅报销。",
    "二、标准": "住宿标准为每晚420元。",
    "三、时限": "须在2026年3月31日前报销。",
}
TEXT = "# 报销办法\n\n" + "\n\n".join(f"## {title}\n\n{said}{'细则从略。' * 60}" for title, said in PARTS.items())


def ask(client: httpx.Client, tag: str, question: str, **more: object) -> dict:
    asked = {"tenant_code": tag, "user_id": "u", "question": question, "stream": False, **more}
    return succeeded(client.post(f"{CHAT}/chat", json=asked))


def test_an_upload_is_summarised_as_a_whole(client: httpx.Client, tag: str) -> None:
    upload = {"file_name": "报销办法.md", "content": TEXT}
    for question in ("总结一下", "这份文件讲了什么？", "概括报销办法"):
        answer = ask(client, tag, question, uploaded_docs=[upload])
        for title, said in PARTS.items():
            assert f"- {title}\n" in answer["answer"]
            assert said.rstrip("。") in answer["answer"]
        assert {citation["kind"] for citation in answer["citations"]} == {"upload"}
        assert answer["sources"] == {"count": 1, "documents": [{"name": "报销办法.md", "url": ""}]}
    assert "420元" in ask(client, tag, "住宿标准是多少？", uploaded_docs=[upload])["answer"]


def test_a_document_of_the_library_is_summarised_where_it_is_named(
    client: httpx.Client, material: Material, tag: str
) -> None:
    name = f"{tag}报销办法.md"
    url = material.document(name, TEXT, "text/markdown; charset=utf-8")
    succeeded(client.post(f"{LIBRARY}/add_document", json={"tenant_code": tag, "doc_url": url, "doc_name": name}))
    answer = ask(client, tag, f"总结一下{tag}报销办法")
    assert "- 三、时限：须在2026年3月31日前报销" in answer["answer"]
    assert [document["name"] for document in answer["sources"]["documents"]] == [name]
    address = f"{CHAT}/session/{answer['session_id']}/messages/{answer['message_id']}/sources/2"
    view = succeeded(client.get(address))
    assert (view["kind"], view["state"]) == ("doc", "current")
    assert view["before"]
    assert view["after"]
    # Somebody else's document is no document.
    assert answer["answer"] not in ask(client, f"{tag}2", f"总结一下{tag}报销办法")["answer"]
    assert ask(client, tag, f"总结一下{tag}报销办法", use_vector_db=False)["citations"] == []


def test_the_source_of_an_upload_stands_between_its_neighbours(client: httpx.Client, tag: str) -> None:
    answer = ask(client, tag, "住宿标准是每晚多少元？", uploaded_docs=[{"file_name": "报销办法.md", "content": TEXT}])
    address = f"{CHAT}/session/{answer['session_id']}/messages/{answer['message_id']}/sources/1"
    view = succeeded(client.get(address))
    assert view["state"] == "attached"
    assert "420元" in view["text"]
    assert view["before"][-1]["end"] <= view["start"] < view["end"] <= view["after"][0]["start"]
    assert TEXT[view["start"] : view["end"]] == view["text"]
    for beside in (*view["before"], *view["after"]):
        assert TEXT[beside["start"] : beside["end"]] == beside["text"]
