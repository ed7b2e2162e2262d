"""SIGKILL while a model writes an answer: the question was accepted, so it is answered after the restart."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress

import httpx2 as httpx
import pytest

from faults.acts import events
from serving import eventually

FACTS = ["东门仓库由林晓峰负责。", "西门仓库由周雨晴负责。", "南门仓库由郑大海负责。"]
QUESTION = "三个仓库分别由谁负责？"
LAST = len(FACTS)


@pytest.fixture
def asking(wenshu, model):
    """A server whose answers are written by the model server."""
    model.pieces = [f"{fact}[{number}]" for number, fact in enumerate(FACTS, 1)]
    wenshu.start(**settings(model))
    with wenshu.client() as client:
        stored = {"question": [f"{fact[:4]}由谁负责？" for fact in FACTS], "answer": FACTS}
        assert client.post("/vector_db_service/add_qa", json=stored).status_code == 200
    return wenshu


def settings(model) -> dict[str, str]:
    return {"WENSHU_LLM_URL": model.url, "WENSHU_LLM_MODEL": "m", "WENSHU_SERVER_STOP_SECONDS": "1"}


def ask(client, *, stream: bool, session_id: str = "s-1"):
    """Ask; what came of it: the events that were told, or the answer, or nothing where the server died."""
    body = {"user_id": "u-1", "session_id": session_id, "question": QUESTION, "stream": stream}
    told: list[dict] = []
    with suppress(httpx.TransportError), client.stream("POST", "/chat_service/chat", json=body) as response:
        if stream:
            for event in events(response):
                told.append(event)  # noqa: PERF402 (what came before the cut is kept)
        else:
            response.read()
            told.append(response.json())
    return told


def history(client, session_id: str = "s-1") -> list[tuple[str, str]]:
    messages = client.get(f"/chat_service/session/{session_id}/messages").json()["data"]
    return [(message["role"], message["content"]) for message in messages]


def assert_answered(client, sessions=("s-1",)) -> None:
    for session_id in sessions:
        eventually(lambda s=session_id: len(history(client, s)) == 2)
        (asked, question), (said, answer) = history(client, session_id)
        assert (asked, question, said) == ("user", QUESTION, "assistant")
        assert all(fact.rstrip("。") in answer for fact in FACTS), answer
    listed = client.get("/chat_service/sessions", params={"user_id": "u-1"}).json()["data"]
    assert sorted(session["session_id"] for session in listed) == sorted(sessions)


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    "piece",
    [
        pytest.param(-1, id="before-the-headers", marks=pytest.mark.slow),
        pytest.param(0, id="before-the-first-piece", marks=pytest.mark.slow),
        pytest.param(2, id="amid-the-answer"),
        pytest.param(LAST, id="before-the-end", marks=pytest.mark.slow),
    ],
)
def test_kill_while_the_model_writes(asking, model, piece, stream):
    gate = model.stop_at(piece)
    with asking.client() as client, ThreadPoolExecutor(1) as pool:
        asked = pool.submit(ask, client, stream=stream)
        gate.wait_until_reached()
        assert history(client) == [("user", QUESTION)]
        asking.kill()
        told = asked.result()
    assert not any(event.get("done") for event in told)
    model.go_on()
    asking.restart(**settings(model))
    with asking.client() as client:
        assert_answered(client)
        if told:
            resumed = client.get(f"/chat_service/stream/{told[0]['stream_id']}")
            assert '"done":true' in resumed.text
            assert FACTS[-1].rstrip("。") in resumed.text
    asking.check()
    assert not asking.faults()


@pytest.mark.slow
def test_kill_with_many_questions_in_flight(asking, model):
    gate = model.stop_at(1)
    sessions = [f"s-{number}" for number in range(8)]
    with asking.client() as client, ThreadPoolExecutor(len(sessions)) as pool:
        asked = [pool.submit(ask, client, stream=at % 2 == 0, session_id=name) for at, name in enumerate(sessions)]
        gate.wait_until_reached()
        eventually(lambda: model.asked == len(sessions))
        asking.kill()
        for call in asked:
            call.result()
    model.go_on()
    asking.restart(**settings(model))
    with asking.client() as client:
        assert_answered(client, sessions)
    asking.check()


@pytest.mark.slow
def test_a_question_that_is_cut_at_every_start_is_given_up(asking, model):
    """Whatever brings the process down must not do so for ever; the session stays of use."""
    gate = model.stop_at(1)
    with asking.client() as client, ThreadPoolExecutor(1) as pool:
        asked = pool.submit(ask, client, stream=True)
        gate.wait_until_reached()
        asking.kill()
        asked.result()
    starts = 1
    while unfinished(asking):
        assert starts <= 5, "still tried again"
        gate = model.stop_at(1)
        before = model.asked
        asking.restart(**settings(model))
        eventually(lambda asked=before: model.asked > asked or not unfinished(asking))
        asking.kill()
        starts += 1
    assert starts > 2, "given up at the first cut"
    model.go_on()
    asking.restart(**settings(model))
    with asking.client() as client:
        assert history(client) == [("user", QUESTION)]
        assert ask(client, stream=False)[0]["code"] == 200
        assert len(history(client)) == 3
    asking.check()


def unfinished(wenshu) -> int:
    with closing(wenshu.store()) as store:
        return store.open_turns()
