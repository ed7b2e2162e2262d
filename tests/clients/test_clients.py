"""Real clients of other people against a running server: unchanged but for the address and the key."""

import json
from collections.abc import Iterator
from contextlib import ExitStack

import openai
import pytest

from clients.environments import run
from contracts.accounts.people import People
from contracts.gateway.conftest import Gate, made_key
from embeddings import DIMENSION, EmbeddingServer, vector_of
from serving import ServerProcess
from upstream import Asked, Upstream, calling, saying

PIECES = ["你", "好", "！", ""]


def talking(asked: Asked) -> None:
    """Greets; asked for the weather, it calls what it is offered."""
    last = asked.body["messages"][-1]["content"]
    turn = calling("weather", "{}") if "tools" in asked.body and "天气" in str(last) else saying("你", "好", "！")
    turn(asked)


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    with ExitStack() as stack:
        upstream, vectors = stack.enter_context(Upstream(talking)), stack.enter_context(EmbeddingServer())
        server = ServerProcess(
            tmp_path_factory.mktemp("clients") / "home",
            WENSHU_GATEWAY_UPSTREAMS=json.dumps([upstream.setting()]),
            WENSHU_EMBEDDING_URL=vectors.url,
            WENSHU_EMBEDDING_MODEL="concepts",
        )
        stack.callback(server.stop)
        client = stack.enter_context(server.start().client())
        people = People(client, server.home)
        yield Gate(client, people, made_key(people, people.tenant("t")))


@pytest.fixture
def sdk(gate: Gate) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{gate.client.base_url}/v1".replace("//v1", "/v1"), api_key=gate.key.text) as client:
        yield client


def test_openai_chat(sdk: openai.OpenAI) -> None:
    ask = [{"role": "user", "content": "你好"}]
    whole = sdk.chat.completions.create(model="default", messages=ask)
    assert whole.choices[0].message.content == "你好！"
    assert whole.usage.total_tokens == 18
    with sdk.chat.completions.create(
        model="default", messages=ask, stream=True, stream_options={"include_usage": True}
    ) as stream:
        chunks = list(stream)
    assert "".join(one.choices[0].delta.content or "" for one in chunks if one.choices) == "你好！"
    assert chunks[-1].usage.completion_tokens == 7


def test_openai_tools(sdk: openai.OpenAI) -> None:
    tools = [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}]
    asked = {"model": "m-1", "messages": [{"role": "user", "content": "福州天气"}], "tools": tools}
    (call,) = sdk.chat.completions.create(**asked).choices[0].message.tool_calls
    assert (call.function.name, call.function.arguments) == ("weather", "{}")
    with sdk.chat.completions.stream(**asked) as stream:
        stream.until_done()
        final = stream.get_final_completion()
    assert final.choices[0].message.tool_calls[0].function.name == "weather"


def test_openai_embeddings(sdk: openai.OpenAI) -> None:
    for encoding in (openai.NOT_GIVEN, "float", "base64"):
        made = sdk.embeddings.create(model="concepts", input=["年假", "报销"], encoding_format=encoding)
        vectors = [one.embedding for one in made.data]
        assert isinstance(vectors[0], list) or encoding == "base64"
        if encoding != "base64":
            assert [len(vector) for vector in vectors] == [DIMENSION] * 2
            assert vectors[0] == pytest.approx(vector_of("年假"), abs=1e-6)
    with pytest.raises(openai.BadRequestError):
        sdk.embeddings.create(model="concepts", input="年假", dimensions=7)


def test_openai_models_and_errors(sdk: openai.OpenAI) -> None:
    assert {"default", "m-1", "wenshu-extractive", "concepts"} <= {model.id for model in sdk.models.list()}
    assert sdk.models.retrieve("fake/m-1").id == "fake/m-1"
    with pytest.raises(openai.NotFoundError) as caught:
        sdk.chat.completions.create(model="none", messages=[{"role": "user", "content": "你好"}])
    assert caught.value.code == "model_not_found"
    with pytest.raises(openai.AuthenticationError):
        sdk.with_options(api_key="wsk_none").models.list()


def addresses(gate: Gate) -> dict[str, str]:
    url = str(gate.client.base_url).rstrip("/")
    names = ("QIANFAN_BASE_URL", "QIANFAN_CONSOLE_API_BASE_URL", "QIANFAN_IAM_BASE_URL")
    return {**dict.fromkeys(names, url), "EB_BASE_URL": f"{url}/rpc/2.0/ai_custom/v1/wenxinworkshop"}


def halves(gate: Gate, *names: str) -> dict[str, str]:
    return dict(zip(names, (gate.key.access, gate.key.secret), strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("way", ["key", "token", "iam"])
def test_qianfan(gate: Gate, way: str) -> None:
    credential = {
        "key": halves(gate, "QIANFAN_AK", "QIANFAN_SK"),
        "token": {"QIANFAN_ACCESS_TOKEN": gate.token},
        "iam": halves(gate, "QIANFAN_ACCESS_KEY", "QIANFAN_SECRET_KEY"),
    }[way]
    told = run("qianfan", "qianfan_all", {**addresses(gate), **credential})
    assert told == {
        "whole": "你好！",
        "stream": PIECES,
        "async": "你好！",
        "async stream": PIECES,
        "function": "weather",
        "vectors": [DIMENSION, DIMENSION],
    }


@pytest.mark.slow
def test_qianfan_v2_and_memory(gate: Gate) -> None:
    credential = halves(gate, "QIANFAN_ACCESS_KEY", "QIANFAN_SECRET_KEY")
    told = run("qianfan", "qianfan_iam", {**addresses(gate), **credential})
    assert told["v2"] == "你好！"
    assert told["memory"].startswith("sm-")


@pytest.mark.slow
def test_erniebot(gate: Gate) -> None:
    told = run("erniebot", "erniebot_chat", {**addresses(gate), "TOKEN": gate.token})
    assert told == {"whole": "你好！", "stream": PIECES}


@pytest.mark.slow
def test_langchain(gate: Gate) -> None:
    told = run("langchain", "langchain_chat", {**addresses(gate), **halves(gate, "QIANFAN_AK", "QIANFAN_SK")})
    assert (told["whole"], "".join(told["stream"])) == ("你好！", "你好！")


@pytest.mark.slow
def test_llamaindex(gate: Gate) -> None:
    credential = halves(gate, "QIANFAN_ACCESS_KEY", "QIANFAN_SECRET_KEY")
    told = run("llamaindex", "llamaindex_chat", {**addresses(gate), **credential})
    assert (told["whole"], "".join(told["stream"])) == ("你好！", "你好！")
