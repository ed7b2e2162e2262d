"""SIGKILL while a model writes an answer: the question was accepted, so it is answered after the restart."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress

import httpx2 as httpx
import pytest

from faults.conversation import FACTS, LAST, QUESTION, ask, assert_answered, history, settings
from serving import eventually


@pytest.mark.parametrize("stream", [True, pytest.param(False, marks=pytest.mark.slow)])
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


def test_kill_amid_a_stop(asking, model):
    """The wish to stop was written down, and its process died before it could carry it out."""
    gate = model.stop_at(2)
    with asking.client() as client, ThreadPoolExecutor(1) as pool:
        asked = pool.submit(ask, client, stream=True)
        gate.wait_until_reached()
        asking.kill()
        told = asked.result()
    with closing(sqlite3.connect(asking.home / "wenshu.sqlite3")) as database, database:
        database.execute("UPDATE chat_turns SET stop_requested = 1")
    model.go_on()
    before = model.asked
    asking.restart(**settings(model))
    with asking.client() as client:
        (_, answer) = client.get("/chat_service/session/s-1/messages").json()["data"]
        assert (answer["stopped"], answer["notices"]) == (True, ["已停止"])
        assert '"stopped":true' in client.get(f"/chat_service/stream/{told[0]['stream_id']}").text
        assert model.asked == before
        again = f"/chat_service/session/s-1/messages/{answer['id']}/regenerate"
        assert client.post(again, json={"stream": False}).json()["data"]["stopped"] is False
        assert_answered(client)
    asking.check()
    assert not asking.faults()


def test_kill_while_an_answer_is_given_again(asking, model):
    with asking.client() as client:
        ask(client, stream=False)
        (_, first) = client.get("/chat_service/session/s-1/messages").json()["data"]
        gate = model.stop_at(1)
        address = f"/chat_service/session/s-1/messages/{first['id']}/regenerate"
        with ThreadPoolExecutor(1) as pool:
            asked = pool.submit(try_post, client, address)
            gate.wait_until_reached()
            assert history(client)[1][1] == first["content"]
            asking.kill()
            asked.result()
    asking.check()
    model.go_on()
    asking.restart(**settings(model))
    with asking.client() as client:
        eventually(lambda: len(client.get("/chat_service/session/s-1/messages").json()["data"][1]["versions"]) == 2)
        assert_answered(client)
    asking.check()
    assert not asking.faults()


def try_post(client, address):
    with suppress(httpx.TransportError):
        client.post(address, json={})


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
