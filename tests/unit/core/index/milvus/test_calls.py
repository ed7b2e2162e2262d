"""A Milvus that is missing, too old, slow or broken ends in words, in time."""

import asyncio
import subprocess
import sys
import threading

import pytest

from wenshu.core.index.milvus.calls import Calls, Server, check_version, connect
from wenshu.core.index.port import IndexUnusable
from wenshu.kit.errors import Unavailable


@pytest.mark.parametrize("version", ["2.4.0", "v2.5.11", "2.6.1-rc1", "3.0", "milvus_lite-3.2.2"])
def test_a_version_with_sparse_vectors_will_do(version):
    assert check_version(version) == ("lite" in version)


@pytest.mark.parametrize("version", ["2.3.5", "v2.2.16", "1.1", "unknown", ""])
def test_an_older_one_is_refused_in_words(version):
    with pytest.raises(IndexUnusable, match=r"需要 2\.4 或更新"):
        check_version(version)


@pytest.mark.parametrize("uri", ["./milvus.db", "milvus:19530", "/var/lib/milvus.db", "file:///m.db"])
async def test_only_a_servers_address_is_taken(uri):
    with pytest.raises(IndexUnusable, match="须为服务器地址"):
        await connect(Server(uri))


async def test_nothing_that_answers_is_told_in_words():
    with pytest.raises(IndexUnusable, match="无法连接 Milvus"):
        await connect(Server("http://127.0.0.1:1", seconds=1))


def test_a_missing_pymilvus_says_how_to_get_it():
    program = (
        "import sys, asyncio; sys.modules['pymilvus'] = None\n"
        "from wenshu.core.index.milvus.calls import Server, connect\n"
        "from wenshu.core.index.port import IndexUnusable\n"
        "try:\n    asyncio.run(connect(Server('http://127.0.0.1:1')))\n"
        "except IndexUnusable as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert "requirements/milvus.lock" in done.stdout


class Client:
    """Calls as pymilvus has them, under our hand."""

    def __init__(self):
        self.released = threading.Event()
        self.running = 0
        self.most = 0

    def hang(self, *, timeout):
        del timeout
        self.released.wait(30)

    def work(self, *, timeout):
        del timeout
        self.running += 1
        self.most = max(self.most, self.running)
        self.released.wait(0.02)
        self.running -= 1
        return "done"

    def fail(self, *, timeout):
        raise RuntimeError(f"code=1100, at 10.0.0.7:19530 in {timeout}")

    def close(self):
        """Nothing is open."""


@pytest.fixture
def client():
    made = Client()
    yield made
    made.released.set()


async def test_a_call_that_hangs_ends_in_time_and_holds_up_nobody(client, monkeypatch):
    monkeypatch.setattr("wenshu.core.index.milvus.calls._GRACE_SECONDS", 0.05)
    calls = Calls(client, 0.05, is_lite=False)
    with pytest.raises(Unavailable, match="超时"):
        await calls.read(client.hang)
    assert await calls.read(client.work) == "done"
    client.released.set()
    await calls.close()


async def test_what_milvus_says_stays_inside(client):
    calls = Calls(client, 5, is_lite=False)
    with pytest.raises(Unavailable) as failed:
        await calls.write(client.fail)
    assert "10.0.0.7" not in failed.value.message
    await calls.close()


@pytest.mark.parametrize("is_lite", [True, False])
async def test_writes_run_one_after_another_and_on_lite_everything_does(client, is_lite):
    calls = Calls(client, 5, is_lite=is_lite)
    assert await asyncio.gather(*(calls.write(client.work) for _ in range(6))) == ["done"] * 6
    assert client.most == 1
    await asyncio.gather(*(calls.read(client.work) for _ in range(6)))
    assert client.most == 1 if is_lite else client.most > 1
    await calls.close()
