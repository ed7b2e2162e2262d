"""Form extraction over HTTP: the documented examples, limits, bad requests, tasks of others."""

from pathlib import Path
from uuid import uuid4

import httpx2 as httpx
import pytest

from contracts.accounts.people import People, bearer
from contracts.accounts.wire import PASSWORD, log_in
from contracts.assistant.transcripts import Replay, read_all
from contracts.forms.wire import refused
from serving import ServerProcess, eventually

CALL = "/api/v1/task/form-extraction"
INVOICE = {
    "utterance": "我要报销一张发票，金额 1234.56 元，日期 2024-07-18，发票号码 INV-2024-001。",
    "form_code": "invoice_v1",
}
RESULT = {"InvoiceNumber": "INV-2024-001", "Date": "2024-07-18", "Amount": 1234.56}
TRANSCRIPTS = read_all(Path(__file__).parent / "transcripts")


@pytest.mark.parametrize("name", TRANSCRIPTS)
def test_the_answers_are_as_documented(name: str, client: httpx.Client) -> None:
    assert list(Replay(client, {}).objections(TRANSCRIPTS[name])) == []


def finished(client: httpx.Client, task_id: str) -> dict:
    def look():
        body = client.get(f"{CALL}/{task_id}").json()
        return body if body["status"] in {"succeeded", "failed"} else None

    return eventually(look)


def test_a_task_is_polled_to_its_documented_end(client: httpx.Client) -> None:
    made = client.post(CALL, json={**INVOICE, "async": True}).json()
    assert finished(client, made["task_id"]) == {"task_id": made["task_id"], "status": "succeeded", "result": RESULT}


def test_a_task_that_misses_a_required_field_fails_with_what_was_found(client: httpx.Client) -> None:
    made = client.post(
        CALL, json={"utterance": "发票号码 INV-1，2024-07-18 开的", "form_code": "invoice_v1", "async": True}
    )
    body = finished(client, made.json()["task_id"])
    assert (body["status"], body["error"], body["missing"]) == ("failed", "无法识别金额字段", ["Amount"])
    assert body["result"] == {"InvoiceNumber": "INV-1", "Date": "2024-07-18"}


def test_evidence_is_where_it_says(client: httpx.Client) -> None:
    body = client.post(CALL, params={"evidence": "true"}, json=INVOICE).json()
    assert body["result"] == RESULT
    for pieces in body["evidence"].values():
        for piece in pieces:
            assert INVOICE["utterance"][piece["start"] : piece["end"]] == piece["text"]
            assert 0 < piece["confidence"] <= 1


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"utterance": None}, "utterance"),
        ({"utterance": "  "}, "utterance"),
        ({"utterance": 5}, "utterance"),
        ({"utterance": "a\x00"}, "utterance"),
        ({"form_code": None}, "form_code"),
        ({"form_code": ""}, "form_code"),
        ({"form_code": "x" * 129}, "form_code"),
        ({"form_code": "x"}, "form_code"),
        ({"async": 1}, "async"),
        ({"async": "maybe"}, "async"),
        ({"reference_time": "yesterday"}, "reference_time"),
        ({"callback_url": 7}, "callback_url"),
    ],
)
def test_bad_requests_name_the_field(client: httpx.Client, change: dict, word: str) -> None:
    assert word in refused(client.post(CALL, json={**INVOICE, **change}), 400)


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.1/x",
        "http://169.254.169.254/latest",
        "http://[::1]/",
        "ftp://example.com/",
        "http://user:pass@127.0.0.1/",
        "file:///etc/passwd",
        "nonsense",
        "http://2130706433/",
    ],
)
def test_callback_addresses_that_may_not_be_called_are_400(client: httpx.Client, url: str) -> None:
    refused(client.post(CALL, json={**INVOICE, "async": True, "callback_url": url}), 400)


def test_a_long_utterance_is_413(client: httpx.Client) -> None:
    refused(client.post(CALL, json={**INVOICE, "utterance": "长" * 20_001}), 413)
    assert client.post(CALL, json={**INVOICE, "utterance": "长" * 20_000}).status_code == 200


def test_no_token_or_a_bad_one_is_401(server: ServerProcess) -> None:
    with server.client() as stranger:
        refused(stranger.post(CALL, json=INVOICE), 401)
        refused(stranger.post(CALL, json=INVOICE, headers={"Authorization": "Bearer x"}), 401)
        refused(stranger.get(f"{CALL}/{uuid4()}"), 401)


def test_unknown_paths_and_methods_are_in_the_dialect(client: httpx.Client) -> None:
    refused(client.get("/api/v1/task/nothing"), 404)
    refused(client.delete(CALL), 405)


def test_a_task_of_another_tenant_is_404(client: httpx.Client, people: People) -> None:
    made = client.post(CALL, json={**INVOICE, "async": True}).json()
    other = people.tenant(uuid4().hex)
    headers = bearer(people.key(other, "admin"))
    with httpx.Client(base_url=client.base_url, headers=headers) as stranger:
        theirs = stranger.get(f"{CALL}/{made['task_id']}")
        unknown = stranger.get(f"{CALL}/{uuid4()}")
    assert refused(theirs, 404) == refused(unknown, 404)


def test_the_same_key_submits_once(client: httpx.Client) -> None:
    headers = {"Idempotency-Key": uuid4().hex}
    first, second = (client.post(CALL, json={**INVOICE, "async": True}, headers=headers) for _ in range(2))
    assert first.json() == second.json()


def test_too_many_calls_are_429_with_retry_after(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path / "home", WENSHU_ADMIN_PASSWORD=PASSWORD, WENSHU_FORMS_RATE_LIMIT="3/hour")
    try:
        with server.start().client() as client:
            client.headers.update(log_in(client).headers)
            assert [client.post(CALL, json=INVOICE).status_code for _ in range(3)] == [200] * 3
            response = client.post(CALL, json=INVOICE)
            refused(response, 429)
            assert int(response.headers["Retry-After"]) >= 1
    finally:
        server.stop()
