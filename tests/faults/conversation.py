"""A conversation whose answers are written by a model that stops where a test wants it to."""

from contextlib import suppress

import httpx2 as httpx

from faults.acts import events
from faults.outside import ModelServer
from faults.wenshu import Wenshu
from serving import eventually

FACTS = ["东门仓库由林晓峰负责。", "西门仓库由周雨晴负责。", "南门仓库由郑大海负责。"]
QUESTION = "三个仓库分别由谁负责？"
LAST = len(FACTS)


def begin(wenshu: Wenshu, model: ModelServer, *, stop_seconds: int = 1) -> Wenshu:
    """Start the server with the model, and store what its answers are made of."""
    model.pieces = [f"{fact}[{number}]" for number, fact in enumerate(FACTS, 1)]
    wenshu.start(**settings(model, stop_seconds))
    with wenshu.client() as client:
        stored = {"question": [f"{fact[:4]}由谁负责？" for fact in FACTS], "answer": FACTS}
        assert client.post("/vector_db_service/add_qa", json=stored).status_code == 200
    return wenshu


def settings(model: ModelServer, stop_seconds: int = 1) -> dict[str, str]:
    stop = {"WENSHU_SERVER_STOP_SECONDS": str(stop_seconds)}
    return {"WENSHU_LLM_URL": model.url, "WENSHU_LLM_MODEL": "m", **stop}


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


def assert_answered(client, sessions=("s-1",), user: str = "u-1") -> None:
    for session_id in sessions:
        eventually(lambda s=session_id: len(history(client, s)) == 2)
        (asked, question), (said, answer) = history(client, session_id)
        assert (asked, question, said) == ("user", QUESTION, "assistant")
        assert all(fact.rstrip("。") in answer for fact in FACTS), answer
    listed = client.get("/chat_service/sessions", params={"user_id": user}).json()["data"]
    assert sorted(session["session_id"] for session in listed) == sorted(sessions)
