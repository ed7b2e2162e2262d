"""``Idempotency-Key`` over HTTP: on every call that creates something, and on no stream."""

import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2 as httpx
import pytest

from contracts.accounts.people import ADMIN, People, bearer, refused, succeeded
from contracts.assistant.wire import CHAT, LIBRARY, failed
from contracts.assistant.wire import succeeded as answered
from serving import ServerProcess, eventually

KEY = "Idempotency-Key"
CREATES = {
    "POST /vector_db_service/add_document",
    "POST /vector_db_service/add_multi_document",
    "POST /vector_db_service/add_qa",
    "POST /vector_db_service/add_qa_from_template",
    "POST /vector_db_service/imports",
    "POST /chat_service/chat",
    "POST /chat_service/session",
    "POST /chat_service/session/{session_id}/messages/{message_id}/regenerate",
    "POST /chat_service/upload",
    "POST /chat_service/upload_and_parse",
    "POST /api/v1/admin/tenants",
    "POST /api/v1/admin/users",
    "POST /api/v1/admin/users/{userId}/reset-password",
    "POST /api/v1/admin/keys",
    "POST /api/v1/admin/signing-keys/rotate",
    "POST /api/v1/admin/export",
    "POST /api/v1/admin/erasure",
    "POST /api/v1/task/form-extraction",
    "POST /api/v1/webhook-secret",
    "POST /v2/memory",
}
CREATES_NOTHING = {
    "POST /vector_db_service/unchanged_documents",
    "POST /vector_db_service/imports/{import_id}/cancel",
    "POST /api/v1/admin/jobs/{job_id}/retry",
    "POST /api/v1/admin/jobs/{job_id}/cancel",
    "POST /vector_db_service/new_collection",
    "POST /vector_db_service/del_collection",
    "POST /vector_db_service/del_document",
    "POST /vector_db_service/search_from_vector_db",
    "POST /vector_db_service/del_qa",
    "POST /chat_service/stream/{stream_id}/stop",
    "POST /chat_service/session/{session_id}/messages/{message_id}/feedback",
    "POST /chat_service/session/{session_id}/restore",
    "POST /api/login",
    "POST /api/refresh",
    "POST /api/logout",
    "POST /api/password",
    "POST /api/v1/admin/tenants/{tenantId}/disable",
    "POST /api/v1/admin/tenants/{tenantId}/enable",
    "POST /api/v1/admin/users/{userId}/disable",
    "POST /api/v1/admin/users/{userId}/enable",
    "POST /api/v1/webhook-deliveries/{delivery_id}/redeliver",
    "POST /v1/chat/completions",
    "POST /v1/embeddings",
    "POST /v2/chat/completions",
    "POST /rpc/2.0/ai_custom/v1/wenxinworkshop/chat/{model}",
    "POST /rpc/2.0/ai_custom/v1/wenxinworkshop/embeddings/{model}",
    "POST /oauth/2.0/token",
}


@pytest.fixture
def key(people: People, tag: str) -> dict[str, str]:
    """The headers of a key of a tenant of the test's own, for the assistant."""
    people.tenant(tag)
    return bearer(people.key(tag, "editor"))


def test_every_post_that_creates_takes_the_header(client: httpx.Client) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    posts = {f"POST {path}": methods["post"] for path, methods in paths.items() if "post" in methods}
    assert set(posts) == CREATES | CREATES_NOTHING
    takes = {
        route
        for route, call in posts.items()
        if any(parameter["name"].lower() == KEY.lower() for parameter in call.get("parameters", []))
    }
    assert takes == CREATES


def test_the_first_answer_comes_again_byte_for_byte(people: People, tag: str) -> None:
    people.tenant(tag)
    for path, body in (
        ("/users", {"username": tag}),
        ("/keys", {"name": "k"}),
        ("/signing-keys/rotate", {}),
        ("/tenants", {"tenantId": f"{tag}-2"}),
    ):
        calls = [called(people, path, f"{tag}{path}", body) for _ in range(3)]
        assert [call.content for call in calls[1:]] == [calls[0].content] * 2
        assert [call.headers.get("Idempotency-Replayed") for call in calls] == [None, "true", "true"]
        assert len({call.headers["X-Trace-Id"] for call in calls}) == 3
        succeeded(calls[0])
    assert succeeded(people.call("GET", "/keys", tag))["total"] == 1


def called(people: People, path: str, key: str, body: Any, tenant: str = "") -> httpx.Response:
    """A call of administration under a key, in the tenant that the key begins with."""
    headers = {**people.headers, KEY: key, "X-Tenant-Id": tenant or key.partition("/")[0]}
    return people.client.post(f"{ADMIN}{path}", json=body, headers=headers)


def test_another_body_or_tenant_is_409_and_another_path_is_another_call(people: People, tag: str) -> None:
    people.tenant(tag)
    people.tenant(f"{tag}-2")
    succeeded(called(people, "/keys", f"{tag}/1", {"name": "k"}))
    assert "内容不同" in refused(called(people, "/keys", f"{tag}/1", {"name": "other"}), 409)["message"]
    refused(called(people, "/keys", f"{tag}/1", {"name": "k"}, tenant=f"{tag}-2"), 409)
    succeeded(called(people, "/users", f"{tag}/1", {"username": tag}))


def test_a_failure_is_an_answer_too(people: People, tag: str) -> None:
    people.tenant(tag)
    people.user(tag, tag, "viewer")
    first = called(people, "/users", f"{tag}/1", {"username": tag})
    refused(first, 409)
    assert called(people, "/users", f"{tag}/1", {"username": tag}).content == first.content
    # What is refused before the call is made uses no key up.
    refused(called(people, "/users", f"{tag}/2", {"username": ""}), 400)
    succeeded(called(people, "/users", f"{tag}/2", {"username": f"{tag}-2"}))


def test_of_the_same_call_at_the_same_time_one_is_made(people: People, tag: str) -> None:
    people.tenant(tag)
    with ThreadPoolExecutor(8) as pool:
        calls = list(pool.map(lambda _: called(people, "/keys", f"{tag}/1", {"name": "k"}), range(8)))
    made = {call.content for call in calls if call.status_code == 200}
    assert len(made) == 1
    assert {call.status_code for call in calls} <= {200, 409}
    assert succeeded(people.call("GET", "/keys", tag))["total"] == 1


def test_callers_do_not_share_their_keys(client: httpx.Client, people: People, tag: str) -> None:
    made: set[str] = set()
    for tenant in (f"{tag}-1", f"{tag}-2"):
        people.tenant(tenant)
        for _ in range(2):
            headers = {**bearer(people.key(tenant, "member")), KEY: "the-same"}
            made.add(answered(client.post(f"{CHAT}/session", json={"user_id": "u"}, headers=headers))["session_id"])
    assert len(made) == 4


@pytest.mark.parametrize("value", ["", "a b", "x" * 256, "键".encode(), "a\tb"])
def test_a_key_that_is_none_is_400(client: httpx.Client, key: dict[str, str], value: str | bytes) -> None:
    headers = {**key, KEY: value}
    failed(client.post(f"{CHAT}/session", json={"user_id": "u"}, headers=headers), 400)


def test_the_assistant_s_calls(client: httpx.Client, key: dict[str, str], tag: str) -> None:
    def twice(path: str, **options: Any) -> Any:
        first, second = (client.post(path, headers={**key, KEY: f"{tag}{path}"}, **options) for _ in range(2))
        assert (first.status_code, first.content) == (second.status_code, second.content)
        assert second.headers["Idempotency-Replayed"] == "true"
        return answered(first)

    file = {"file": ("甲.txt", "正文。".encode())}
    link = twice(f"{CHAT}/upload", files=file)["file_url"]
    twice(f"{CHAT}/upload_and_parse", files=file)
    session = twice(f"{CHAT}/session", json={"user_id": tag})["session_id"]
    asked = {"user_id": tag, "session_id": session, "question": "在吗？", "stream": False}
    message = twice(f"{CHAT}/chat", json=asked)["message_id"]
    again = f"{CHAT}/session/{session}/messages/{message}/regenerate"
    twice(again, json={"stream": False})
    twice(f"{LIBRARY}/add_document", json={"doc_url": link, "doc_name": "甲.txt"})
    twice(f"{LIBRARY}/add_multi_document", json={"multi_doc_urls": [link], "doc_names": ["乙.txt"]})
    twice(f"{LIBRARY}/add_qa", json={"question": "甲？", "answer": "乙"})
    twice(f"{LIBRARY}/add_qa_from_template", files={"file": ("问答.csv", "问题,答案\n甲？,乙\n".encode())})
    said = answered(client.get(f"{CHAT}/session/{session}/messages", headers=key))
    assert [one["role"] for one in said] == ["user", "assistant"]


def test_an_upload_of_other_bytes_or_another_name_is_another(
    client: httpx.Client, key: dict[str, str], tag: str
) -> None:
    def sent(name: str, body: bytes, **fields: str) -> httpx.Response:
        return client.post(f"{CHAT}/upload", headers={**key, KEY: tag}, data=fields, files={"file": (name, body)})

    answered(sent("甲.txt", b"a"))
    assert sent("甲.txt", b"a").headers["Idempotency-Replayed"] == "true"
    for other in (sent("甲.txt", b"b"), sent("乙.txt", b"a"), sent("甲.txt", b"a", org_code="o")):
        failed(other, 409)


def test_a_stream_takes_no_key(client: httpx.Client, key: dict[str, str], tag: str) -> None:
    asked = {"user_id": tag, "question": "在吗？"}
    message = failed(client.post(f"{CHAT}/chat", json=asked, headers={**key, KEY: tag}), 400)
    assert "流式" in message
    assert answered(client.get(f"{CHAT}/sessions", params={"user_id": tag}, headers=key)) == []
    answered(client.post(f"{CHAT}/chat", json={**asked, "stream": False}, headers={**key, KEY: tag}))


def test_what_was_answered_stands_after_a_kill(tmp_path_factory: pytest.TempPathFactory) -> None:
    server = ServerProcess(tmp_path_factory.mktemp("killed") / "home", WENSHU_ADMIN_PASSWORD="administrator")
    try:
        with server.start().client() as client:
            made = called(People(client, server.home), "/keys", "1", {"name": "k"}, "default")
        server.kill()
        with server.start().client() as client:
            again = called(People(client, server.home), "/keys", "1", {"name": "k"}, "default")
    finally:
        server.stop()
    assert again.content == made.content
    assert json.loads(again.content)["data"]["key"].startswith("wsk_")


class Slow:
    """A web server whose first caller waits for ever; later ones get a text."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listening.getsockname()[1]}"
        self._held: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            connection.recv(65536)
            self._held.append(connection)
            if not self.asked.is_set():
                self.asked.set()
                continue
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\ntext")

    def close(self) -> None:
        """Hang up on everybody."""
        self._listening.close()
        for connection in self._held:
            connection.close()


@pytest.mark.slow
def test_a_call_that_a_kill_cut_short_may_be_made_again(tmp_path_factory: pytest.TempPathFactory) -> None:
    slow = Slow()
    server = ServerProcess(tmp_path_factory.mktemp("cut") / "home", WENSHU_FETCH_ALLOW_HOSTS=json.dumps([slow.address]))
    body = {"doc_url": f"http://{slow.address}/x.txt", "doc_name": "x.txt"}

    def call(client: httpx.Client) -> int:
        return client.post(f"{LIBRARY}/add_document", json=body, headers={KEY: "k"}).status_code

    def cut(client: httpx.Client) -> None:
        with pytest.raises(httpx.HTTPError):
            call(client)

    try:
        with server.start().client() as client:
            calling = threading.Thread(target=cut, args=(client,))
            calling.start()
            assert slow.asked.wait(20)
            assert call(client) == 409
            server.kill()
            calling.join()
        with server.start().client() as client:
            # Nobody knows that the process is gone before its lease has ended.
            eventually(lambda: call(client) == 200, seconds=40)
            assert call(client) == 200
    finally:
        server.stop()
        slow.close()
