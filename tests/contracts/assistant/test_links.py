"""Links to stored files: signed, expiring, made anew at each read, never for a file that the caller may not open."""

import io
from urllib.parse import urlsplit

import httpx2 as httpx
import pytest
from openpyxl import load_workbook

from contracts.assistant.transcripts import workbook
from contracts.assistant.wire import CHAT, LIBRARY, failed, succeeded

HTML = b"<!doctype html><title>x</title><script>alert(1)</script>"


def upload(client: httpx.Client, name: str, body: bytes, **data: str) -> dict[str, str]:
    """A stored file's name and link."""
    return succeeded(client.post(f"{CHAT}/upload", files={"file": (name, body, "image/png")}, data=data))


def open_link(client: httpx.Client, link: str) -> httpx.Response:
    """Follow a link on the server under test, whatever its host."""
    parts = urlsplit(link)
    return client.get(f"{parts.path}?{parts.query}")


@pytest.mark.parametrize(
    ("name", "body", "media_types"),
    [
        ("页面.html", HTML, {"text/html", "text/plain"}),
        ("图.png", b"\x89PNG\r\n\x1a\n" + b"0" * 64, {"image/png"}),
        ("假.png", HTML, {"text/html", "text/plain"}),
    ],
)
def test_a_link_opens_as_an_attachment_of_its_true_type(
    client: httpx.Client, name: str, body: bytes, media_types: set[str]
) -> None:
    file = upload(client, name, body)
    assert file["file_name"] == name
    response = client.get(file["file_url"])
    assert (response.status_code, response.content) == (200, body)
    assert response.headers["content-type"].partition(";")[0] in media_types
    assert response.headers["content-disposition"].startswith("attachment; filename*=UTF-8''")
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["content-security-policy"] == "sandbox"
    assert response.headers["content-length"] == str(len(body))


HOSTILE_NAMES = [
    "../../etc/passwd",
    "C:\\x\\甲.txt",
    "甲\r\nX-Evil: 1.txt",
    '甲".txt',
    "甲\u202etxt.exe",
    "甲" * 500 + ".txt",
    ".",
    "/",
]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_a_hostile_name_is_only_a_name(client: httpx.Client, name: str) -> None:
    file = upload(client, name, b"hello")
    assert not set("/\\\r\n\u202e") & set(file["file_name"])
    assert 0 < len(file["file_name"]) <= 200
    response = client.get(file["file_url"])
    assert response.content == b"hello"
    assert "x-evil" not in response.headers


def test_a_link_opens_only_as_it_was_signed(client: httpx.Client) -> None:
    link = upload(client, "甲.txt", b"hello")["file_url"]
    other = upload(client, "乙.txt", b"hello")["file_url"]
    base, _, query = link.partition("?")
    expires, _, signature = query.partition("&")
    for wrong in (
        base,
        f"{base}?{expires}",
        f"{base}?{signature}",
        f"{base}?{expires}0&{signature}",
        f"{base}?expires=99999999999&{signature}",
        f"{base}?expires=-1&{signature}",
        f"{base}?expires=１&{signature}",
        f"{base}?{expires}&signature=",
        f"{base}?{expires}&signature={'0' * 64}",
        f"{other.partition('?')[0]}?{query}",
        f"{link[:-1]}{'0' if link[-1] != '0' else '1'}",
    ):
        response = client.get(wrong)
        assert response.status_code == 403, wrong
        assert set(response.json()) == {"error"}


@pytest.mark.parametrize("host", ["wenshu.example.com", "other.example.com", "localhost"])
def test_links_are_built_on_the_public_address_never_on_the_host(narrow: httpx.Client, host: str) -> None:
    files = {"file": ("甲.txt", b"hello")}
    link = succeeded(narrow.post(f"{CHAT}/upload", files=files, headers={"Host": host}))["file_url"]
    assert link.startswith("https://wenshu.example.com/base/files/")
    assert open_link(narrow, link.replace("/base", "")).content == b"hello"


def test_history_and_hits_sign_own_links_anew(client: httpx.Client, tag: str) -> None:
    link = upload(client, "甲.txt", f"钥匙在前台。{tag}".encode(), tenant_code=tag)["file_url"]
    unsigned = link.partition("?")[0]
    body = {"tenant_code": tag, "doc_url": unsigned, "doc_name": "甲.txt"}
    succeeded(client.post(f"{LIBRARY}/add_document", json=body))
    asked = {"tenant_code": tag, "query": "钥匙在哪里", "collection_type": "DOC"}
    ((hit,),) = succeeded(client.post(f"{LIBRARY}/search_from_vector_db", json=asked))["entities"]
    answer = succeeded(
        client.post(
            f"{CHAT}/chat",
            json={"tenant_code": tag, "user_id": "u", "question": "钥匙在哪里？", "stream": False},
        )
    )
    _, message = succeeded(client.get(f"{CHAT}/session/{answer['session_id']}/messages"))
    for signed in (hit["doc_url"], answer["sources"]["documents"][0]["url"], message["sources"][0]["url"]):
        assert signed.startswith(f"{unsigned}?expires=")
        assert client.get(signed).content == f"钥匙在前台。{tag}".encode()


def test_no_words_of_a_caller_are_signed(client: httpx.Client, tag: str) -> None:
    """Whoever knows the id of another tenant's file, from an old link, gets no new one for it."""
    link = upload(client, "甲.txt", b"hello", tenant_code=f"{tag}owner")["file_url"]
    unsigned = link.partition("?")[0]
    path = urlsplit(unsigned).path
    search = f"{LIBRARY}/search_from_vector_db"
    canonical = path.replace("/files/", "wenshu-file:")
    for address in (unsigned, path, canonical, f" {canonical}", f"{link[:-4]}0000"):
        body = {"tenant_code": tag, "question": "甲？", "answer": "乙。", "source": address}
        client.post(f"{LIBRARY}/add_qa", json=body)
        book = workbook([["问题", "答案", "来源"], ["丙？", "丁。", address]])
        client.post(f"{LIBRARY}/add_qa_from_template", files={"file": ("表.xlsx", book)}, data={"tenant_code": tag})
        client.post(f"{LIBRARY}/add_document", json={"tenant_code": tag, "doc_url": address, "doc_name": "甲.txt"})
        document = {"file_name": "甲.txt", "file_url": address, "content": "钥匙在前台。"}
        asked = {"tenant_code": tag, "user_id": "u", "question": "钥匙在哪里？", "stream": False}
        answer = client.post(f"{CHAT}/chat", json={**asked, "uploaded_docs": [document]})
        hits = [
            client.post(search, json={"tenant_code": tag, "query": query, "collection_type": kind})
            for query, kind in (("甲？", "QA"), ("丙？", "QA"), ("hello", "DOC"))
        ]
        for response in (answer, *hits):
            for word in response.text.replace("\\", "").split('"'):
                if path in word and "signature=" in word:
                    assert client.get(word).status_code == 403, address


def test_the_template_reads_back(client: httpx.Client, tag: str) -> None:
    response = client.get(f"{LIBRARY}/download_qa_template")
    book = load_workbook(filename=io.BytesIO(response.content))
    sheet = book.active
    assert [cell.value for cell in sheet[1]] == ["问题", "答案", "来源"]
    sheet.append(["几点开门？", "九点。", "前台"])
    sheet.append(["", "没有问题。", ""])
    sheet.append(["没有答案？", None, ""])
    sheet.append([None, None, None])
    sheet.append([123, 4.5, True])
    target = io.BytesIO()
    book.save(target)
    files = {"file": ("问答库模板.xlsx", target.getvalue())}
    answer = client.post(f"{LIBRARY}/add_qa_from_template", files=files, data={"tenant_code": tag})
    data = succeeded(answer)
    assert answer.json()["msg"].startswith("成功插入2条问答对到素材库")
    assert [row["row"] for row in data["skipped"]] == [3, 4]
    asked = {"tenant_code": tag, "query": "几点开门？", "collection_type": "QA", "limit": 1}
    ((hit,),) = succeeded(client.post(f"{LIBRARY}/search_from_vector_db", json=asked))["entities"]
    assert (hit["question"], hit["answer"], hit["source"]) == ("几点开门？", "九点。", "前台")


def test_one_bad_file_never_spoils_the_others(client: httpx.Client) -> None:
    files = [
        ("file", ("好.txt", "正文。".encode())),
        ("files", ("空.txt", b"")),
        ("files", ("坏.docx", b"PK\x03\x04broken")),
        ("files", ("程序.exe", b"MZ" + b"\x00" * 200)),
        ("files", ("好.md", "# 题\n\n正文。".encode())),
    ]
    response = client.post(f"{CHAT}/upload_and_parse", files=files)
    parsed = succeeded(response)
    assert response.json()["msg"] == "处理完成，成功2/5个文件"
    assert [file["parse_success"] for file in parsed] == [True, False, False, False, True]
    for file in parsed:
        assert bool(file["content"]) == file["parse_success"]
        assert bool(file.get("parse_error")) != file["parse_success"]


def test_a_failing_file_of_the_single_upload_is_refused(client: httpx.Client) -> None:
    failed(client.post(f"{CHAT}/upload", files={"file": ("空.txt", b"")}), 400)
