"""SIGKILL amid every call that writes: after a restart nothing is half there, and nothing is lost that was answered."""

import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing

import pytest

from faults.acts import ACTS, AddDocument, AddSeveral, After, ReplaceDocument
from faults.material import text, whole
from serving import eventually

SHARES = [0.02, 0.1, 0.25, 0.4, 0.55, 0.7, 0.85, 0.97]


def judge(wenshu, verdicts) -> None:
    """Start again, wait until recovery is through, and hold the store and every call to the rules."""
    wenshu.restart()
    with wenshu.client() as client:
        eventually(lambda: not unanswered(wenshu))
        with closing(wenshu.store()) as store:
            store.check()
            for act, answered in verdicts:
                act.verdict(After(client, store), answered=answered)
    assert not wenshu.faults()


def unanswered(wenshu) -> int:
    with closing(wenshu.store()) as store:
        return store.open_turns()


def timed(act, client) -> float:
    started = time.monotonic()
    act.rehearse(client)
    return time.monotonic() - started


def test_kill_amid_everything(wenshu, docs):
    acts = [kind(docs, 800) for kind in ACTS]
    wenshu.start()
    with wenshu.client() as client, ThreadPoolExecutor(len(acts)) as pool:
        for act in acts:
            act.prepare(client)
        before = wenshu.wal()
        running = [pool.submit(act.run, client) for act in acts]
        eventually(lambda: wenshu.wal() != before)
        eventually(lambda: any(call.done() for call in running))
        wenshu.kill()
        answered = [call.result() for call in running]
    judge(wenshu, zip(acts, answered, strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ACTS)
@pytest.mark.parametrize("share", SHARES)
def test_kill_at_a_share_of_the_time(wenshu, docs, kind, share):
    act = kind(docs)
    wenshu.start()
    with wenshu.client() as client, ThreadPoolExecutor(1) as pool:
        act.prepare(client)
        seconds = timed(act, client)
        running = pool.submit(act.run, client)
        time.sleep(share * seconds)  # the fault's moment, not a wait for something
        wenshu.kill()
        answered = running.result()
    judge(wenshu, [(act, answered)])


@pytest.mark.slow
@pytest.mark.parametrize("kind", ACTS)
def test_kill_as_the_log_is_written(wenshu, docs, kind):
    """The moment of the commit: its pages are on their way into the write-ahead log."""
    act = kind(docs)
    wenshu.start()
    with wenshu.client() as client:
        act.prepare(client)
        answered = kill_when(wenshu, act, client, changed(wenshu))
    judge(wenshu, [(act, answered)])


@pytest.mark.slow
@pytest.mark.parametrize("kind", [AddDocument, ReplaceDocument])
def test_kill_while_the_parser_works(wenshu, docs, kind):
    act = kind(docs, 12_000)
    wenshu.start()
    idle = wenshu.below()
    with wenshu.client() as client:
        act.prepare(client)
        answered = kill_when(wenshu, act, client, lambda: wenshu.below() - idle)
    assert not answered
    judge(wenshu, [(act, answered)])


@pytest.mark.parametrize(
    "share",
    [
        pytest.param(-1, id="before-the-headers", marks=pytest.mark.slow),
        pytest.param(0, id="before-the-body", marks=pytest.mark.slow),
        pytest.param(0.5, id="amid-the-body"),
        pytest.param(0.9999, id="before-the-last-bytes", marks=pytest.mark.slow),
    ],
)
def test_kill_while_fetching(wenshu, docs, share):
    """A batch whose other documents were stored long ago, and a replacement whose new text never came."""
    several, replace = AddSeveral(docs), ReplaceDocument(docs)
    wenshu.start()
    with wenshu.client() as client, ThreadPoolExecutor(2) as pool:
        replace.add(client, "rules.txt", "甲")
        names = [f"new-{number}.txt" for number in range(6)]
        urls = [docs.put(name, text("乙", several.each)) for name in names]
        gate = docs.stop_at("new-5.txt", share)
        batch = {"tenant_code": several.tenant, "multi_doc_urls": urls, "doc_names": names}
        calls: list[Future] = [pool.submit(client.post, "/vector_db_service/add_multi_document", json=batch)]
        held = docs.put("held.txt", text("乙", 4_500))
        other = docs.stop_at("held.txt", share)
        body = {"tenant_code": replace.tenant, "doc_url": held, "doc_name": "rules.txt"}
        calls.append(pool.submit(client.post, "/vector_db_service/add_document", json=body))
        gate.wait_until_reached()
        other.wait_until_reached()
        eventually(lambda: documents(wenshu, several.tenant) == 5)
        wenshu.kill()
        assert all(call.exception() for call in calls)
    judge(wenshu, [(several, False), (replace, False)])
    with closing(wenshu.store()) as store:
        assert [store.document(several.tenant, name) for name in names] == [whole("乙", several.each)] * 5 + [None]


@pytest.mark.slow
def test_the_next_server_clears_what_a_killed_one_was_fetching(wenshu, docs):
    wenshu.start()
    held = docs.put("held.txt", text("乙", 4_500))
    gate = docs.stop_at("held.txt", 0.5)
    with wenshu.client() as client, ThreadPoolExecutor(1) as pool:
        body = {"doc_url": held, "doc_name": "rules.txt"}
        call = pool.submit(client.post, "/vector_db_service/add_document", json=body)
        gate.wait_until_reached()
        wenshu.kill()
        assert call.exception()
    wenshu.restart()
    assert wenshu.temporary() == []


def documents(wenshu, tenant: str) -> int:
    with closing(wenshu.store()) as store:
        return store.rows("SELECT count(*) FROM documents WHERE tenant_code = ?", tenant)[0][0]


def changed(wenshu):
    before = wenshu.wal()
    return lambda: wenshu.wal() != before


def kill_when(wenshu, act, client, reached) -> bool:
    """Kill at the first sight of the condition, looked for without a pause; whether the call was answered before."""
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(act.run, client)
        while not reached():
            # Asked again once it is done: both may have come about between two looks.
            assert not running.done() or reached(), "the call ended without the condition"
        wenshu.kill()
        return running.result()
