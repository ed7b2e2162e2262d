"""Bodies that are not what they should be, for every call: JSON, multipart, Content-Type, method, path."""

import json

import httpx2 as httpx
import pytest

from contracts.assistant.transcripts import workbook
from contracts.assistant.wire import CHAT, LIBRARY, failed, objection, succeeded

JSON_ROUTES = {
    f"{LIBRARY}/new_collection": {},
    f"{LIBRARY}/del_collection": {"tenant_code": "无人"},
    f"{LIBRARY}/add_document": {"doc_url": "http://127.0.0.1:9/x", "doc_name": "甲.txt"},
    f"{LIBRARY}/add_multi_document": {"multi_doc_urls": ["http://127.0.0.1:9/x"], "doc_names": ["甲.txt"]},
    f"{LIBRARY}/del_document": {"doc_name": ["没有.txt"]},
    f"{LIBRARY}/search_from_vector_db": {"query": "甲", "collection_type": "QA"},
    f"{LIBRARY}/add_qa": {"question": "甲？", "answer": "乙"},
    f"{LIBRARY}/del_qa": {"question": ["没有？"]},
    f"{CHAT}/chat": {"user_id": "u", "question": "甲？"},
    f"{CHAT}/session": {"user_id": "u"},
    f"{CHAT}/session/none/title": {"title": "题"},
    f"{CHAT}/session/none/messages/1/regenerate": {},
    f"{CHAT}/session/none/messages/1/feedback": {"rating": "up"},
}
UPLOAD_ROUTES = [f"{LIBRARY}/add_qa_from_template", f"{CHAT}/upload", f"{CHAT}/upload_and_parse"]
JSON = {"Content-Type": "application/json"}
# A further field with each of these is put into a body that is right without it.
POISON = {
    "NaN": b"NaN",
    "Infinity": b"Infinity",
    "-Infinity": b"-Infinity",
    "a lone surrogate": rb'"\ud800"',
    "a reversed pair": rb'"\udc00\ud800"',
    "NUL": rb'"a\u0000b"',
    "NUL deep inside": rb'[{"a":[["\u0000"]]}]',
    "a raw control character": b'"a\x01b"',
    "broken UTF-8": b'"\xff\xfe"',
    "an overlong form": b'"\xc0\x80"',
    "an encoded surrogate": b'"\xed\xa0\x80"',
    "a number beyond double": b"1e999",
    "a number beyond 64 bit": b"18446744073709551616",
    "a great number": b"9" * 5000,
    "deep arrays": b"[" * 5000 + b"]" * 5000,
    "deep objects": b'{"a":' * 5000 + b"1" + b"}" * 5000,
    "open arrays": b"[" * 100_000,
    "a comment": b"1 /* */",
    "a single-quoted string": b"'a'",
    "a bare word": b"undefined",
    "a hexadecimal number": b"0x10",
}
NOT_OBJECTS = [
    b"{",
    b"}",
    b"[]",
    b"[{}]",
    b'"a"',
    b"5",
    b"null",
    b"true",
    b"{}{}",
    b"{} x",
    b"{,}",
    b"\xef\xbb\xbf{}",
    b"\x00",
]


def method_of(path: str) -> str:
    return "PUT" if path.endswith("/title") else "POST"


@pytest.mark.parametrize("path", JSON_ROUTES)
@pytest.mark.usefixtures("untouched")
def test_what_is_no_sound_json_object_is_refused(client: httpx.Client, path: str) -> None:
    faults: list[str] = []
    sound = json.dumps(JSON_ROUTES[path]).encode()
    start = sound[:-1] + (b"," if JSON_ROUTES[path] else b"")
    bodies = {label: start + b'"x":' + value + b"}" for label, value in POISON.items()}
    bodies |= {"NUL in a name": start + rb'"\u0000":1}', **{repr(body): body for body in NOT_OBJECTS}}
    bodies |= {"UTF-16": sound.decode().encode("utf-16"), "a byte order mark": b"\xef\xbb\xbf" + sound}
    for label, body in bodies.items():
        fault = objection(client.request(method_of(path), path, content=body, headers=JSON), 400)
        if fault:
            faults.append(f"{label}: {fault}")
    assert faults == []


@pytest.mark.parametrize("path", JSON_ROUTES)
@pytest.mark.parametrize(
    "content_type",
    ["", "text/plain", "application/x-www-form-urlencoded", "application/jsonx", "text/json", "multipart/form-data"],
)
@pytest.mark.usefixtures("untouched")
def test_json_has_to_be_declared(client: httpx.Client, path: str, content_type: str) -> None:
    body = json.dumps(JSON_ROUTES[path]).encode()
    headers = {"Content-Type": content_type} if content_type else {}
    failed(client.request(method_of(path), path, content=body, headers=headers), 415)


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "Application/JSON", "application/json;"])
def test_json_may_be_declared_in_any_form(client: httpx.Client, content_type: str) -> None:
    succeeded(client.post(f"{LIBRARY}/new_collection", content=b"{}", headers={"Content-Type": content_type}))


# Without any field, del_collection deletes the global scope's material, as documented: it is tried in the transcripts.
@pytest.mark.parametrize("path", [path for path in JSON_ROUTES if not path.endswith("del_collection")])
def test_an_empty_body_is_an_empty_object(request: pytest.FixtureRequest, client: httpx.Client, path: str) -> None:
    if not path.endswith("new_collection") and "/messages/" not in path:  # what is carried out is in the audit log
        request.getfixturevalue("untouched")
    for headers in ({}, JSON):
        response = client.request(method_of(path), path, headers=headers)
        if path.endswith("new_collection"):
            succeeded(response)
        elif "/messages/" in path:
            failed(response, 404)
        else:
            assert failed(response, 400).startswith("缺少")


def part(disposition: str, body: bytes, boundary: str = "xx") -> bytes:
    return f"--{boundary}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n".encode() + body + b"\r\n"


FILE = part('name="file"; filename="a.txt"', b"hello")
END = b"--xx--\r\n"
MULTIPART = {
    "no body": b"",
    "no multipart": b"garbage",
    "another boundary": part('name="file"; filename="a.txt"', b"hello", "yy") + b"--yy--\r\n",
    "only the end": END,
    "cut before the end": FILE.rstrip(),
    "cut in a header": b"--xx\r\nContent-Disp",
    "no file": part('name="tenant_code"', b"t") + END,
    "a file as text": part('name="file"', b"hello") + END,
    "a file in another field": part('name="photo"; filename="a.txt"', b"hello") + END,
    "a part without a name": part('filename="a.txt"', b"hello") + END,
    "a part without headers": b"--xx\r\n\r\nhello\r\n" + END,
    "NUL in a field": part('name="tenant_code"', b"a\x00b") + FILE + END,
    "a code too long": part('name="tenant_code"', b"t" * 129) + FILE + END,
    "a code of forbidden characters": part('name="tenant_code"', b"../../etc") + FILE + END,
    "an org without a tenant": part('name="org_code"', b"a1") + FILE + END,
    "too many fields": part('name="x"', b"1") * 101 + FILE + END,
    "a field too long": part('name="x"', b"1" * (1024 * 1024 + 1)) + FILE + END,
    "an endless header": b"--xx\r\nX: " + b"a" * 200_000 + b"\r\n\r\n" + END,
}


@pytest.mark.parametrize("path", UPLOAD_ROUTES)
@pytest.mark.usefixtures("untouched")
def test_broken_uploads_are_refused(client: httpx.Client, path: str) -> None:
    faults: list[str] = []
    for label, body in MULTIPART.items():
        headers = {"Content-Type": "multipart/form-data; boundary=xx"}
        fault = objection(client.post(path, content=body, headers=headers), 400)
        if fault:
            faults.append(f"{label}: {fault}")
    assert faults == []


@pytest.mark.parametrize("path", UPLOAD_ROUTES)
@pytest.mark.usefixtures("untouched")
def test_an_upload_has_to_be_declared(client: httpx.Client, path: str) -> None:
    for content_type, status in {
        "": 415,
        "application/json": 415,
        "application/octet-stream": 415,
        "application/x-www-form-urlencoded": 415,
        "multipart/form-data": 400,
        "multipart/form-data; boundary=": 400,
        "multipart/form-data; boundary=" + "x" * 300: 400,
        "multipart/form-data; boundary=xx; charset=none-such": 400,
    }.items():
        headers = {"Content-Type": content_type} if content_type else {}
        failed(client.post(path, content=b"{}", headers=headers), status)


def test_a_missing_file_is_said_to_be_missing(client: httpx.Client) -> None:
    for path in UPLOAD_ROUTES:
        assert failed(client.post(path, data={"x": "1"}, files={"photo": ("a.txt", b"a")}), 400) == "缺少文件"


SPREADSHEETS = {
    "no spreadsheet": b"hello",
    "empty": b"",
    "a broken zip": b"PK\x03\x04" + b"\x00" * 100,
    "no columns": workbook([["甲", "乙"], ["丙", "丁"]]),
    "no answer column": workbook([["问题", "来源"], ["甲？", "丁"]]),
    "no rows": workbook([["问题", "答案", "来源"]]),
    "only empty answers": workbook([["问题", "答案", "来源"], ["甲？", "", ""], ["", "乙", ""]]),
    "no cells": workbook([]),
    "too many rows": workbook([["问题", "答案"], *([f"{n}？", "答"] for n in range(1001))]),
}


@pytest.mark.parametrize("label", SPREADSHEETS)
@pytest.mark.usefixtures("untouched")
def test_a_template_without_pairs_is_refused(client: httpx.Client, label: str) -> None:
    file = {"file": ("问答库模板.xlsx", SPREADSHEETS[label])}
    failed(client.post(f"{LIBRARY}/add_qa_from_template", files=file), 400)


@pytest.mark.usefixtures("untouched")
def test_other_methods_and_paths_fail_in_the_family_s_words(client: httpx.Client, routes: list[str]) -> None:
    ours = [route.split(" ") for route in routes if "_service/" in route]
    taken = {path: {method for method, other in ours if other == path} for _, path in ours}
    faults: list[str] = []
    for path, methods in taken.items():
        for method in {"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE"} - methods:
            faults += [f"{method} {path}: {fault}" if (fault := objection(client.request(method, path), 405)) else ""]
        for wrong in (f"{path}/", f"{path}/x/y", f"{path}x", path.upper().replace("_SERVICE", "_service")):
            if wrong.lower().startswith((CHAT, LIBRARY)) and wrong[:6].islower():
                # Behind a number in the path, a letter makes it no number.
                statuses = (404, 405, 400) if "{m" in path else (404, 405)
                faults += [f"{wrong}: {fault}" if (fault := objection(client.get(wrong), *statuses)) else ""]
    for path in (
        CHAT,
        f"{CHAT}/",
        f"{CHAT}/none",
        LIBRARY,
        f"{LIBRARY}/none/none",
        f"{LIBRARY}/%2e%2e/x",
        f"{CHAT}/chat;x",
    ):
        for method in ("GET", "POST", "DELETE"):
            faults += [f"{path}: {fault}" if (fault := objection(client.request(method, path), 404, 405)) else ""]
    assert [fault for fault in faults if fault] == []
