"""Follow-up questions over HTTP: what was searched for stands in the stream, in the answer and in the history."""

import json

PRICES = "型号,目录价（元）,保修期,起订量\nLX-U20-15,568,5年,20\nLX-N10-15,298,3年,50\nLX-N10-20,328,3年,50\n"


def library(client, tag):
    files = {"file": ("价目表.csv", PRICES.encode())}
    url = client.post("/chat_service/upload", files=files).json()["data"]["file_url"]
    body = {"doc_url": url, "doc_name": "价目表.csv", "tenant_code": tag}
    assert client.post("/vector_db_service/add_document", json=body).json()["code"] == 200


def ask(client, tag, question, session_id=None):
    body = {"user_id": "u", "question": question, "tenant_code": tag, "session_id": session_id, "stream": False}
    return client.post("/chat_service/chat", json=body).json()["data"]


def test_a_conversation_is_understood_and_what_was_searched_for_is_kept(client, tag):
    library(client, tag)
    first = ask(client, tag, "LX-N10-15的保修期是多久？")
    assert "3年" in first["answer"]
    assert first["searched_for"] == "LX-N10-15的保修期是多久？"
    second = ask(client, tag, "那目录价呢？", first["session_id"])
    assert "298" in second["answer"]
    assert second["searched_for"] == "LX-N10-15的目录价是多少？"
    third = ask(client, tag, "LX-U20-15呢", first["session_id"])
    assert "568" in third["answer"]
    assert third["searched_for"] == "LX-U20-15的目录价是多少"
    history = client.get(f"/chat_service/session/{first['session_id']}/messages").json()["data"]
    said = [answer["searched_for"] for answer in (first, second, third)]
    assert [message["searched_for"] for message in history] == [None, said[0], None, said[1], None, said[2]]
    assert history[2]["content"] == "那目录价呢？"


def test_the_last_event_of_a_stream_says_what_was_searched_for(client, tag):
    library(client, tag)
    first = ask(client, tag, "LX-N10-15的保修期是多久？")
    body = {"user_id": "u", "question": "LX-N10-20呢", "tenant_code": tag, "session_id": first["session_id"]}
    with client.stream("POST", "/chat_service/chat", json=body) as answer:
        events = [json.loads(line[6:]) for line in answer.iter_lines() if line.startswith("data: ")]
    assert events[-1]["searched_for"] == "LX-N10-20的保修期是多久"
    again = client.get(f"/chat_service/stream/{events[-1]['stream_id']}")
    assert '"searched_for":"LX-N10-20的保修期是多久"' in again.text


def test_another_session_knows_nothing_of_it(client, tag):
    library(client, tag)
    ask(client, tag, "LX-N10-15的保修期是多久？")
    assert ask(client, tag, "那目录价呢？")["searched_for"] == "那目录价呢？"
