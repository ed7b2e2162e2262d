"""Models behind the gateway: what reaches them, what comes back, and every way in which they fail."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import httpx2 as httpx
import pytest

from contracts.accounts.people import People, succeeded
from contracts.gateway.conftest import Gate, made_key
from contracts.gateway.wire import events, refused
from serving import ServerProcess, eventually
from upstream import Turn, Upstream, calling, cut, dripping, hanging, raw, refusing, saying

WHOLE = json.dumps({"choices": [{"message": {"role": "assistant", "content": "整个"}, "finish_reason": "stop"}]})


@dataclass
class World:
    """A gateway with two upstreams: ``default`` is the first, then the second."""

    gate: Gate
    first: Upstream
    second: Upstream

    def alone(self, turn: Turn, *more: Turn) -> Gate:
        """What the first one does next, asked without the second behind it."""
        self.first.play(turn, *more)
        return self.gate


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with ExitStack() as stack:
        first, second = stack.enter_context(Upstream()), stack.enter_context(Upstream())
        server = ServerProcess(
            tmp_path_factory.mktemp("upstreams") / "home",
            WENSHU_GATEWAY_UPSTREAMS=json.dumps([first.setting("one", "m-1"), second.setting("two", "m-2")]),
            WENSHU_GATEWAY_DEFAULT='["one/m-1", "m-2"]',
            WENSHU_GATEWAY_BREAKER_FAILURES="1000",
            WENSHU_LLM_FIRST_BYTE_SECONDS="1",
            WENSHU_LLM_BETWEEN_BYTES_SECONDS="1",
        )
        stack.callback(server.stop)
        client = stack.enter_context(server.start().client())
        people = People(client, server.home)
        yield World(Gate(client, people, made_key(people, people.tenant("t"))), first, second)
    assert "sk-upstream" not in server.log.read_text()


@pytest.fixture(autouse=True)
def _fresh(world: World) -> None:
    world.first.play(saying("你", "好", "！"))
    world.second.play(saying("第二个"))


def text(answer: httpx.Response) -> str:
    assert answer.status_code == 200, answer.text
    return answer.json()["choices"][0]["message"]["content"]


def test_what_openai_s_call_says_reaches_the_model(world: World) -> None:
    tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
    parts = [{"type": "text", "text": "看"}, {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}]
    asked = {
        "temperature": 0.3,
        "tools": [tool],
        "tool_choice": "auto",
        "max_tokens": 50,
        "enable_thinking": False,
        "user": "u",
    }
    answer = world.gate.openai([{"role": "system", "content": "简短"}, {"role": "user", "content": parts}], **asked)
    body = answer.json()
    assert text(answer) == "你好！"
    assert body["model"] == "m-1"
    assert body["usage"] == {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
    sent = world.first.last
    assert sent["messages"] == [{"role": "system", "content": "简短"}, {"role": "user", "content": parts}]
    assert {name: sent[name] for name in asked} == asked
    assert (sent["model"], sent["stream"], sent["stream_options"]) == ("m-1", True, {"include_usage": True})
    assert world.first.asked[-1].path == "/v1/chat/completions"
    assert world.first.asked[-1].headers["Authorization"] == "Bearer sk-upstream"


def test_what_ernie_s_call_says_reaches_the_model(world: World) -> None:
    fields = {"temperature": 0.5, "top_p": 0.9, "penalty_score": 1.5, "max_output_tokens": 99, "system": "你是小文"}
    body = world.gate.ernie("你好", response_format="json_object", user_id="u", **fields).json()
    assert (body["result"], body["finish_reason"], body["model"]) == ("你好！", "normal", "m-1")
    assert body["usage"]["total_tokens"] == 18
    sent = world.first.last
    assert sent["messages"] == [{"role": "system", "content": "你是小文"}, {"role": "user", "content": "你好"}]
    wanted = {"temperature": 0.5, "top_p": 0.9, "max_tokens": 99, "frequency_penalty": 0.5, "user": "u"}
    assert {name: sent[name] for name in wanted} == wanted
    assert sent["response_format"] == {"type": "json_object"}
    assert "access_token" not in json.dumps(sent)


def test_functions(world: World) -> None:
    function = {"name": "weather", "description": "天气", "parameters": {"type": "object", "properties": {}}}
    choice = {"type": "function", "function": {"name": "weather"}}
    for stream in (False, True):
        world.first.play(calling("weather", '{"城市":', '"福州"}'))
        answer = world.gate.ernie("福州天气？", functions=[function], tool_choice=choice, stream=stream)
        body = events(answer)[-1] if stream else answer.json()
        assert body["function_call"] == {"name": "weather", "arguments": '{"城市":"福州"}', "thoughts": ""}
        assert (body["finish_reason"], body["result"]) == ("function_call", "")
        assert world.first.last["tools"] == [{"type": "function", "function": function}]
        assert world.first.last["tool_choice"] == choice
    turns = [
        {"role": "user", "content": "福州天气？"},
        {"role": "assistant", "content": "", "function_call": {"name": "weather", "arguments": "{}"}},
        {"role": "function", "name": "weather", "content": '{"温度": 20}'},
    ]
    world.first.play(saying("二十度"))
    assert world.gate.ernie(turns, functions=[function]).json()["result"] == "二十度"
    _, called, result = world.first.last["messages"]
    assert called["tool_calls"][0]["id"] == result["tool_call_id"]
    assert (result["role"], result["content"]) == ("tool", '{"温度": 20}')


def test_tool_calls_in_openai_s_shape(world: World) -> None:
    tools = [{"type": "function", "function": {"name": "weather"}}]
    world.first.play(calling("weather", "{}"))
    choice = world.gate.openai("福州天气？", tools=tools).json()["choices"][0]
    assert choice["finish_reason"] == "tool_calls"
    call = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
    assert choice["message"] == {"role": "assistant", "content": None, "tool_calls": [call]}
    told = events(world.gate.openai("福州天气？", tools=tools, stream=True))
    deltas = [event["choices"][0]["delta"] for event in told]
    assert deltas[0]["tool_calls"][0]["function"]["name"] == "weather"
    assert "".join(part["tool_calls"][0]["function"]["arguments"] for part in deltas if "tool_calls" in part) == "{}"
    assert told[-1]["choices"][0]["finish_reason"] == "tool_calls"


def test_a_stop_word_across_pieces_ends_the_answer_and_the_upstream(world: World) -> None:
    world.first.play(saying("一二", "三四", "五六"))
    for stream in (False, True):
        answer = world.gate.ernie("数数", stop=["三四五"], stream=stream)
        told = events(answer) if stream else [answer.json()]
        assert "".join(event["result"] for event in told) == "一二三四五"
        assert told[-1]["finish_reason"] == "stop"
    # What only began like a stop word is part of the answer.
    assert world.gate.ernie("数数", stop=["六七"]).json()["result"] == "一二三四五六"
    world.first.play(dripping())
    assert world.gate.ernie("数数", stop=["滴滴"]).json()["result"] == "滴滴"
    assert world.first.abandoned.wait(20)


def test_length_is_told(world: World) -> None:
    world.first.play(saying("一二", finish="length"))
    body = world.gate.ernie("数数").json()
    assert (body["finish_reason"], body["is_truncated"]) == ("length", True)


def test_an_upstream_that_does_not_stream(world: World) -> None:
    world.first.play(raw(WHOLE.encode(), "application/json"))
    assert text(world.gate.openai("你好")) == "整个"
    assert "".join(event["result"] for event in events(world.gate.ernie("你好", stream=True))) == "整个"


def test_429_then_success(world: World) -> None:
    world.first.play(refusing(429, Retry_After="0"), saying("好了"))
    assert text(world.gate.openai("你好")) == "好了"
    assert len(world.first.asked) == 2


FAULTS: dict[str, Turn] = {
    "busy": refusing(429, Retry_After="0"),
    "broken": refusing(500),
    "no such model": refusing(404),
    "bad key": refusing(401),
    "hangs": hanging(),
    "nothing": raw(b""),
    "garbage": raw(b"<html>sk-upstream</html>"),
    "wrong json": raw(b'data: {"choices": "none"}\n\n'),
    "wrong json, whole": raw(b'{"id": 5}', "application/json"),
    "an error as an event": raw(b'data: {"error": {"message": "sk-upstream"}}\n\n'),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_fails_before_the_first_byte_is_asked_elsewhere(world: World, fault: str) -> None:
    world.first.play(FAULTS[fault])
    answer = world.gate.openai("你好")
    assert (text(answer), answer.json()["model"]) == ("第二个", "m-2")


@pytest.mark.parametrize("fault", FAULTS)
def test_a_model_that_fails_alone_is_told_in_the_dialect(world: World, fault: str) -> None:
    world.first.play(FAULTS[fault])
    error = refused(world.gate.openai("你好", model="m-1"), 503)["error"]
    assert error["code"] == "model_unavailable"
    assert "sk-" not in json.dumps(error)
    for stream in (False, True):
        asked = {"stream": stream, "path": "/rpc/2.0/ai_custom/v1/wenxinworkshop/chat/m-1"}
        assert refused(world.gate.ernie("你好", **asked), 503)["error_code"] == 336100


def test_what_the_model_does_not_take_is_the_caller_s_fault(world: World) -> None:
    world.first.play(refusing(400))
    refused(world.gate.openai("你好"), 400)
    assert world.second.asked == []
    assert refused(world.gate.ernie("你好"), 400)["error_code"] == 336001


@pytest.mark.parametrize("turn", [cut("一", "二"), hanging("一", "二")], ids=["cut", "stuck"])
def test_what_breaks_off_is_told_and_not_tried_again(world: World, turn: Turn) -> None:
    world.first.play(turn)
    refused(world.gate.openai("你好"), 503)
    told = events(world.gate.openai("你好", stream=True))
    assert "".join(event["choices"][0]["delta"]["content"] for event in told[:-1]) == "一二"
    assert told[-1]["error"]["code"] == "model_unavailable"
    told = events(world.gate.ernie("你好", stream=True))
    assert [event.get("result", "") for event in told] == ["一", "二", ""]
    assert told[-1]["error_code"] == 336100
    assert world.second.asked == []


def test_the_upstream_is_let_go_when_the_client_goes(world: World) -> None:
    for send in (openai_stream, ernie_stream):
        world.first.play(dripping())
        with send(world.gate) as answer:
            assert next(answer.iter_lines()).startswith("data: ")
        assert world.first.abandoned.wait(20)
    notes = eventually(lambda: [note for note in world.gate.used("/usage/calls") if note["status"] == 499])
    assert len(notes) == 2
    assert all(note["completionTokens"] >= 1 for note in notes)


def openai_stream(gate: Gate):
    body = {"model": "default", "stream": True, "messages": [{"role": "user", "content": "你好"}]}
    return gate.client.stream("POST", "/v1/chat/completions", headers=gate.key.headers, json=body)


def ernie_stream(gate: Gate):
    path = "/rpc/2.0/ai_custom/v1/wenxinworkshop/chat/completions"
    body = {"stream": True, "messages": [{"role": "user", "content": "你好"}]}
    return gate.client.stream("POST", path, params={"access_token": gate.token}, json=body)


def test_masked_words_across_pieces(world: World) -> None:
    tenant = world.gate.people.tenant("words")
    gate = Gate(world.gate.client, world.gate.people, made_key(world.gate.people, tenant))
    succeeded(gate.administer("PUT", "/words", json={"blocked": ["机密文件"], "allowed": ["机密文件柜"]}))
    world.first.play(saying("看机", "密文", "件，和机密", "文件柜。机密"))
    told = events(gate.ernie("说", stream=True))
    assert "".join(event["result"] for event in told) == "看****，和机密文件柜。机密"
    assert told[-1]["finish_reason"] == "content_filter"


def test_aliases_fall_back_to_extraction(world: World) -> None:
    models = {"models": ["one/m-1", "wenshu-extractive"]}
    succeeded(world.gate.administer("PUT", "/aliases/careful", json=models))
    world.first.play(refusing(500))
    body = world.gate.openai("保修期多长？", model="careful").json()
    assert body["model"] == "wenshu-extractive"
    names = [
        model["id"] for model in world.gate.client.get("/v1/models", headers=world.gate.key.headers).json()["data"]
    ]
    assert names == ["default", "one/m-1", "m-1", "two/m-2", "m-2", "wenshu-extractive", "careful"]


def test_a_model_that_fails_again_and_again_rests(tmp_path) -> None:
    with Upstream(refusing(500)) as upstream:
        server = ServerProcess(
            tmp_path / "home",
            WENSHU_GATEWAY_UPSTREAMS=json.dumps([upstream.setting()]),
            WENSHU_GATEWAY_ATTEMPTS="1",
            WENSHU_GATEWAY_BREAKER_FAILURES="3",
            WENSHU_GATEWAY_BREAKER_SECONDS="1",
        ).start()
        try:
            with server.client() as client:
                people = People(client, server.home)
                gate = Gate(client, people, made_key(people, people.tenant("t")))
                answers = [refused(gate.openai("你好"), 503)["error"]["message"] for _ in range(6)]
                assert len(upstream.asked) == 3
                assert ["暂停" in answer for answer in answers] == [False] * 3 + [True] * 3
                upstream.play(saying("好了"))
                eventually(lambda: gate.openai("你好").status_code == 200)
        finally:
            server.stop()
