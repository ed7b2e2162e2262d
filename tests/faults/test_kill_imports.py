"""SIGKILL amid an import: it goes on where it was, each document stands there once, none is read over and over."""

import json
import signal
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from faults.material import text, whole
from serving import BIN, eventually, run_command

IMPORTS = "/vector_db_service/imports"
TENANT = {"tenant_code": "t"}
LANES = 2  # documents in work at a time, WENSHU_DOCUMENTS_WORKERS


def shown(client, import_id: str) -> dict:
    return client.get(f"{IMPORTS}/{import_id}", params=TENANT).json()["data"]


def followed(client, import_id: str) -> list[dict]:
    """The events to the end."""
    told = client.get(f"{IMPORTS}/{import_id}/progress", params=TENANT).text
    return [json.loads(line[6:]) for line in told.splitlines() if line.startswith("data: ")]


@pytest.mark.parametrize(
    ("count", "kills"),
    [pytest.param(120, [50, 51, 90]), pytest.param(1000, [1, 300, 301, 650, 998], marks=pytest.mark.slow)],
)
def test_an_import_survives_kills(wenshu, docs, count, kills):
    names = [f"{number:04d}.txt" for number in range(count)]
    urls = [docs.put(name, text("甲", 2)) for name in names]
    items = [{"doc_url": url, "doc_name": name} for url, name in zip(urls, names, strict=True)]
    gates = {number: docs.stop_at(names[number], 0.5) for number in kills}
    wenshu.start()
    with wenshu.client() as client:
        import_id = client.post(IMPORTS, json={**TENANT, "items": items}).json()["data"]["import_id"]
    for number in kills:
        gates[number].wait_until_reached()
        wenshu.kill()
        gates[number].open()
        wenshu.restart()
    with wenshu.client() as client:
        events = followed(client, import_id)
        done = shown(client, import_id)
    assert (done["state"], done["added"], done["failed"], done["pending"]) == ("succeeded", count, 0, 0)
    processed = [event["processed"] for event in events]
    assert processed == sorted(processed)
    assert set(docs.asked) == set(names)
    assert docs.asked.total() <= count + len(kills) * LANES
    wenshu.check()
    with closing(wenshu.store()) as store:
        assert store.rows("SELECT count(*) FROM documents WHERE tenant_code = 't'") == [(count,)]
        assert all(store.document("t", name) == whole("甲", 2) for name in names[:: max(1, count // 50)])
    assert not wenshu.faults()


def folder(path: Path, count: int) -> Path:
    path.mkdir()
    for number in range(count):
        (path / f"{number:04d}.md").write_text(text("甲", 2) + f"\n\n第{number}号")
    return path


def uploads(wenshu) -> int:
    with closing(wenshu.store()) as store:
        return store.rows("SELECT count(*) FROM files")[0][0]


def documents(wenshu) -> int:
    with closing(wenshu.store()) as store:
        return store.rows("SELECT count(*) FROM documents")[0][0]


def test_the_command_goes_on_after_its_server_was_killed(wenshu, tmp_path):
    count = 150
    command = [BIN, "import", "docs", folder(tmp_path / "files", count), "--home", wenshu.home]
    wenshu.start()
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    eventually(lambda: documents(wenshu) > 20, seconds=120)
    wenshu.kill()
    _, said = running.communicate(timeout=60)
    assert running.returncode == 1
    assert "再次执行同一命令会接着导入" in said
    assert (documents(wenshu) < count, uploads(wenshu)) == (True, count)
    wenshu.restart()
    again = run_command(command)
    assert again.returncode == 0, again.stderr
    assert (documents(wenshu), uploads(wenshu)) == (count, count)
    wenshu.check()


@pytest.mark.slow
def test_the_command_goes_on_after_ctrl_c_with_a_server_of_its_own(wenshu, tmp_path):
    count = 300
    command = [BIN, "import", "docs", folder(tmp_path / "files", count), "--home", wenshu.home]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    database = wenshu.home / "wenshu.sqlite3"
    eventually(lambda: database.exists() and migrated(wenshu) and documents(wenshu) > 20, seconds=120)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=60)
    assert running.returncode == 1
    assert "再次执行同一命令会接着导入" in said
    before = documents(wenshu)
    assert before < count
    again = run_command(command)
    assert again.returncode == 0, again.stderr
    assert (documents(wenshu), uploads(wenshu)) == (count, count)
    unchanged = run_command(command)
    assert f"未变 {count} 个" in unchanged.stdout
    assert uploads(wenshu) == count


def migrated(wenshu) -> bool:
    with closing(wenshu.store()) as store:
        return bool(store.rows("SELECT 1 FROM sqlite_master WHERE name = 'import_items'"))
