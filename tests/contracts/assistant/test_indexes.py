"""The library over HTTP on each index, and `wenshu reindex` between them."""

import sqlite3
import subprocess
from contextlib import closing

import pytest

from contracts.assistant.material import Material
from contracts.assistant.wire import LIBRARY, succeeded
from embeddings import EmbeddingServer
from lite import Lite
from serving import BIN, ServerProcess


@pytest.fixture
def lite(tmp_path):
    server = Lite(tmp_path / "lite").start()
    yield server
    server.close()


@pytest.fixture(params=["embedded", "file", "milvus"])
def settings(request, material):
    allowed = {"WENSHU_FETCH_ALLOW_HOSTS": f'["{material.address}"]'}
    if request.param == "file":
        return allowed | {"WENSHU_DATABASE_URL": request.getfixturevalue("postgres_url")}
    if request.param == "milvus":
        return allowed | {"WENSHU_MILVUS_URI": request.getfixturevalue("lite").uri}
    return allowed


@pytest.fixture
def server(settings, tmp_path):
    process = ServerProcess(tmp_path / "home", **settings)
    yield process
    process.stop()


class Caller:
    def __init__(self, client, material: Material):
        self.client, self.material = client, material

    def post(self, path, **body):
        return succeeded(self.client.post(f"{LIBRARY}/{path}", json={"tenant_code": "acme", **body}))

    def add(self, name, text, **codes):
        self.post("add_document", doc_url=self.material.document(name, text), doc_name=name, **codes)

    def found(self, query, kind="DOC", **more):
        (hits,) = self.post("search_from_vector_db", query=query, collection_type=kind, limit=50, **more)["entities"]
        return [hit.get("content") or hit["answer"] for hit in hits]


@pytest.fixture
def call(material):
    return lambda client: Caller(client, material)


def reindex(server, *flags):
    """The command beside the server; what it says."""
    command = [BIN, "reindex", "--home", server.home, *flags]
    done = subprocess.run(command, env=server.environment(), capture_output=True, text=True, check=False, timeout=120)
    return done.returncode, done.stdout + done.stderr


def test_the_library_works_alike_on_every_index(server, call):
    with server.start().client() as client:
        caller = call(client)
        caller.add("手册.txt", "铁路全长364公里。")
        caller.add("手册.txt", "铁路全长500公里。")
        caller.add("销售.txt", "铁路归销售部管。", org_code="sales")
        caller.post("add_qa", question=["铁路多长？", "铁路在哪？"], answer=["500公里", "广东"])
        assert caller.found("铁路全长多少公里")[0] == "铁路全长500公里。"
        assert len(caller.found("铁路")) == 2
        assert caller.found("铁路", org_code="sales") == ["铁路归销售部管。"]
        assert caller.found("铁路", filter_expr="doc_name == '销售.txt'") == ["铁路归销售部管。"]
        assert caller.found("铁路", tenant_code="globex") == []
        assert caller.found("铁路多长", "QA")[0] == "500公里"
        asked = {"user_id": "u", "question": "铁路全长多少公里？", "tenant_code": "acme", "stream": False}
        assert "500" in succeeded(client.post("/chat_service/chat", json=asked))["answer"]
        assert client.get("/readyz").json()["checks"]["index"] == "ok"
    assert server.stop() == 0
    with server.start().client() as client:
        caller = call(client)
        assert caller.found("铁路全长多少公里")[0] == "铁路全长500公里。"
        caller.post("del_document", doc_name=["手册.txt"])
        assert caller.found("铁路") == ["铁路归销售部管。"]
        caller.post("del_collection")
        assert caller.found("铁路") == caller.found("铁路", "QA") == []


def test_reindexing_beside_the_server_changes_nothing_that_is_found(server, call):
    with server.start().client() as client:
        caller = call(client)
        for number in range(5):
            caller.add(f"手册{number}.txt", f"铁路第{number}段全长{number}公里。")
        caller.post("add_qa", question=["铁路多长？"], answer=["500公里"])
        before = caller.found("铁路全长"), caller.found("铁路多长", "QA")
        code, said = reindex(server)
        assert (code, "重建完成：6 项" in said) == (0, True), said
        assert (caller.found("铁路全长"), caller.found("铁路多长", "QA")) == before
        code, said = reindex(server, "--tenant", "acme")
        assert (code, "重建完成：6 项" in said) == (0, True), said
        assert (caller.found("铁路全长"), caller.found("铁路多长", "QA")) == before


@pytest.mark.slow
def test_another_index_is_refused_until_all_is_rebuilt(tmp_path, material, lite, call):
    home = tmp_path / "home"
    allowed = {"WENSHU_FETCH_ALLOW_HOSTS": f'["{material.address}"]'}
    first = ServerProcess(home, **allowed).start()
    with first.client() as client:
        call(client).add("手册.txt", "铁路全长364公里。")
    second = ServerProcess(home, WENSHU_MILVUS_URI=lite.uri, **allowed)
    code, said = reindex(second)
    assert (code, "请先停止服务器" in said) == (1, True), said
    first.stop()
    with pytest.raises(AssertionError, match="did not start"):
        second.start()
    second.stop()
    code, said = reindex(second, "--tenant", "acme")
    assert (code, "不带 --tenant" in said) == (1, True), said
    code, said = reindex(second)
    assert code == 0, said
    with second.start().client() as client:
        assert call(client).found("铁路") == ["铁路全长364公里。"]
    second.stop()
    with closing(sqlite3.connect(home / "wenshu.sqlite3")) as database:
        assert database.execute("SELECT count(*) FROM passages").fetchone() == (0,)
    assert reindex(first)[0] == 0
    with first.start().client() as client:
        assert call(client).found("铁路") == ["铁路全长364公里。"]
    first.stop()


@pytest.mark.slow
def test_two_processes_on_postgresql_need_milvus(tmp_path, material, postgres_url, call):
    allowed = {"WENSHU_FETCH_ALLOW_HOSTS": f'["{material.address}"]', "WENSHU_DATABASE_URL": postgres_url}
    one, other = (ServerProcess(tmp_path / name, **allowed) for name in ("one", "other"))
    with one.start().client() as client:
        call(client).add("手册.txt", "铁路全长364公里。")
    serving = subprocess.run(
        [BIN, "serve", "--port", "0", "--home", other.home],
        env=other.environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert serving.returncode == 1
    assert "PostgreSQL 多进程需要 Milvus" in serving.stderr
    one.stop()


def test_many_processes_share_one_milvus(tmp_path, material, postgres_url, lite, call):
    shared = {"WENSHU_DATABASE_URL": postgres_url, "WENSHU_MILVUS_URI": lite.uri}
    allowed = {"WENSHU_FETCH_ALLOW_HOSTS": f'["{material.address}"]'}
    servers = [ServerProcess(tmp_path / name, **shared, **allowed).start() for name in ("one", "other")]
    with servers[0].client() as client, servers[1].client() as second:
        one, other = call(client), call(second)
        for version in range(6):
            writer, reader = (one, other) if version % 2 else (other, one)
            writer.add("手册.txt", f"铁路第{version}版。")
            assert reader.found("铁路") == [f"铁路第{version}版。"]
    for server in servers:
        server.stop()


@pytest.mark.slow
def test_an_outdated_index_is_told_and_serves(tmp_path, material, call):
    server = ServerProcess(tmp_path / "home", WENSHU_FETCH_ALLOW_HOSTS=f'["{material.address}"]').start()
    with server.client() as client:
        call(client).add("手册.txt", "铁路全长364公里。")
        assert "notices" not in client.get("/readyz").json()
    server.stop()
    with closing(sqlite3.connect(server.home / "wenshu.sqlite3")) as database:
        database.execute("UPDATE index_state SET terms_version = 0")
        database.commit()
    with server.start().client() as client:
        ready = client.get("/readyz")
        assert (ready.status_code, "wenshu reindex" in ready.json()["notices"][0]) == (200, True)
        assert call(client).found("铁路") == ["铁路全长364公里。"]
    assert reindex(server)[0] == 0
    server.stop()
    with server.start().client() as client:
        assert "notices" not in client.get("/readyz").json()
    server.stop()


@pytest.mark.parametrize(
    ("uri", "words"), [("./milvus.db", "须为服务器地址"), ("http://127.0.0.1:1", "无法连接 Milvus")]
)
def test_a_milvus_that_cannot_be_used_is_told_in_words(tmp_path, uri, words):
    server = ServerProcess(tmp_path / "home", WENSHU_MILVUS_URI=uri, WENSHU_MILVUS_TIMEOUT_SECONDS="2")
    command = [BIN, "serve", "--port", "0", "--home", server.home]
    done = subprocess.run(command, env=server.environment(), capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, words in done.stderr) == (1, True), done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture
def embeddings():
    with EmbeddingServer() as server:
        yield server


def hits(caller, **asked):
    return caller.post("search_from_vector_db", collection_type="DOC", **asked)


@pytest.mark.parametrize(
    "kind", ["embedded", pytest.param("file", marks=pytest.mark.slow), pytest.param("milvus", marks=pytest.mark.slow)]
)
def test_meaning_is_searched_once_an_embedder_is_set(tmp_path, material, request, kind, embeddings, call):
    base = {"WENSHU_FETCH_ALLOW_HOSTS": f'["{material.address}"]'}
    if kind == "file":
        base |= {"WENSHU_DATABASE_URL": request.getfixturevalue("postgres_url")}
    if kind == "milvus":
        base |= {"WENSHU_MILVUS_URI": request.getfixturevalue("lite").uri}
    plain = ServerProcess(tmp_path / "home", **base)
    with plain.start().client() as client:
        caller = call(client)
        caller.add("假期.txt", "员工每年享有五天年假，提前三日申请。")
        caller.add("库房.txt", "型号LX-101存放在三号库房。")
        found = hits(caller, query="年假")
        assert found["entities"][0][0]["vector_similarity"] is None
        assert "未配置向量模型" in found["notices"][0]
    plain.stop()
    meaning = ServerProcess(plain.home, **base, WENSHU_EMBEDDING_URL=embeddings.url, WENSHU_EMBEDDING_MODEL="m")
    command = [BIN, "serve", "--port", "0", "--home", meaning.home]
    refused = subprocess.run(
        command, env=meaning.environment(), capture_output=True, text=True, check=False, timeout=60
    )
    assert (refused.returncode, "wenshu reindex" in refused.stderr) == (1, True), refused.stderr
    code, said = reindex(meaning)
    assert code == 0, said
    with meaning.start().client() as client:
        caller = call(client)
        for hybrid in (True, False):
            found = hits(caller, query="想歇几天", use_hybrid=hybrid)
            assert found["notices"] == []
            best = found["entities"][0][0]
            assert best["doc_name"] == "假期.txt"
            assert best["vector_similarity"] > 0.5
            assert 0 < best["rrf_similarity"] <= 0.0328
        assert hits(caller, query="LX-101在哪", use_hybrid=True)["entities"][0][0]["doc_name"] == "库房.txt"
        only = hits(caller, query="想歇几天", vector_similarity_threshold=0.5)["entities"][0]
        assert [hit["doc_name"] for hit in only] == ["假期.txt"]
        assert hits(caller, query="想歇几天", tenant_code="globex")["entities"] == [[]]
        embeddings.down = True
        found = hits(caller, query="年假")
        assert found["entities"][0][0]["doc_name"] == "假期.txt"
        assert "向量模型暂不可用" in found["notices"][0]
        url = material.document("新.txt", "年假改为十天。")
        body = {"tenant_code": "acme", "doc_url": url, "doc_name": "假期.txt"}
        assert client.post(f"{LIBRARY}/add_document", json=body).status_code == 503
        embeddings.down = False
        assert caller.found("想歇几天")[0].startswith("员工每年享有五天年假")
    meaning.stop()
