"""SIGKILL amid ``wenshu backup`` and ``wenshu restore``: no file has the final name, nothing looks whole."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from serving import BIN, ServerProcess, eventually

FILES = 40
BODY = os.urandom(1_000_000)


class Command:
    """A command in a process of its own."""

    def __init__(self, home: Path, *arguments: object, **settings: str) -> None:
        self.process = subprocess.Popen(
            [BIN, *map(str, arguments), "--home", home],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=ServerProcess(home, **settings).environment(),
        )

    def kill(self) -> None:
        assert self.process.poll() is None, "it ended before it was killed"
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate()

    def end(self) -> tuple[int, str]:
        _, noted = self.process.communicate(timeout=300)
        return self.process.returncode, noted


@pytest.fixture
def home(tmp_path):
    server = ServerProcess(tmp_path / "home")
    with server.start().client() as client:
        for number in range(FILES):
            answer = client.post("/chat_service/upload", files={"file": (f"{number}.bin", BODY)})
            assert answer.status_code == 200, answer.text
    server.stop()
    return server.home


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def settings(request):
    if request.param == "sqlite":
        yield {}
        return
    server = request.getfixturevalue("postgres")
    name = server.create()
    yield {"WENSHU_DATABASE_URL": server.url(name)}
    server.drop(name)


def sizes(folder: Path) -> list[int]:
    return [path.stat().st_size for path in folder.glob("*")] if folder.is_dir() else []


def test_killed(home, tmp_path, settings):
    folder = tmp_path / "backups"
    folder.mkdir()
    archive = folder / "backup.zip"
    backup = Command(home, "backup", archive)
    eventually(lambda: sum(sizes(folder)) > 5_000_000)
    backup.kill()
    assert not archive.exists()
    status, noted = Command(home, "backup", archive).end()
    assert status == 0, noted
    assert [path.name for path in folder.iterdir()] == ["backup.zip"]

    new = tmp_path / "new"
    restore = Command(new, "restore", archive, **settings)
    eventually(lambda: len(sizes(new / "restoring" / "objects")) > 5)
    restore.kill()
    assert not (new / "wenshu.sqlite3").exists()
    for folder in {new, tmp_path / "another"} if settings else {new}:
        status, noted = Command(folder, "serve", "--port", "0", **settings).end()
        assert status == 1
        assert "wenshu restore" in noted
    status, noted = Command(new, "restore", archive, **settings).end()
    assert status == 0, noted
    server = ServerProcess(new, **settings)
    server.start()
    assert sizes(new / "objects") == [len(BODY)] * FILES
    assert server.stop() == 0
