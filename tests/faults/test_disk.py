"""Trouble with the disk: a full one loses and halves nothing; a home that cannot be used is named, without a trace."""

import resource
from contextlib import closing

import pytest

from faults.material import answers, questions, text, whole
from faults.refusal import serve


def assert_refused(home) -> None:
    """Ends with status 1 and a message that names the place; no stack trace anywhere."""
    refused = serve(home, "--port", "0")
    assert refused.status == 1, refused.said
    assert "Traceback" not in refused.said
    assert str(home) in refused.said
    assert any("\u4e00" <= character <= "\u9fff" for character in refused.said)


def test_a_full_disk_halves_nothing(wenshu, docs):
    """No file may grow past a limit set on the running server: what a full disk is to SQLite and to the store."""
    wenshu.start()
    with wenshu.client() as client:

        def add(name: str, version: str, paragraphs: int):
            url = docs.put(f"{version}{name}", text(version, paragraphs))
            body = {"tenant_code": "t", "doc_url": url, "doc_name": name}
            return client.post("/vector_db_service/add_document", json=body)

        def upload():
            return client.post("/chat_service/upload", files={"file": ("a.txt", text("丙", 20_000).encode())})

        assert add("a.txt", "甲", 500).status_code == 200
        limits = resource.prlimit(wenshu.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(wenshu.pid, resource.RLIMIT_FSIZE, (wenshu.wal()[0] + 20_000, limits[1]))
        refused = [add("a.txt", "乙", 2_000), add("b.txt", "乙", 2_000), upload()]
        chat = {"tenant_code": "t", "user_id": "u", "question": "第3号仓库何时盘点？", "stream": False}
        asked = client.post("/chat_service/chat", json=chat)
        for answer in refused:
            assert answer.status_code in {500, 503}, answer.text
            assert answer.json()["status"] == "fail"
        found = {"tenant_code": "t", "query": "盘点", "collection_type": "DOC"}
        assert client.post("/vector_db_service/search_from_vector_db", json=found).json()["data"]["entities"][0]
        resource.prlimit(wenshu.pid, resource.RLIMIT_FSIZE, limits)
        with closing(wenshu.store()) as store:
            store.check()
            assert store.document("t", "a.txt") == whole("甲", 500)
            assert store.document("t", "b.txt") is None
            assert store.rows("SELECT count(*) FROM files WHERE state = 'kept'") == [(0,)]
            assert store.rows("SELECT count(*) FROM chat_turns WHERE state = 'answered'")[0][0] == (
                asked.status_code == 200
            )
        assert add("a.txt", "乙", 2_000).status_code == 200
        assert upload().status_code == 200
    wenshu.kill()
    wenshu.restart()
    with closing(wenshu.store()) as store:
        store.check()
        assert store.document("t", "a.txt") == whole("乙", 2_000)
    assert wenshu.temporary() == []


@pytest.mark.slow
def test_a_home_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    assert_refused(tmp_path / "file" / "home")


@pytest.mark.slow
def test_a_home_that_is_a_file(tmp_path):
    (tmp_path / "file").write_text("")
    assert_refused(tmp_path / "file")


@pytest.mark.parametrize("content", ["", *(pytest.param(bad, marks=pytest.mark.slow) for bad in ("zz", "00"))])
def test_a_corrupt_secret(tmp_path, content):
    """An empty or short key would let anybody sign links."""
    (tmp_path / "secret.key").write_text(content)
    assert_refused(tmp_path)


def test_a_database_that_is_none(tmp_path):
    (tmp_path / "wenshu.sqlite3").write_bytes(b"no database at all " * 1000)
    assert_refused(tmp_path)


@pytest.mark.slow
def test_a_database_cut_short(wenshu):
    wenshu.start()
    with wenshu.client() as client:
        stored = {"question": questions(200), "answer": answers("甲", 200)}
        assert client.post("/vector_db_service/add_qa", json=stored).status_code == 200
    wenshu.stop()
    database = wenshu.home / "wenshu.sqlite3"
    with database.open("r+b") as file:
        file.truncate(database.stat().st_size // 2)
    assert_refused(wenshu.home)
