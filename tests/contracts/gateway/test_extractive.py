"""Without a model: both families of calls are answered from the conversation and the library, and say by whom."""

import json

import pytest

from contracts.gateway.conftest import QUESTION, Gate
from contracts.gateway.wire import ERNIE, events, refused

ANSWER = "仓库的钥匙放在前台第二个抽屉。"
DOCUMENTED = {
    "id": str,
    "object": str,
    "created": int,
    "is_truncated": bool,
    "finish_reason": str,
    "result": str,
    "need_clear_history": bool,
    "usage": dict,
}


def test_ernie_answers_with_every_documented_field(stocked: Gate) -> None:
    body = stocked.ernie().json()
    assert {name: type(body[name]) for name in DOCUMENTED} == DOCUMENTED
    assert (body["result"], body["finish_reason"], body["is_truncated"]) == (ANSWER, "normal", False)
    assert body["object"] == "chat.completion"
    assert body["model"] == "wenshu-extractive"
    assert "sentence_id" not in body
    assert "search_info" not in body
    usage = body["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    assert usage["prompt_tokens"] == len(QUESTION)


def test_citations_and_traces_as_asked(stocked: Gate) -> None:
    results = [{"index": 1, "url": "行政手册", "title": QUESTION}]
    cited = stocked.ernie(enable_citation=True).json()
    assert cited["result"] == f"{ANSWER}^[1]^"
    assert cited["search_info"]["search_results"] == results
    traced = stocked.ernie(enable_trace=True).json()
    assert traced["result"] == ANSWER
    assert traced["search_info"]["search_results"] == results
    # Without search both have no effect, and the library is not looked into.
    off = stocked.ernie(enable_citation=True, enable_trace=True, disable_search=True).json()
    assert "search_info" not in off
    assert "抽屉" not in off["result"]


def test_a_stream_is_the_answer_in_pieces(stocked: Gate) -> None:
    told = events(stocked.ernie(stream=True, enable_citation=True))
    assert "".join(event["result"] for event in told) == f"{ANSWER}^[1]^"
    assert [event["sentence_id"] for event in told] == list(range(len(told)))
    assert [event["is_end"] for event in told] == [False] * (len(told) - 1) + [True]
    assert all(set(DOCUMENTED) <= set(event) for event in told)
    assert len({event["id"] for event in told}) == 1
    assert told[-1]["search_info"]["search_results"][0]["index"] == 1


@pytest.mark.parametrize("path", ["completions", "completions_pro", "ernie-4.0-8k", "eb-instant", "ernie_speed", "x.y"])
def test_every_path_is_served(stocked: Gate, path: str) -> None:
    assert stocked.ernie(path=f"{ERNIE}/chat/{path}").json()["result"] == ANSWER


def test_the_conversation_is_material_too(steady: Gate) -> None:
    told = "我们的产品保修期为三年。"
    assert steady.ernie("保修期多长？", system=told).json()["result"] == told
    turns = [
        {"role": "user", "content": told},
        {"role": "assistant", "content": "好的。"},
        {"role": "user", "content": "保修期多长？"},
    ]
    assert steady.ernie(turns).json()["result"] == told
    long = "请根据下文回答：保修期多长？\n" + "\n".join([f"第 {at} 条是别的规定。" for at in range(30)] + [told])
    assert told in steady.ernie(long).json()["result"]


def test_it_says_what_it_is_where_it_knows_nothing(steady: Gate) -> None:
    for answer in (steady.ernie("你好").json()["result"], words(steady.openai("你好").json())):
        assert "wenshu-extractive" in answer
        assert "不是大模型" in answer


def words(body: dict) -> str:
    return body["choices"][0]["message"]["content"]


def test_stop_and_length(stocked: Gate) -> None:
    body = stocked.ernie(stop=["前台", "抽屉"]).json()
    assert (body["result"], body["finish_reason"]) == ("仓库的钥匙放在前台", "stop")
    body = stocked.ernie(max_output_tokens=4).json()
    assert (body["result"], body["finish_reason"], body["is_truncated"]) == ("仓库的钥", "length", True)
    body = stocked.openai(stop="前台").json()
    assert (words(body), body["choices"][0]["finish_reason"]) == ("仓库的钥匙放在", "stop")
    body = stocked.openai(max_tokens=4).json()
    assert (words(body), body["choices"][0]["finish_reason"]) == ("仓库的钥", "length")


def test_json_where_it_is_asked_for(stocked: Gate) -> None:
    wanted = {"answer": ANSWER, "sources": [{"name": QUESTION, "url": "行政手册"}], "model": "wenshu-extractive"}
    assert json.loads(stocked.ernie(response_format="json_object").json()["result"]) == wanted
    assert json.loads(words(stocked.openai(response_format={"type": "json_object"}).json())) == wanted
    shape = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}}
    assert refused(stocked.openai(response_format=shape), 400)["error"]["param"] == "response_format"


def test_openai_s_shape(stocked: Gate) -> None:
    body = stocked.openai().json()
    assert (body["object"], body["model"]) == ("chat.completion", "wenshu-extractive")
    (choice,) = body["choices"]
    assert choice == {
        "index": 0,
        "message": {"role": "assistant", "content": ANSWER},
        "logprobs": None,
        "finish_reason": "stop",
    }
    assert body["search_results"][0]["title"] == QUESTION


def test_openai_s_stream(stocked: Gate) -> None:
    answer = stocked.openai(stream=True, stream_options={"include_usage": True})
    told = events(answer)
    assert answer.text.endswith("data: [DONE]\n\n")
    assert told[0]["choices"][0]["delta"]["role"] == "assistant"
    texts = [event["choices"][0]["delta"].get("content", "") for event in told if event["choices"]]
    assert "".join(texts) == ANSWER
    assert told[-2]["choices"][0]["finish_reason"] == "stop"
    assert told[-1]["choices"] == []
    assert told[-1]["usage"]["total_tokens"] > 0
    assert all(event["object"] == "chat.completion.chunk" for event in told)
    assert "usage" not in events(stocked.openai(stream=True))[-1]


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"model": ""}, "model"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "none", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user"}]}, "messages[0]"),
        ({"temperature": 2.1}, "temperature"),
        ({"top_p": -1}, "top_p"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"n": 2}, "n"),
        ({"stop": ["1", "2", "3", "4", "5"]}, "stop"),
        ({"response_format": {"type": "xml"}}, "response_format.type"),
        ({"stream": 5}, "stream"),
    ],
)
def test_what_openai_s_call_does_not_take(steady: Gate, fields: dict, param: str) -> None:
    error = refused(steady.openai(**fields), 400)["error"]
    assert (error["param"], error["type"]) == (param, "invalid_request_error")


def test_models(steady: Gate) -> None:
    listed = steady.client.get("/v1/models", headers=steady.key.headers).json()
    assert [model["id"] for model in listed["data"]] == ["default", "wenshu-extractive"]
    one = steady.client.get("/v1/models/wenshu-extractive", headers=steady.key.headers).json()
    assert one["owned_by"] == "wenshu"
    for answer in (
        steady.client.get("/v1/models/gpt-x", headers=steady.key.headers),
        steady.openai(model="gpt-x"),
    ):
        assert refused(answer, 404)["error"]["code"] == "model_not_found"
    # Qianfan's v2 takes any name, as its clients have Baidu's in them.
    asked = {"model": "ernie-4.0-turbo-8k", "messages": [{"role": "user", "content": "你好"}]}
    answer = steady.client.post("/v2/chat/completions", headers=steady.key.headers, json=asked)
    assert answer.json()["model"] == "wenshu-extractive"


def test_without_an_embedder_nobody_pretends(steady: Gate) -> None:
    asked = {"model": "default", "input": "甲"}
    error = refused(steady.client.post("/v1/embeddings", headers=steady.key.headers, json=asked), 503)["error"]
    assert "WENSHU_EMBEDDING_URL" in error["message"]
    path, params = f"{ERNIE}/embeddings/embedding-v1", {"access_token": steady.token}
    body = refused(steady.client.post(path, params=params, json={"input": ["甲"]}), 503)
    assert body["error_code"] == 336100
    assert "WENSHU_EMBEDDING_URL" in body["error_msg"]
