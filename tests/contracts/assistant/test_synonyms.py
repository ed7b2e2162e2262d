"""Synonyms over HTTP and by command: in use from the next question on, in their scope alone, wrong ones told."""

import subprocess
import sys
from pathlib import Path

import httpx2 as httpx
import pytest

from contracts.assistant.wire import CHAT, LIBRARY, failed, succeeded
from serving import ServerProcess

SYNONYMS = f"{LIBRARY}/synonyms"
GROUPS = [["小蓝盒", "采集终端", "XB-20"]]
QUESTION = "小蓝盒的供电电压是多少？"
TEXT = "采集终端的供电电压为24伏，由三号柜供电。\n\n采集终端的重量为2千克。\n"


@pytest.fixture
def scope(client: httpx.Client, tag: str) -> dict[str, str]:
    """An organisation, and beside it another, each with the document."""
    for org in ("a1", "a2"):
        body = {"tenant_code": tag, "org_code": org}
        file = {"file": ("设备.md", TEXT.encode())}
        url = succeeded(client.post(f"{CHAT}/upload", data=body, files=file))["file_url"]
        succeeded(client.post(f"{LIBRARY}/add_document", json={**body, "doc_url": url, "doc_name": "设备.md"}))
    return {"tenant_code": tag, "org_code": "a1"}


def ask(client: httpx.Client, scope: dict[str, str], question: str = QUESTION, **more: str) -> dict:
    body = {**scope, **more, "user_id": "u", "question": question, "stream": False}
    return succeeded(client.post(f"{CHAT}/chat", json=body))


def test_they_work_from_the_next_question_on(client: httpx.Client, scope: dict[str, str]) -> None:
    assert "小蓝盒" in ask(client, scope)["answer"]
    assert succeeded(client.get(SYNONYMS, params=scope)) == {"groups": [], "version": 0, "updated_at": None}
    stored = succeeded(client.put(SYNONYMS, json={**scope, "groups": GROUPS}))
    assert (stored["groups"], stored["version"]) == (GROUPS, 1)
    assert succeeded(client.get(SYNONYMS, params=scope)) == stored
    said = ask(client, scope)
    assert "24伏" in said["answer"]
    assert said["searched_for"] == QUESTION
    assert [source["name"] for source in said["sources"]["documents"]] == ["设备.md"]
    further = ask(client, scope, "那重量呢？", session_id=said["session_id"])
    assert "2千克" in further["answer"]
    body = {**scope, "query": "小蓝盒的重量", "collection_type": "DOC"}
    (hits,) = succeeded(client.post(f"{LIBRARY}/search_from_vector_db", json=body))["entities"]
    assert hits[0]["doc_name"] == "设备.md"
    succeeded(client.delete(SYNONYMS, params=scope))
    assert succeeded(client.get(SYNONYMS, params=scope))["groups"] == []
    assert "小蓝盒" in ask(client, scope)["answer"]


def test_a_refusal_names_what_no_synonym_says(client: httpx.Client, scope: dict[str, str]) -> None:
    succeeded(client.put(SYNONYMS, json={**scope, "groups": GROUPS}))
    said = ask(client, scope, "小蓝盒的油漆编号是多少？")
    assert "油漆" in said["answer"]
    assert said["nearest"]["passages"][0]["name"] == "设备.md"


def test_they_are_of_their_scope_alone(client: httpx.Client, scope: dict[str, str], tag: str) -> None:
    succeeded(client.put(SYNONYMS, json={**scope, "groups": GROUPS}))
    others = [{"tenant_code": tag, "org_code": "a2"}, {"tenant_code": tag}, {"tenant_code": f"{tag}x"}, {}]
    for other in others:
        assert succeeded(client.get(SYNONYMS, params=other))["groups"] == []
    assert "小蓝盒" in ask(client, others[0])["answer"]
    # Who sees the whole tenant asks in all its words.
    assert "24伏" in ask(client, others[1])["answer"]
    succeeded(client.delete(SYNONYMS, params=others[1]))
    succeeded(client.put(SYNONYMS, json={**others[0], "groups": []}))
    assert succeeded(client.get(SYNONYMS, params=scope))["groups"] == GROUPS


def test_conflicts_are_told_and_nothing_is_stored(client: httpx.Client, scope: dict[str, str]) -> None:
    succeeded(client.put(SYNONYMS, json={**scope, "groups": GROUPS}))
    wrong = client.put(SYNONYMS, json={**scope, "groups": [*GROUPS, ["終端", "采集終端"], ["甲"]]})
    assert "“采集終端”已在第 1 组" in failed(wrong, 400)
    assert [fault["group"] for fault in wrong.json()["errors"]] == [2, 3, 3]
    late = client.put(SYNONYMS, json={**scope, "groups": [], "version": 0})
    assert "版本 1" in failed(late, 409)
    assert succeeded(client.get(SYNONYMS, params=scope))["groups"] == GROUPS


def command(server: ServerProcess, *words: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "wenshu.cli", *words, "--home", str(server.home)]
    return subprocess.run(line, capture_output=True, text=True, check=False)


def test_the_command_adds_to_what_is_there(
    server: ServerProcess, client: httpx.Client, tag: str, tmp_path: Path
) -> None:
    scope = {"tenant_code": tag}
    succeeded(client.put(SYNONYMS, json={**scope, "groups": [["小蓝盒", "采集终端"], ["门禁卡", "通行符"]]}))
    file = tmp_path / "同义词.csv"
    file.write_bytes("标准词,同义词\n採集終端,XB-20,\n\n年会,尾牙\n".encode("gb18030"))
    done = command(server, "import", "synonyms", str(file), "--tenant", tag)
    assert done.returncode == 0, done.stderr
    assert "现有 3 组" in done.stdout
    assert succeeded(client.get(SYNONYMS, params=scope))["groups"] == [
        ["小蓝盒", "采集终端", "XB-20"],
        ["门禁卡", "通行符"],
        ["年会", "尾牙"],
    ]
    file.write_text("小蓝盒,门禁卡\n", "utf-8")
    refused = command(server, "import", "synonyms", str(file), "--tenant", tag)
    assert refused.returncode != 0
    assert "第 1 组" in refused.stderr
    file.write_text("年会,尾牙,年终聚餐\n", "utf-8")
    assert command(server, "import", "synonyms", str(file), "--replace", "--tenant", tag).returncode == 0
    assert succeeded(client.get(SYNONYMS, params=scope))["groups"] == [["年会", "尾牙", "年终聚餐"]]
