"""Aliases, word lists, budgets, usage, system memory: what a tenant sets for itself, and nobody else's."""

import sqlite3
from contextlib import closing

import pytest

from contracts.accounts.people import People, succeeded
from contracts.accounts.people import refused as refused_in_code
from contracts.gateway.conftest import QUESTION, Gate, made_key
from contracts.gateway.wire import events, refused
from serving import ServerProcess, eventually

ANSWER = "仓库的钥匙放在前台第二个抽屉。"


def test_aliases(gate: Gate) -> None:
    put = gate.administer("PUT", "/aliases/客服", json={"models": ["wenshu-extractive"]})
    assert succeeded(put) == {"alias": "客服", "models": ["wenshu-extractive"]}
    assert gate.openai("你好", model="客服").json()["model"] == "wenshu-extractive"
    names = [model["id"] for model in gate.client.get("/v1/models", headers=gate.key.headers).json()["data"]]
    assert names == ["default", "wenshu-extractive", "客服"]
    listed = succeeded(gate.administer("GET", "/aliases"))
    assert listed == {"aliases": [{"alias": "客服", "models": ["wenshu-extractive"]}], "models": ["wenshu-extractive"]}
    succeeded(gate.administer("DELETE", "/aliases/客服"))
    refused(gate.openai("你好", model="客服"), 404)
    refused_in_code(gate.administer("DELETE", "/aliases/客服"), 404)
    refused_in_code(gate.administer("PUT", "/aliases/x", json={"models": ["gpt-x"]}), 400)
    refused_in_code(gate.administer("PUT", "/aliases/x", json={"models": []}), 400)
    refused_in_code(gate.administer("PUT", "/aliases/wenshu-extractive", json={"models": ["wenshu-extractive"]}), 400)


def test_what_may_not_be_asked(gate: Gate) -> None:
    lists = {"blocked": ["违禁品", "ABC药"], "allowed": ["违禁品清单"]}
    assert succeeded(gate.administer("PUT", "/words", json=lists)) == lists
    assert succeeded(gate.administer("GET", "/words")) == lists
    turns = [
        {"role": "user", "content": "你好"},
        {"role": "assistant", "content": "好的"},
        {"role": "user", "content": "哪里买违\u200b禁品？"},
    ]
    body = gate.ernie(turns).json()
    unsafe = {name: body[name] for name in ("need_clear_history", "flag", "ban_round", "finish_reason")}
    assert unsafe == {"need_clear_history": True, "flag": 1, "ban_round": -1, "finish_reason": "content_filter"}
    asked_before = [turns[2], turns[1], {"role": "user", "content": "那呢？"}]
    assert gate.ernie(asked_before).json()["ban_round"] == 1
    assert gate.ernie("ａｂｃ药怎么样").json()["need_clear_history"] is True
    told = events(gate.ernie(turns, stream=True))
    assert all(event["need_clear_history"] and event["ban_round"] == -1 for event in told)
    body = gate.openai("哪里买违禁品？").json()
    assert body["choices"][0]["finish_reason"] == "content_filter"
    # What is allowed, and what an assistant had said, is no reason.
    for fine in ("违禁品清单在哪里？", [turns[0], {"role": "assistant", "content": "违禁品"}, turns[0]]):
        assert gate.ernie(fine).json()["need_clear_history"] is False


def test_what_may_not_be_answered_is_masked(stocked: Gate) -> None:
    succeeded(stocked.administer("PUT", "/words", json={"blocked": ["第二个抽屉", "前台第二"]}))
    masked = "仓库的钥匙放在*******。"
    body = stocked.ernie().json()
    assert (body["result"], body["finish_reason"], body["need_clear_history"]) == (masked, "content_filter", False)
    assert "".join(event["result"] for event in events(stocked.ernie(stream=True))) == masked
    body = stocked.openai().json()
    assert body["choices"][0]["message"]["content"] == masked
    assert body["choices"][0]["finish_reason"] == "content_filter"


def test_words_are_the_tenant_s_own(gate: Gate, steady: Gate) -> None:
    succeeded(gate.administer("PUT", "/words", json={"blocked": ["你好"]}))
    assert gate.ernie("你好").json()["need_clear_history"] is True
    assert steady.ernie("你好").json()["need_clear_history"] is False
    refused_in_code(gate.administer("PUT", "/words", json={"blocked": ["x" * 65]}), 400)
    refused_in_code(gate.administer("PUT", "/words", json={}), 400)


def test_usage_is_told_by_day_caller_and_model(stocked: Gate) -> None:
    spent = [stocked.ernie().json()["usage"], stocked.openai().json()["usage"]]
    refused(stocked.openai(model="gpt-x"), 404)
    (answered, failed) = sorted(stocked.used(), key=lambda row: row["failures"])
    assert (answered["calls"], answered["failures"], answered["model"]) == (2, 0, "wenshu-extractive")
    assert answered["caller"] == f"key:{stocked.key.access.removeprefix('wsk_')}"
    assert answered["promptTokens"] == sum(usage["prompt_tokens"] for usage in spent)
    assert answered["completionTokens"] == sum(usage["completion_tokens"] for usage in spent)
    assert (failed["calls"], failed["failures"], failed["model"]) == (1, 1, "-")
    notes = stocked.used("/usage/calls")
    assert [(note["status"], note["askedModel"]) for note in notes] == [
        (404, "gpt-x"),
        (200, "default"),
        (200, "completions_pro"),
    ]
    assert all(note["traceId"] and note["path"] for note in notes)
    assert stocked.used(model="none") == []
    assert len(stocked.used(**{"from": answered["day"], "to": answered["day"]})) == 2
    assert stocked.used(to="2020-01-01") == []
    headers = {**stocked.people.headers, "X-Tenant-Id": stocked.key.tenant}
    refused(stocked.client.get("/api/v1/usage", params={"from": "昨天"}, headers=headers), 400)


def test_a_budget_ends_the_day(gate: Gate) -> None:
    assert succeeded(gate.administer("GET", "/budget")) == {"dayTokens": None, "monthTokens": None}
    succeeded(gate.administer("PUT", "/budget", json={"dayTokens": 1}))
    assert gate.ernie().json()["usage"]["total_tokens"] > 1
    body = refused(gate.ernie(), 429)
    assert body["error_code"] == 17
    answer = gate.openai()
    assert refused(answer, 429)["error"]["code"] == "insufficient_quota"
    assert 0 < int(answer.headers["Retry-After"]) <= 86_400
    succeeded(gate.administer("PUT", "/budget", json={"monthTokens": 1}))
    assert refused(gate.openai(), 429)["error"]["type"] == "insufficient_quota"
    succeeded(gate.administer("PUT", "/budget", json={}))
    assert gate.openai().status_code == 200
    refused_in_code(gate.administer("PUT", "/budget", json={"dayTokens": -1}), 400)


def test_system_memory(gate: Gate, steady: Gate) -> None:
    def act(action: str, **body: object):
        params = {"access_token": gate.token, "Action": action}
        return gate.client.post("/v2/memory", params=params, json=body)

    made = act("CreateSystemMemory", appId=488, description="我们的产品保修期为三年。").json()["result"]
    assert made.startswith("sm-")
    told = gate.ernie("保修期多长？", enable_system_memory=True, system_memory_id=made).json()
    assert told["result"] == "我们的产品保修期为三年。"
    shown = act("DescribeSystemMemory", systemMemoryId=made).json()["result"]
    assert (shown["systemMemoryId"], shown["appId"], shown["memories"]) == (made, "488", [])
    dialogues = [[{"role": "user", "content": "总部在哪里？"}, {"role": "assistant", "content": "总部在福州。"}]]
    assert act("ModifySystemMemory", systemMemoryId=made, memories=dialogues).json()["result"] is True
    told = gate.ernie("总部在哪里？", enable_system_memory=True, system_memory_id=made).json()
    assert "总部在福州" in told["result"]
    page = act("DescribeSystemMemories", appId="488").json()["result"]
    assert (page["total"], page["systemMemories"][0]["memories"]) == (1, dialogues)
    # Another tenant's is like none.
    theirs = refused(steady.ernie("在哪里？", enable_system_memory=True, system_memory_id=made), 400)
    none = refused(steady.ernie("在哪里？", enable_system_memory=True, system_memory_id="sm-none"), 400)
    assert theirs == none
    assert act("DeleteSystemMemory", systemMemoryId=made).json()["result"] is True
    assert refused(act("DescribeSystemMemory", systemMemoryId=made), 404)["error_code"] == 3
    assert refused(act("DescribeSystemMemory"), 400)["error_code"] == 336003
    assert refused(act("Nothing"), 400)["error_code"] == 336003


@pytest.mark.parametrize("blow", ["kill", "stop"])
def test_usage_outlives_the_server(tmp_path, blow: str) -> None:
    server = ServerProcess(tmp_path / "home").start()
    try:
        with server.client() as client:
            people = People(client, server.home)
            gate = Gate(client, people, made_key(people, people.tenant("t")))
            for _ in range(20):
                assert gate.openai(QUESTION).status_code == 200
            if blow == "kill":
                # Nobody asks for it: it is written by itself.
                eventually(lambda: written(server) == 20)
        getattr(server, blow)()
        assert written(server) == 20
    finally:
        server.stop()


def written(server: ServerProcess) -> int:
    """How many calls stand in the database's sums."""
    with closing(sqlite3.connect(f"file:{server.home / 'wenshu.sqlite3'}?mode=ro", uri=True)) as database:
        return database.execute("SELECT coalesce(sum(calls), 0) FROM gateway_usage").fetchone()[0]
