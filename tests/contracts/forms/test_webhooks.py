"""Webhooks: signed, at least once under one id, tried again, given up, redelivered; a slow receiver harms nobody."""

import hashlib
import hmac
import json
import re
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import httpx2 as httpx

from contracts.accounts.people import People, bearer
from contracts.forms.test_extraction import CALL, INVOICE, RESULT
from contracts.forms.wire import Receiver, refused
from serving import ServerProcess, eventually

DELIVERIES = "/api/v1/webhook-deliveries"
DOCS = (Path(__file__).parents[3] / "docs" / "services" / "forms.md").read_text("utf-8")


def submit(client: httpx.Client, url: str) -> str:
    response = client.post(CALL, json={**INVOICE, "async": True, "callback_url": url})
    assert response.status_code == 200, response.text
    return response.json()["task_id"]


def delivery(client: httpx.Client, task_id: str) -> dict:
    items = client.get(DELIVERIES, params={"size": 100}).json()["items"]
    return next((item for item in items if item["task_id"] == task_id), {})


def test_a_callback_carries_the_answer_of_the_get_signed(client: httpx.Client) -> None:
    with Receiver() as receiver:
        task_id = submit(client, receiver.url)
        headers, body = eventually(lambda: receiver.got)[0]
    assert json.loads(body) == {"task_id": task_id, "status": "succeeded", "result": RESULT}
    assert json.loads(body) == client.get(f"{CALL}/{task_id}").json()
    secret = client.get("/api/v1/webhook-secret").json()["secret"]
    stamp, sign = re.fullmatch(r"t=(\d+),v1=([0-9a-f]{64})", headers["X-Wenshu-Signature"]).groups()
    assert sign == hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    # The documented sample says the same.
    sample: dict = {}
    exec(DOCS.partition("```python\n")[2].partition("```")[0], sample)  # noqa: S102 (our own page)
    assert sample["verified"](secret, headers["X-Wenshu-Signature"], body)
    assert not sample["verified"](secret, headers["X-Wenshu-Signature"], body + b" ")
    assert eventually(lambda: delivery(client, task_id)["state"] == "delivered")


def test_a_receiver_that_fails_is_tried_again_under_the_same_id(client: httpx.Client) -> None:
    with Receiver(answers=lambda number: 500 if number < 2 else 204) as receiver:
        task_id = submit(client, receiver.url)
        eventually(lambda: delivery(client, task_id).get("state") == "delivered", 30)
    assert len(receiver.got) == 3
    assert len({headers["X-Wenshu-Delivery"] for headers, _ in receiver.got}) == 1
    assert len({body for _, body in receiver.got}) == 1
    assert delivery(client, task_id)["attempts"] == 3


def test_what_was_given_up_is_seen_and_delivered_again(client: httpx.Client, server: ServerProcess) -> None:
    with Receiver(answers=lambda number: 500 if number == 0 else 200) as receiver:
        task_id = submit(client, receiver.url)
        known = eventually(lambda: (found := delivery(client, task_id)).get("attempts") and found)
        refused(client.post(f"{DELIVERIES}/{known['delivery_id']}/redeliver"), 409)
        with closing(sqlite3.connect(server.home / "wenshu.sqlite3", timeout=30)) as database, database:
            database.execute("UPDATE form_deliveries SET give_up_at = 0, due_at = 0 WHERE task_id = ?", (task_id,))
            database.execute("UPDATE form_deliveries SET state = 'dead' WHERE task_id = ?", (task_id,))
        dead = client.get(DELIVERIES, params={"state": "dead"}).json()["items"]
        assert known["delivery_id"] in {item["delivery_id"] for item in dead}
        again = client.post(f"{DELIVERIES}/{known['delivery_id']}/redeliver").json()
        assert (again["state"], again["attempts"]) == ("pending", 0)
        eventually(lambda: delivery(client, task_id)["state"] == "delivered")
    assert {headers["X-Wenshu-Delivery"] for headers, _ in receiver.got} == {known["delivery_id"]}


def test_the_secret_is_rotated(client: httpx.Client) -> None:
    before = client.get("/api/v1/webhook-secret").json()["secret"]
    after = client.post("/api/v1/webhook-secret").json()["secret"]
    assert before != after == client.get("/api/v1/webhook-secret").json()["secret"]


def test_a_slow_receiver_holds_up_nobody_else(client: httpx.Client, people: People) -> None:
    tenant = people.tenant(uuid4().hex)
    with Receiver(hold=threading.Event()) as slow, Receiver() as quick:
        with httpx.Client(base_url=client.base_url, headers=bearer(people.key(tenant, "admin"))) as other:
            for _ in range(8):
                submit(other, slow.url)
        eventually(lambda: len(slow.got) >= 4)
        submit(client, quick.url)
        assert eventually(lambda: quick.got)
        assert len(slow.got) == 4
