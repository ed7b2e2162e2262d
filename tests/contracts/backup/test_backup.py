"""A backup is taken while people work, put back elsewhere, and what it was asked it answers again, word for word."""

import re
import subprocess
import threading
from urllib.parse import urlsplit

import pytest

from serving import BIN, ServerProcess, eventually

CHAT, LIBRARY = "/chat_service", "/vector_db_service"
SCOPE = {"tenant_code": "t", "org_code": "o"}
RULES = {
    "报销制度.txt": "差旅费报销须在返程后{n}日内提交，逾期由部门负责人说明。",
    "考勤制度.txt": "员工第{n}次迟到扣发当月全勤奖的百分之十。",
    "采购制度.txt": "单笔采购超过{n}万元的，须三家比价后由总经理审批。",
}
QUESTIONS = ["差旅费何时报销？", "迟到怎么处理？", "采购超过多少需要比价？", "会议室怎么预订？", "食堂几点开门？"]


def call(client, path, **body):
    answer = client.post(path, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def upload(client, name: str, body: str) -> str:
    answer = client.post(f"{CHAT}/upload", files={"file": (name, body.encode())})
    assert answer.status_code == 200, answer.text
    parts = urlsplit(answer.json()["data"]["file_url"])
    return f"{parts.path}?{parts.query}"


def filled(client) -> dict[str, str]:
    """Material; the link of each document's file → its text."""
    links = {}
    for name, rule in RULES.items():
        body = "\n\n".join(f"第{n}条 {rule.format(n=n)}" for n in range(1, 60))
        link = upload(client, name, body)
        call(client, f"{LIBRARY}/add_document", doc_url=f"{client.base_url}{link}", doc_name=name, **SCOPE)
        links[link] = body
    pairs = {"question": ["会议室怎么预订？"], "answer": ["在前台登记。"], "source": ["行政手册"]}
    call(client, f"{LIBRARY}/add_qa", **pairs, **SCOPE)
    return links


def answers(client, fresh: str) -> list:
    """Everything that the questions bring, but for the links' signatures, which are made anew at each reading."""
    found = []
    for number, question in enumerate(QUESTIONS):
        for kind in ("DOC", "QA"):
            search = {"query": question, "limit": 20, "collection_type": kind, **SCOPE}
            found.append(call(client, f"{LIBRARY}/search_from_vector_db", **search))
        asked = {"session_id": f"{fresh}-{number}", "user_id": "u", "question": question, "stream": False}
        answer = call(client, f"{CHAT}/chat", use_vector_db=True, **asked, **SCOPE)
        found.append({key: value for key, value in answer.items() if not key.endswith("_id")})
    return [re.sub(r"http://127\.0\.0\.1:\d+|\?expires=\d+&signature=\w+", "", repr(one)) for one in found]


class Load:
    """People of another tenant who upload files and ask, without a pause."""

    def __init__(self, server: ServerProcess) -> None:
        self.links: dict[str, str] = {}
        self.asked: list[str] = []
        self._server = server
        self._stopping = threading.Event()
        self._at_work = 2
        self._threads = [threading.Thread(target=self._work, args=(work,)) for work in (self._upload, self._ask)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        assert not self._at_work, "somebody was not served"

    def _work(self, work):
        with self._server.client() as client:
            while not self._stopping.is_set():
                work(client)
        self._at_work -= 1

    def _upload(self, client):
        body = f"第{len(self.links)}份" * 10_000
        self.links[upload(client, "附件.txt", body)] = body

    def _ask(self, client):
        name = f"load-{len(self.asked)}"
        question = {"session_id": name, "user_id": "u", "question": "何时报销？", "stream": False}
        call(client, f"{CHAT}/chat", **question, tenant_code="load")
        self.asked.append(name)


def run(command: str, home, *options: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = ServerProcess(home, **settings).environment()
    return subprocess.run(
        [BIN, command, *options, "--home", home], env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture
def place(postgres):
    """Settings of a new database of either kind."""
    names = []

    def settings(kind: str) -> dict[str, str]:
        if kind == "sqlite":
            return {}
        names.append(postgres.create())
        return {"WENSHU_DATABASE_URL": postgres.url(names[-1])}

    yield settings
    for name in names:
        postgres.drop(name)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("sqlite", "sqlite"),
        pytest.param("postgresql", "postgresql", marks=pytest.mark.slow),
        pytest.param("sqlite", "postgresql", marks=pytest.mark.slow),
        pytest.param("postgresql", "sqlite", marks=pytest.mark.slow),
    ],
)
def test_taken_under_load_it_answers_as_before(tmp_path, place, source, target, request):
    there, elsewhere = place(source), place(target)
    old = ServerProcess(tmp_path / "old", **there)
    request.addfinalizer(old.stop)
    folder = tmp_path / "backups"
    folder.mkdir()
    with old.start().client() as client:
        links = filled(client)
        with Load(old) as load:
            eventually(lambda: len(load.links) > 5 and len(load.asked) > 5)
            before = dict(load.links), list(load.asked)
            made = run("backup", old.home, folder, **there)
            after = len(load.asked)
            assert made.returncode == 0, made.stderr
        (archive,) = folder.iterdir()
        assert made.stdout.strip() == str(archive)
        assert "按机密保管" in made.stderr
        assert archive.stat().st_mode & 0o077 == 0
        told = answers(client, "fresh")
        assert "在前台登记" in "".join(told)
    assert old.stop() == 0
    restored = run("restore", tmp_path / "new", archive, **elsewhere)
    assert restored.returncode == 0, restored.stderr
    assert "恢复完成，核对一致" in restored.stdout
    new = ServerProcess(tmp_path / "new", **elsewhere)
    try:
        with new.start().client() as client:
            assert answers(client, "fresh") == told
            for link, body in (links | before[0]).items():
                assert client.get(link).text == body
            for name in before[1]:
                messages = client.get(f"{CHAT}/session/{name}/messages").json()["data"]
                assert [message["role"] for message in messages] == ["user", "assistant"]
            sessions = client.get(f"{CHAT}/sessions", params={"tenant_code": "load", "user_id": "u", "limit": 1000})
            assert len(before[1]) <= len(sessions.json()["data"]) <= after + 1
            upload(client, "新.txt", "新的")
    finally:
        new.stop()


def test_a_server_keeps_its_home(tmp_path, request):
    old = ServerProcess(tmp_path / "old")
    request.addfinalizer(old.stop)
    archive = tmp_path / "backup.zip"
    with old.start().client():
        assert run("backup", old.home, archive).returncode == 0
        refused = run("backup", old.home, archive)
        assert refused.returncode == 1
        assert "已存在" in refused.stderr
        refused = run("restore", old.home, archive)
        assert refused.returncode == 1
        assert "请先停止服务器" in refused.stderr
    assert old.stop() == 0
    refused = run("restore", old.home, archive)
    assert refused.returncode == 1
    assert "不为空" in refused.stderr
    for command in ("backup", "restore"):
        refused = run(command, tmp_path / "none", tmp_path / "x.zip")
        assert refused.returncode == 1
        assert "Traceback" not in refused.stderr
        assert not (tmp_path / "none").exists()
    assert old.start().stop() == 0
