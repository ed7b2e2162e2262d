"""PostgreSQL goes away and comes back: calls say so in their dialect, nothing is lost, no restart is needed."""

import asyncio
import json

import httpx2 as httpx
import pytest

from faults.outside import model_server
from parts import assistant, index_of
from postgres import PostgresServer
from wenshu.core.database.engine import Database
from wenshu.core.database.scope import Scope
from wenshu.core.llm.openai import OpenAIChatModel
from wenshu.core.settings import load
from wenshu.kit.errors import Unavailable
from wenshu.server.app import create_app, create_asgi
from wenshu.server.home import Home
from wenshu.services.assistant.chat.ask import ask, resume
from wenshu.services.assistant.chat.recovery import recover
from wenshu.services.assistant.chat.schemas import Ask

FACT = "东门仓库由林晓峰负责。"
PASSWORD = "correct-horse-battery"


@pytest.fixture
def server():
    made = PostgresServer()
    try:
        yield made.start()
    finally:
        made.close()


@pytest.fixture
async def client(server, tmp_path):
    """The whole application on PostgreSQL, its index a file."""
    url = server.url("postgres", user=f"postgres:{PASSWORD}")
    settings = load({"home": tmp_path, "database": {"url": url}})
    app = create_app(settings, Home(tmp_path), "http://127.0.0.1:1")
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(create_asgi(app, settings)), base_url="http://127.0.0.1:1"
        ) as opened,
    ):
        yield opened


async def made(client, session_id):
    return await client.post("/chat_service/session", json={"user_id": "u", "session_id": session_id})


async def test_calls_are_503_in_their_dialect_while_it_is_away(client, server, caplog):
    assert (await made(client, "s-1")).status_code == 200
    assert (await client.get("/readyz")).status_code == 200
    await asyncio.to_thread(server.stop)
    for answer in (await made(client, "s-2"), await client.get("/chat_service/sessions", params={"user_id": "u"})):
        assert answer.status_code == 503
        assert answer.json() == {"status": "fail", "code": 503, "msg": "数据库暂不可用，请稍后重试", "data": ""}
    ready = await client.get("/readyz")
    assert ready.status_code == 503
    checks = ready.json()["checks"]
    assert checks.pop("database") == "数据库暂不可用，请稍后重试"
    assert {"storage": "ok", "parser": "ok", "index": "ok"}.items() <= checks.items()
    assert (await client.get("/livez")).status_code == 200
    await asyncio.to_thread(server.start)
    assert (await made(client, "s-2")).status_code == 200
    assert (await client.get("/readyz")).status_code == 200
    assert PASSWORD not in caplog.text


async def test_an_answer_that_found_no_database_is_given_again(server, tmp_path):
    """The model had written it: it is stored once the database is back, without a restart."""
    database = Database(server.url("postgres"))
    await database.migrate()
    with model_server() as model:
        model.pieces = [f"{FACT}[1]"]
        gate = model.stop_at(1)
        chat = OpenAIChatModel(model.url, "m", "")
        async with index_of(database, tmp_path) as index, assistant(database, tmp_path, index, chat) as parts:
            turn = await ask(parts, Scope("t"), question())
            await asyncio.to_thread(gate.wait_until_reached)
            await asyncio.to_thread(server.stop)
            model.go_on()
            with pytest.raises(Unavailable):
                await turn.result()
            assert parts.running.left_open == {turn.stream_id}
            await asyncio.to_thread(server.start)
            assert await recover(parts, judge=False) == 1
            told = await (await resume(parts, Scope("t"), turn.stream_id)).result()
            assert FACT.rstrip("。") in told["content"]
            assert parts.running.left_open == set()
        await chat.close()
    await database.close()


def question():
    upload = {"file_name": "仓库.txt", "content": FACT}
    body = {"user_id": "u", "question": "东门仓库由谁负责？", "use_vector_db": False, "uploaded_docs": [upload]}
    return Ask.model_validate_json(json.dumps(body))
