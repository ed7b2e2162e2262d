"""Files over HTTP, wherever they are kept: uploaded, opened by their links, whole and in part."""

import subprocess
from urllib.parse import urlsplit

import pytest

from serving import BIN, ServerProcess

BODY = "第一季度营收为一千二百万元。\n".encode() * 2000
SECRET = "one secret for every server"
CHAT, LIBRARY = "/chat_service", "/vector_db_service"


@pytest.fixture(scope="module", params=["folder", "s3"])
def place(request):
    """Variables that name a place for files."""
    return request.getfixturevalue("s3").environment("s3://wenshu/files") if request.param == "s3" else {}


@pytest.fixture(scope="module")
def client(place, tmp_path_factory):
    server = ServerProcess(tmp_path_factory.mktemp("files") / "home", **place, WENSHU_STORAGE_LINK_SECRET=SECRET)
    try:
        with server.start().client() as opened:
            yield opened
    finally:
        server.stop()


def upload(client, body: bytes = BODY) -> str:
    """The path and query of a new file's link."""
    answer = client.post(f"{CHAT}/upload", files={"file": ("季报.txt", body, "text/plain")})
    assert answer.status_code == 200, answer.text
    return local(answer.json()["data"]["file_url"])


def local(link: str) -> str:
    parts = urlsplit(link)
    return f"{parts.path}?{parts.query}"


@pytest.fixture(scope="module")
def link(client):
    return upload(client)


def test_a_file_is_opened_by_its_link(client, link):
    answer = client.get(link)
    assert (answer.status_code, answer.content) == (200, BODY)
    assert answer.headers["Content-Length"] == str(len(BODY))
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("asked", "first", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=10-99", 10, 100),
        ("bytes=1000-", 1000, len(BODY)),
        ("bytes=-7", len(BODY) - 7, len(BODY)),
        ("bytes=-99999999999", 0, len(BODY)),
        (f"bytes=5-{10**17}", 5, len(BODY)),
    ],
)
def test_a_broken_download_goes_on(client, link, asked, first, end):
    answer = client.get(link, headers={"Range": asked})
    assert (answer.status_code, answer.content) == (206, BODY[first:end])
    assert answer.headers["Content-Range"] == f"bytes {first}-{end - 1}/{len(BODY)}"
    assert answer.headers["Content-Length"] == str(end - first)
    tag = {"Range": asked, "If-Range": answer.headers["ETag"]}
    assert client.get(link, headers=tag).status_code == 206
    assert client.get(link, headers={**tag, "If-Range": '"another"'}).content == BODY


@pytest.mark.parametrize(
    "asked", ["bytes=9-5", "bytes=-", "bytes=a-b", "bytes=0-1,5-6", "lines=1-2", "bytes=１-2", "x"]
)
def test_what_is_no_range_is_answered_with_the_whole(client, link, asked):
    answer = client.get(link, headers={"Range": asked.encode()})
    assert (answer.status_code, answer.content) == (200, BODY)


@pytest.mark.parametrize("asked", [f"bytes={len(BODY)}-", f"bytes={10**17}-", "bytes=-0"])
def test_a_range_behind_the_end(client, link, asked):
    answer = client.get(link, headers={"Range": asked})
    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == f"bytes */{len(BODY)}"
    assert answer.json() == {"error": "请求的范围超出文件"}


def test_a_range_needs_the_link_s_right(client, link):
    assert client.get(link[:-1] + "x", headers={"Range": "bytes=0-1"}).status_code == 403
    assert client.get(link.split("?")[0], headers={"Range": "bytes=0-1"}).status_code == 403


def test_a_file_of_ours_is_read_into_the_library_and_the_chat(client, link):
    url = f"{client.base_url}{link}"
    added = client.post(f"{LIBRARY}/add_document", json={"doc_url": url, "doc_name": "季报.txt"})
    assert added.status_code == 200, added.text
    brought = [{"file_name": "季报.txt", "file_url": url}]
    asked = {"user_id": "u", "question": "第一季度营收是多少？", "stream": False, "uploaded_docs": brought}
    answer = client.post(f"{CHAT}/chat", json=asked)
    assert "一千二百万元" in answer.json()["data"]["answer"]


def test_another_server_of_the_same_secret_takes_the_link(link, place, tmp_path):
    """Its database knows no such file: that its signature holds is all that is asked of it here."""
    other = ServerProcess(tmp_path / "home", **place, WENSHU_STORAGE_LINK_SECRET=SECRET)
    foreign = ServerProcess(tmp_path / "foreign", **place)
    try:
        with other.start().client() as same, foreign.start().client() as stranger:
            assert same.get(link).status_code == 404
            assert stranger.get(link).status_code == 403
        assert not (other.home / "secret.key").exists()
    finally:
        other.stop()
        foreign.stop()


def test_ready(client):
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["checks"]["storage"]) == (200, "ok")


DOWN = [
    ({"WENSHU_STORAGE_ENDPOINT": "http://127.0.0.1:1"}, "无法连接文件存储", "Connect"),
    (
        {"WENSHU_STORAGE_SECRET_ACCESS_KEY": "wrong-one"},
        "文件存储拒绝访问，请检查凭据与权限",
        "SignatureDoesNotMatch",
    ),
    ({"WENSHU_STORAGE_URL": "s3://missing"}, "文件存储的桶或目录不存在", "NoSuchBucket"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("changed", "said", "detail"), DOWN, ids=["unreachable", "refused", "missing"])
def test_a_store_that_cannot_be_used_is_told_in_words(s3, tmp_path, changed, said, detail):
    """Each call in its dialect, never 500, and no key anywhere; the server starts and says that it is not ready."""
    place = {**s3.environment("s3://wenshu/down"), "WENSHU_STORAGE_LINK_SECRET": SECRET}
    home = tmp_path / "home"
    whole = ServerProcess(home, **place)
    with whole.start().client() as client:
        link = upload(client)
        url = f"{whole.url}{link}"
    whole.stop()
    server = ServerProcess(home, **{**place, **changed})
    try:
        with server.start().client() as client:
            file = {"file": ("a.txt", BODY, "text/plain")}
            chat = {"user_id": "u", "question": "营收？", "stream": False}
            for answer in (
                client.post(f"{CHAT}/upload", files=file),
                client.post(f"{CHAT}/upload_and_parse", files={"files": file["file"]}),
                client.post(f"{LIBRARY}/add_document", json={"doc_url": url, "doc_name": "a.txt"}),
                client.post(f"{CHAT}/chat", json={**chat, "uploaded_docs": [{"file_name": "a", "file_url": url}]}),
            ):
                assert answer.status_code == 503, answer.text
                assert answer.json() == {"status": "fail", "code": 503, "msg": said, "data": ""}
            opened = client.get(link)
            assert (opened.status_code, opened.json()) == (503, {"error": said})
            ready = client.get("/readyz")
            assert (ready.status_code, ready.json()["checks"]["storage"]) == (503, said)
            assert client.post(f"{CHAT}/chat", json=chat).status_code == 200
        seen = subprocess.run(
            [BIN, "doctor", "--home", home], env={**server.environment()}, capture_output=True, text=True, check=False
        )
        assert seen.returncode == 1
        assert said in seen.stdout
        assert detail in seen.stdout
        told = seen.stdout + seen.stderr + server.log.read_text()
        assert not [key for key in (s3.key_id, s3.secret, "wrong-one") if key in told]
        assert detail in server.log.read_text()
        assert "Traceback" not in told
    finally:
        server.stop()


def test_doctor_tries_the_store(s3, tmp_path):
    server = ServerProcess(tmp_path / "home", **s3.environment("s3://wenshu/doctor"))
    seen = subprocess.run(
        [BIN, "doctor", "--home", server.home], env=server.environment(), capture_output=True, text=True, check=False
    )
    assert "✓ 文件存储可写、可读、可删" in seen.stdout, seen.stdout
    assert "WENSHU_STORAGE_LINK_SECRET" in seen.stdout
    assert s3.keys("doctor/") == {}


@pytest.mark.parametrize("secret", ["short", "fifteen-bytes-x"])
def test_a_short_secret_is_refused_at_the_start(tmp_path, secret):
    server = ServerProcess(tmp_path / "home", WENSHU_STORAGE_LINK_SECRET=secret)
    seen = subprocess.run(
        [BIN, "serve", "--home", server.home], env=server.environment(), capture_output=True, text=True, check=False
    )
    assert seen.returncode == 1
    assert "storage.link_secret" in seen.stderr
    assert secret not in seen.stderr
