"""SIGKILL amid an upload: whatever it left, in a folder or on S3, goes with a later start; nothing else does."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

from s3_gate import gate
from serving import eventually

SMALL = {"file": ("small.txt", b"kept", "text/plain")}


def upload(client, body: bytes = b"kept") -> str:
    """The id of a new file."""
    answer = client.post("/chat_service/upload", files={"file": ("a.txt", body, "text/plain")})
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]["file_url"].split("/files/")[1].split("/")[0]


def an_hour_passes(home) -> None:
    with closing(sqlite3.connect(home / "wenshu.sqlite3", isolation_level=None)) as database:
        database.execute("UPDATE files SET created_at = created_at - 3601000000")


def rows(wenshu, state: str) -> set[str]:
    with closing(wenshu.store()) as store:
        return {row[0] for row in store.rows("SELECT id FROM files WHERE state = ?", state)}


def swept(wenshu) -> list[int]:
    return [line["files"] for line in wenshu.logged() if line["event"] == "swept"]


def test_between_the_object_and_its_row(wenshu, s3):
    with gate(s3.endpoint) as door:
        place = {**s3.environment(f"s3://wenshu/{wenshu.folder.name}"), "WENSHU_STORAGE_ENDPOINT": door.endpoint}
        wenshu.start(**place)
        with wenshu.client() as client, ThreadPoolExecutor(1) as pool:
            kept = upload(client)
            door.shut()
            lost = pool.submit(upload, client, b"lost")
            assert door.reached.wait(30)
            wenshu.kill()
            assert lost.exception()
        door.open()
        (orphan,) = rows(wenshu, "writing")
        keys = {f"{wenshu.folder.name}/{key}" for key in (kept, orphan)}
        assert set(s3.keys(wenshu.folder.name)) == keys
        wenshu.restart(**place)
        with wenshu.client() as client:
            third = upload(client)
            assert rows(wenshu, "writing") == {orphan}  # too young: it might be another process at work
            wenshu.kill()
            an_hour_passes(wenshu.home)
            wenshu.restart(**place)
            eventually(lambda: not rows(wenshu, "writing") | rows(wenshu, "removing"))
        eventually(lambda: swept(wenshu) == [1])
        assert set(s3.keys(wenshu.folder.name)) == {f"{wenshu.folder.name}/{key}" for key in (kept, third)}
        assert rows(wenshu, "kept") == {kept, third}
    assert not wenshu.faults()


def test_while_the_folder_is_written(wenshu):
    """The library's own half-written file, ``id#1``."""
    wenshu.start()
    folder = wenshu.home / "objects"
    with wenshu.client() as client, ThreadPoolExecutor(1) as pool:
        kept = upload(client)
        lost = pool.submit(upload, client, bytes(45_000_000))
        while not any("#" in path.name for path in folder.iterdir()):
            assert not lost.done(), "the upload ended before it was seen"
        wenshu.kill()
        assert lost.exception()
    (orphan,) = rows(wenshu, "writing")
    assert {path.name.split("#")[0] for path in folder.iterdir()} == {kept, orphan}
    an_hour_passes(wenshu.home)
    wenshu.restart()
    eventually(lambda: [path.name for path in folder.iterdir()] == [kept])
    eventually(lambda: rows(wenshu, "kept") == {kept} and not rows(wenshu, "removing"))
    eventually(lambda: swept(wenshu) == [1])
    wenshu.check()
    assert not wenshu.faults()
