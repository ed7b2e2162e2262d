"""A whole business moves: from a folder to PostgreSQL, S3 and Milvus; what it knew and what it gave out stays good."""

import subprocess
from urllib.parse import urlsplit

import pytest

from lite import Lite
from serving import BIN, ServerProcess

CHAT, LIBRARY = "/chat_service", "/vector_db_service"
SCOPE = {"tenant_code": "t", "org_code": "o"}
BODY = "".join(f"第{number}条 差旅费报销须在返程后{number}日内提交。\n\n" for number in range(1, 90)).encode()


def call(client, path, **body):
    answer = client.post(path, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def upload(client) -> str:
    answer = client.post(f"{CHAT}/upload", files={"file": ("报销.txt", BODY)})
    parts = urlsplit(answer.json()["data"]["file_url"])
    return f"{parts.path}?{parts.query}"


def filled(client) -> str:
    """Material, a conversation and a file; the file's link."""
    link = upload(client)
    document = {"doc_url": f"{client.base_url}{link}", "doc_name": "报销制度.txt"}
    call(client, f"{LIBRARY}/add_document", **document, **SCOPE)
    pairs = {"question": ["会议室怎么预订？"], "answer": ["在前台登记。"], "source": ["行政手册"]}
    call(client, f"{LIBRARY}/add_qa", **pairs, **SCOPE)
    asked = {"session_id": "s-1", "user_id": "u", "question": "差旅费何时报销？", "stream": False}
    call(client, f"{CHAT}/chat", **asked, **SCOPE)
    return link


def known(client, link: str) -> dict:
    """What a caller sees of all that."""
    search = {"query": "差旅费报销", "limit": 50, **SCOPE}
    documents = call(client, f"{LIBRARY}/search_from_vector_db", **search, collection_type="DOC")["entities"][0]
    pairs = call(client, f"{LIBRARY}/search_from_vector_db", **search | {"query": "预订会议室"}, collection_type="QA")
    messages = client.get(f"{CHAT}/session/s-1/messages").json()["data"]
    return {
        "documents": sorted((hit["doc_name"], hit["chunk_index"], hit["content"]) for hit in documents),
        "pairs": [(hit["question"], hit["answer"]) for hit in pairs["entities"][0]],
        "messages": [(message["id"], message["role"], message["content"]) for message in messages],
        "file": client.get(link).content == BODY,
    }


def run(command: str, home, *options: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = ServerProcess(home, **settings).environment()
    return subprocess.run(
        [BIN, command, "--home", home, *options], env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture
def lite(tmp_path):
    server = Lite(tmp_path / "milvus").start()
    yield server
    server.close()


@pytest.fixture
def url(postgres):
    name = postgres.create()
    yield postgres.url(name)
    postgres.drop(name)


@pytest.mark.parametrize("index", ["milvus", pytest.param("file", marks=pytest.mark.slow)])
def test_everything_is_as_before(tmp_path, s3, url, lite, index):
    old = ServerProcess(tmp_path / "old")
    with old.start().client() as client:
        link = filled(client)
        before = known(client, link)
        assert before["file"]
        assert all(before.values())
        refused = run("move", old.home, "--database", url)
        assert refused.returncode == 1
        assert "请先停止服务器" in refused.stderr
    assert old.stop() == 0
    bucket = s3.environment(f"s3://wenshu/{tmp_path.name}")
    where = bucket.pop("WENSHU_STORAGE_URL")
    milvus = ["--milvus", lite.uri] if index == "milvus" else []
    moved = run("move", old.home, "--database", url, "--storage", where, *milvus, **bucket)
    assert moved.returncode == 0, moved.stderr
    assert "搬迁完成，核对一致" in moved.stdout
    secret = (old.home / "secret.key").read_text()
    assert secret not in moved.stdout + moved.stderr
    assert not [key for key in (s3.key_id, s3.secret) if key in moved.stdout + moved.stderr]
    settings = {
        **bucket,
        "WENSHU_STORAGE_URL": where,
        "WENSHU_DATABASE_URL": url,
        "WENSHU_STORAGE_LINK_SECRET": secret,
        **({"WENSHU_MILVUS_URI": lite.uri} if milvus else {}),
    }
    if not milvus:
        assert "wenshu reindex" in moved.stdout
        assert run("reindex", tmp_path / "new", **settings).returncode == 0
    new = ServerProcess(tmp_path / "new", **settings)
    try:
        with new.start().client() as client:
            assert known(client, link) == before
            answer = call(
                client, f"{CHAT}/chat", session_id="s-1", user_id="u", question="会议室呢？", stream=False, **SCOPE
            )
            assert answer["message_id"] not in {message[0] for message in before["messages"]}
            assert client.get(upload(client)).content == BODY
    finally:
        new.stop()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "--database"),
        (["--milvus", "http://127.0.0.1:1"], "wenshu reindex"),
        (["--database", "sqlite+aiosqlite:////tmp/x"], "PostgreSQL"),
        (["--database", "postgresql://u:p%40ss@127.0.0.1:1/d"], "127.0.0.1:1/d"),
        (["--database", "mysql://h/d"], "--database"),
        (["--storage", "gs://b"], "--storage"),
        (["--storage", "s3://wenshu", "--database", "postgresql://u@127.0.0.1:1/d"], "--storage"),
    ],
)
def test_what_cannot_be_is_told_before_anything_is_touched(tmp_path, options, said):
    home = tmp_path / "home"
    settings = {
        "WENSHU_STORAGE_ENDPOINT": "https://127.0.0.1:1",
        "AWS_ACCESS_KEY_ID": "A",
        "AWS_SECRET_ACCESS_KEY": "B",
    }
    refused = run("move", home, *options, **settings)
    assert refused.returncode == 1
    assert said in refused.stderr
    assert "Traceback" not in refused.stderr
    assert "p%40ss" not in refused.stderr
    assert refused.stdout == ""
    assert not home.exists()


def test_a_home_that_is_none_is_told(tmp_path, url):
    refused = run("move", tmp_path / "nothing", "--database", url)
    assert refused.returncode == 1
    assert "没有数据库" in refused.stderr
    assert not (tmp_path / "nothing").exists()
