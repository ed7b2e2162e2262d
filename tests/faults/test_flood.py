"""Many at once: no call fails, no write is lost, and a caller over its rate is told when to come back."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from faults.material import answers, questions, text, whole

CHATS = 50
DOCUMENTS = 20


def post(client, path: str, **body):
    return client.post(path, json={"tenant_code": "t", **body})


def ask(client, number: int):
    question = questions(CHATS)[number]
    body = {"user_id": f"u-{number % 5}", "session_id": f"s-{number % 10}", "question": question}
    return post(client, "/chat_service/chat", **body, stream=number % 2 == 0)


def search(client, number: int):
    return post(client, "/vector_db_service/search_from_vector_db", query=f"第{number}号仓库", collection_type="DOC")


def add(client, url: str, number: int):
    return post(client, "/vector_db_service/add_document", doc_url=url, doc_name=f"{number}.txt")


@pytest.mark.parametrize("paragraphs", [150, pytest.param(2_000, marks=pytest.mark.slow)])
def test_chats_and_searches_amid_an_ingest(wenshu, docs, paragraphs):
    wenshu.start()
    urls = [docs.put(f"{number}.txt", text("甲", paragraphs)) for number in range(DOCUMENTS)]
    with wenshu.client() as client, ThreadPoolExecutor(CHATS + DOCUMENTS) as pool:
        pairs = {"question": questions(CHATS), "answer": answers("甲", CHATS)}
        assert post(client, "/vector_db_service/add_qa", **pairs).status_code == 200
        calls = [pool.submit(add, client, url, number) for number, url in enumerate(urls)]
        calls += [pool.submit(call, client, number) for number in range(CHATS) for call in (ask, search)]
        statuses = Counter(call.result().status_code for call in calls)
        assert statuses == {200: 2 * CHATS + DOCUMENTS}
        told = {}
        for number in range(10):
            said = client.get(f"/chat_service/session/s-{number}/messages").json()["data"]
            asked = [message for message in said if message["role"] == "user"]
            assert len(said) == 2 * len(asked) == 2 * CHATS // 10
            told |= dict(zip([m["content"] for m in said[::2]], [m["content"] for m in said[1::2]], strict=True))
    assert len(told) == CHATS
    assert all(f"由第{number}小组保管" in told[question] for number, question in enumerate(questions(CHATS)))
    with closing(wenshu.store()) as store:
        store.check()
        assert store.open_turns() == 0
        for number in range(DOCUMENTS):
            assert store.document("t", f"{number}.txt") == whole("甲", paragraphs)
    assert wenshu.temporary() == []
    assert not wenshu.faults()


@pytest.mark.slow
def test_one_name_added_by_many_at_once(wenshu, docs):
    """The last one stands, whole; there is one document."""
    wenshu.start()
    urls = {version: docs.put(f"{version}.txt", text(version, 300)) for version in "甲乙丙丁"}
    with wenshu.client() as client, ThreadPoolExecutor(12) as pool:
        calls = [
            pool.submit(post, client, "/vector_db_service/add_document", doc_url=url, doc_name="a.txt")
            for url in [*urls.values()] * 3
        ]
        assert {call.result().status_code for call in calls} == {200}
    with closing(wenshu.store()) as store:
        store.check()
        assert store.document("t", "a.txt") in [whole(version, 300) for version in urls]
        assert store.rows("SELECT count(*) FROM documents") == [(1,)]


def test_over_the_rate_limit(wenshu):
    wenshu.start(WENSHU_RATE_LIMIT="20/minute")
    with wenshu.client() as client, ThreadPoolExecutor(10) as pool:
        answered = list(pool.map(lambda number: search(client, number), range(40)))
        statuses = Counter(answer.status_code for answer in answered)
        assert set(statuses) == {200, 429}
        assert 20 <= statuses[200] < 40
        for answer in answered:
            if answer.status_code == 429:
                assert 1 <= int(answer.headers["Retry-After"]) <= 60
                assert (answer.json()["status"], answer.json()["code"], answer.json()["data"]) == ("fail", 429, "")
        other = {"query": "盘点", "collection_type": "DOC", "tenant_code": "another"}
        assert client.post("/vector_db_service/search_from_vector_db", json=other).status_code == 200
