"""A graceful stop ends what is open, loses nothing and leaves the home to the next; a second server stays out."""

import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from faults.conversation import FACTS, ask, assert_answered, begin, settings
from faults.material import text, whole
from faults.refusal import serve
from serving import eventually


def end(wenshu) -> int:
    """Ask for a stop; its status. Bound to come in time: the streams' second, uvicorn's two more, and some to spare."""
    started = time.monotonic()
    status = wenshu.stop()
    assert time.monotonic() - started < 20
    return status


def test_stop_with_answers_and_an_ingest_under_way(asking, model, docs):
    """The model never ends: each stream is told so, and the answer is there after the restart."""
    gate = model.stop_at(1)
    url = docs.put("a.txt", text("甲", 1_000))
    fetching = docs.stop_at("a.txt", 0.5)
    body = {"tenant_code": "t", "doc_url": url, "doc_name": "a.txt"}
    with asking.client() as client, ThreadPoolExecutor(3) as pool:
        streamed = pool.submit(ask, client, stream=True)
        whole_one = pool.submit(ask, client, stream=False, session_id="s-2")
        ingest = pool.submit(client.post, "/vector_db_service/add_document", json=body)
        gate.wait_until_reached()
        fetching.wait_until_reached()
        eventually(lambda: model.asked == 2)
        assert end(asking) == 0
        told = streamed.result()
        assert (told[-1]["status"], told[-1]["code"], told[-1]["done"]) == ("fail", 503, True)
        assert whole_one.result()[0]["code"] == 503
        assert ingest.result().status_code == 503
    assert asking.temporary() == []
    model.go_on()
    asking.restart(**settings(model))
    with asking.client() as client:
        assert_answered(client, ["s-1", "s-2"])
    with closing(asking.store()) as store:
        store.check()
        assert store.document("t", "a.txt") is None


def test_stop_lets_a_running_call_end(wenshu, model, docs):
    """What ends within the time that ``server.stop_seconds`` gives is answered as ever."""
    asking = begin(wenshu, model, stop_seconds=15)
    gate = model.stop_at(1)
    url = docs.put("a.txt", text("甲", 1_000))
    fetching = docs.stop_at("a.txt", 0.5)
    body = {"tenant_code": "t", "doc_url": url, "doc_name": "a.txt"}
    with asking.client() as client, ThreadPoolExecutor(3) as pool:
        streamed = pool.submit(ask, client, stream=True)
        ingest = pool.submit(client.post, "/vector_db_service/add_document", json=body)
        gate.wait_until_reached()
        fetching.wait_until_reached()
        stopping = pool.submit(end, asking)
        eventually(lambda: refuses(asking.running.url))
        model.go_on()
        fetching.open()
        last = streamed.result()[-1]
        assert last["done"]
        assert FACTS[-1].rstrip("。") in last["content"]
        assert ingest.result().json()["code"] == 200
        assert stopping.result() == 0
    with closing(asking.store()) as store:
        store.check()
        assert store.document("t", "a.txt") == whole("甲", 1_000)
        assert store.open_turns() == 0


def refuses(url: str) -> bool:
    host, _, port = url.removeprefix("http://").partition(":")
    try:
        socket.create_connection((host, int(port)), timeout=1).close()
    except OSError:
        return True
    return False


@pytest.mark.slow
def test_a_call_cut_by_the_stop_is_answered_in_its_dialect(wenshu, docs):
    wenshu.start(WENSHU_SERVER_STOP_SECONDS="1")
    url = docs.put("a.txt", text("甲", 1_000))
    fetching = docs.stop_at("a.txt", 0.5)
    with wenshu.client() as client, ThreadPoolExecutor(1) as pool:
        body = {"doc_url": url, "doc_name": "a.txt"}
        ingest = pool.submit(client.post, "/vector_db_service/add_document", json=body)
        fetching.wait_until_reached()
        wenshu.stop()
        answer = ingest.result()
    assert answer.json()["status"] == "fail"
    assert answer.json()["code"] == answer.status_code == 503


def test_a_second_server_is_refused_and_touches_nothing(wenshu):
    wenshu.start()
    before = {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in wenshu.home.rglob("*")}
    second = serve(wenshu.home, "--port", "0")
    assert second.status == 1
    assert "数据目录已被另一个文枢进程使用" in second.said
    assert "Traceback" not in second.said
    assert {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in wenshu.home.rglob("*")} == before
    told = json.loads((wenshu.home / "server.json").read_text())
    assert told.pop("credential")
    assert told == {"pid": wenshu.pid, "url": wenshu.running.url}
    with wenshu.client() as client:
        assert client.get("/readyz").status_code == 200
    assert wenshu.stop() == 0
    assert not (wenshu.home / "server.json").exists()


def test_a_port_in_use_is_named(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        refused = serve(tmp_path / "home", "--port", port)
    assert refused.status == 1
    assert f"无法监听 127.0.0.1:{port}" in refused.said
    assert "Traceback" not in refused.said
