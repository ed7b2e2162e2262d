"""Wrong values of every field of every call: refused by name, in the family's envelope, and nothing is stored."""

import json
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from contracts.assistant.material import Material
from contracts.assistant.wire import CHAT, LIBRARY, failed, objection, succeeded

TABLE: dict[str, Any] = json.loads(Path(__file__).with_name("bad_values.json").read_text("utf-8"))
ROUTES: dict[str, Any] = TABLE["routes"]
# The document's own wording, where it has one, in place of the field's name.
WORDED = {"user_id": "缺少用户ID", "question": "缺少问题"}


@pytest.fixture
def session_id(client: httpx.Client) -> str:
    """A live session."""
    return succeeded(client.post(f"{CHAT}/session", json={"user_id": "u", "title": "原题"}))["session_id"]


@pytest.fixture
def page(material: Material) -> str:
    """The address of a document that can be fetched."""
    return material.document("值.txt", "可以抓取的正文。")


def call(client: httpx.Client, route: str, session_id: str, *, given: dict[str, Any]) -> httpx.Response:
    """A call with these fields, where the route takes them."""
    method, path = route.split(" ")
    path = path.replace("{session_id}", session_id)
    for name in ("message_id", "marker"):
        path = path.replace(f"{{{name}}}", str(given.pop(name, 1)))
    if "query" in ROUTES[route]:
        return client.request(method, path, params=given)
    return client.request(method, path, json=given)


def right(route: str, page: str) -> dict[str, Any]:
    """Fields with which the call would work."""
    return json.loads(json.dumps(ROUTES[route].get("json", ROUTES[route].get("query"))).replace("{page}", page))


def bad_values(kind: str) -> list[Any]:
    """The table's values; ``x{129}`` stands for so many x."""
    values: list[Any] = TABLE["kinds"][kind]
    return ["x" * int(v[2:-1]) if isinstance(v, str) and v.startswith("x{") else v for v in values]


def test_every_route_has_its_table(routes: list[str]) -> None:
    ours = {route for route in routes if f"{CHAT}/" in route or f"{LIBRARY}/" in route}
    assert {*ROUTES, *TABLE["without_fields"]} == ours


@pytest.mark.parametrize("route", ROUTES)
def test_wrong_values_are_refused_by_name(
    route: str, client: httpx.Client, session_id: str, page: str, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue("untouched")
    faults: list[str] = []
    for field, kind in ROUTES[route]["fields"].items():
        for value in bad_values(kind):
            given = {**right(route, page), field: value}
            if field == "org_code":
                given["tenant_code"] = "无人"
            response = call(client, route, session_id, given=given)
            fault = objection(response, 400)
            message = "" if fault else response.json()["msg"]
            if not fault and field not in message and WORDED.get(field) != message:
                fault = f"the field is not named: {message}"
            if fault:
                faults.append(f"{field}={value!r}: {fault}")
    assert faults == []


@pytest.mark.parametrize("route", [route for route in ROUTES if ROUTES[route].get("json")])
@pytest.mark.usefixtures("untouched")
def test_required_fields_are_required(route: str, client: httpx.Client, page: str) -> None:
    for field, kind in ROUTES[route]["fields"].items():
        if not kind.endswith("!"):
            continue
        given = right(route, page)
        del given[field]
        message = failed(call(client, route, "0" * 32, given=given), 400)
        assert message in {WORDED.get(field), f"缺少参数: {field}"}


@pytest.mark.parametrize(
    ("route", "given"), [(route, given) for route, rows in TABLE["accepted"].items() for given in rows]
)
def test_numbers_and_booleans_as_text_and_what_is_left_out_are_taken(
    route: str, given: dict[str, Any], client: httpx.Client, page: str, tag: str
) -> None:
    body = {**right(route, page), "tenant_code": tag, **given}
    response = call(client, route, "", given=body)
    assert response.status_code == 200, response.text
    streams = route.endswith("/chat") and given.get("stream") is None
    assert response.headers["content-type"].startswith("text/event-stream" if streams else "application/json")


LONG_ROWS = [
    ("/chat", {"user_id": "u", "question": "问" * 20_000, "stream": False}, 200),
    ("/chat", {"user_id": "u", "question": "问" * 20_001}, 400),
    ("/chat", {"user_id": "u", "question": "问", "theme": "题" * 101}, 400),
    ("/chat", {"user_id": "u", "question": "问", "uploaded_docs": [{"content": "文"}] * 21}, 400),
    ("/session", {"user_id": "u" * 128}, 200),
    ("/session", {"user_id": "u", "tenant_code": "t" * 128, "org_code": "o" * 128}, 200),
]


@pytest.mark.parametrize(("path", "body", "status"), LONG_ROWS)
def test_lengths_have_limits(client: httpx.Client, path: str, body: dict[str, Any], status: int) -> None:
    response = client.post(CHAT + path, json=body)
    assert response.status_code == status
    if status != 200:
        failed(response, 400)


def test_a_session_id_of_128_characters_works_and_of_129_does_not(client: httpx.Client, tag: str) -> None:
    longest = (tag + "s" * 128)[:128]
    body = {"user_id": "u", "session_id": longest}
    assert succeeded(client.post(f"{CHAT}/session", json=body)) == {"session_id": longest}
    assert succeeded(client.get(f"{CHAT}/session/{longest}"))["session_id"] == longest
    for path in (f"{longest}x", f"{longest}x/messages"):
        failed(client.get(f"{CHAT}/session/{path}"), 400)
    for path in ("a%00b", "%00"):
        failed(client.get(f"{CHAT}/session/{path}"), 400)
        failed(client.get(f"{CHAT}/stream/{path}"), 400)


UNEQUAL = [
    ("add_multi_document", {"multi_doc_urls": ["{page}", "{page}"], "doc_names": ["甲.txt"]}),
    ("add_multi_document", {"multi_doc_urls": ["{page}"], "doc_names": ["甲.txt", "乙.txt"]}),
    ("add_qa", {"question": ["甲？", "乙？"], "answer": ["一"]}),
    ("add_qa", {"question": "甲？", "answer": ["一", "二"]}),
    ("add_qa", {"question": ["甲？", "乙？"], "answer": "一"}),
    ("add_qa", {"question": ["甲？", "乙？"], "answer": ["一", "二"], "source": ["丙"]}),
    ("add_qa", {"question": ["甲？", "乙？"], "answer": ["一", "二"], "source": ["丙", "丁", "戊"]}),
    ("add_qa", {"question": [f"{n}？" for n in range(1001)], "answer": ["一"] * 1001}),
]


@pytest.mark.parametrize(("verb", "body"), UNEQUAL)
@pytest.mark.usefixtures("untouched")
def test_lists_that_do_not_go_together_store_nothing(
    client: httpx.Client, page: str, verb: str, body: dict[str, Any]
) -> None:
    given = json.loads(json.dumps(body).replace("{page}", page))
    failed(client.post(f"{LIBRARY}/{verb}", json=given), 400)


def test_a_thousand_pairs_in_one_call_are_taken(client: httpx.Client, tag: str) -> None:
    body = {"tenant_code": tag, "question": [f"{n}？" for n in range(1000)], "answer": ["一"] * 1000}
    response = client.post(f"{LIBRARY}/add_qa", json=body)
    assert response.json()["msg"] == "成功插入1000条问答对到素材库"
