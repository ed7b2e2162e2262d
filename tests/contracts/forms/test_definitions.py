"""Forms are put, used and refused."""

from uuid import uuid4

import httpx2 as httpx
import pytest

from contracts.forms.wire import refused

FORMS = "/api/v1/forms"
SOUND = {"title": "甲", "type": "object", "properties": {"A": {"title": "金额", "type": "number"}}}


@pytest.mark.parametrize(
    ("definition", "word"),
    [
        ({}, "type"),
        ({**SOUND, "type": "array"}, "type"),
        ({**SOUND, "title": " "}, "title"),
        ({**SOUND, "properties": {}}, "properties"),
        ({**SOUND, "properties": {"A": 1}}, "properties.A"),
        ({**SOUND, "properties": {"A": {"type": "money"}}}, "properties.A"),
        ({**SOUND, "properties": {"A": {"type": "string", "aliases": "x"}}}, "aliases"),
        ({**SOUND, "properties": {"A": {"type": "string", "synonyms": {"x": "y"}}}}, "synonyms"),
        ({**SOUND, "properties": {"A": {"type": "string", "pattern": "(a"}}}, "2020-12"),
        ({**SOUND, "properties": {"A": {"type": "string", "pattern": r"(a)\1"}}}, "2020-12"),
        ({**SOUND, "properties": {"A": {"type": "string", "$ref": "http://127.0.0.1:9/x"}}}, "2020-12"),
        ({**SOUND, "required": ["B"]}, "B"),
        ({**SOUND, "properties": {f"F{i}": {"type": "string"} for i in range(101)}}, "100"),
    ],
)
def test_what_is_no_form_is_400(client: httpx.Client, definition: dict, word: str) -> None:
    assert word in refused(client.put(f"{FORMS}/{uuid4().hex}", json=definition), 400)


def test_built_in_forms_are_read_only(client: httpx.Client) -> None:
    refused(client.put(f"{FORMS}/invoice_v1", json=SOUND), 409)
    refused(client.delete(f"{FORMS}/invoice_v1"), 409)
    built_in = client.get(f"{FORMS}/invoice_v1").json()["definition"]
    assert built_in["required"] == ["InvoiceNumber", "Date", "Amount"]


def test_a_pattern_that_explodes_elsewhere_is_harmless(client: httpx.Client) -> None:
    field = {"title": "备注", "type": "string", "pattern": "^(a+)+$"}
    code = f"{FORMS}/{uuid4().hex}"
    assert client.put(code, json={**SOUND, "properties": {"Note": field}}).status_code == 200
    body = {"utterance": f"备注是{'a' * 50}b", "form_code": code.rpartition("/")[2]}
    answer = client.post("/api/v1/task/form-extraction", json=body).json()
    assert answer["result"] == {}
    assert answer["unclear"][0]["field"] == "Note"


def test_all_pages_hold_all_forms_once(client: httpx.Client) -> None:
    code = uuid4().hex
    client.put(f"{FORMS}/{code}", json=SOUND)
    total = client.get(FORMS).json()["total"]
    pages = [
        client.get(FORMS, params={"size": 4, "page": number}).json()["items"] for number in range(1, total // 4 + 2)
    ]
    codes = [item["form_code"] for page in pages for item in page]
    assert len(codes) == len(set(codes)) == total
    assert code in codes
