import asyncio
import os
import signal
import subprocess
import sys
import zlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from unit.core.documents import samples
from wenshu.core.documents.limits import Limits
from wenshu.core.documents.sandbox import ParserPool
from wenshu.kit.errors import ParseFailed, Unavailable

_SLOW = b"<p " + b" ".join(b"a%d=1" % number for number in range(400_000)) + b">"  # libxml2 needs minutes for these


@pytest.fixture
async def pool() -> AsyncIterator[ParserPool]:
    async with ParserPool() as started:
        yield started


async def _reason(pool: ParserPool, path: Path) -> str:
    with pytest.raises(ParseFailed) as failed:
        await pool.parse(path, path.name)
    return failed.value.reason


def _zygote(pool: ParserPool) -> int:
    assert pool._zygote is not None
    return pool._zygote.pid


def _proc(pid: int, name: str) -> bytes:
    return Path(f"/proc/{pid}/{name}").read_bytes()


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110 - the kernel's table of processes has no event to wait for
            await asyncio.sleep(0.01)


@pytest.fixture
def slow(tmp_path: Path) -> Path:
    path = tmp_path / "slow.html"
    path.write_bytes(_SLOW)
    return path


async def test_each_format_comes_back(pool: ParserPool, tmp_path: Path) -> None:
    files = {
        "a.pdf": samples.pdf([["正文"]]),
        "a.docx": samples.docx_text("正文"),
        "a.pptx": samples.pptx_file(),
        "a.xlsx": samples.xlsx({"正文": [["甲"]]}),
        "a.csv": "正文,甲\n".encode("gbk"),
        "a.html": "<p>正文".encode(),
        "a.md": "# 正文".encode(),
        "a.txt": "正文".encode("utf-16"),
        "a.eml": "Subject: x\n\n正文".encode(),
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    documents = await asyncio.gather(*(pool.parse(tmp_path / name, name) for name in files))
    assert all("正文" in document.text or document.pages == 2 for document in documents)
    assert await pool.rows(tmp_path / "a.xlsx", "a.xlsx") == [["甲"]]


async def test_failures_keep_their_reason_and_words(pool: ParserPool, tmp_path: Path) -> None:
    files = {
        "empty_text": samples.pdf([[]]),
        "encrypted": samples.pdf([["x"]], password=True),
        "corrupt": b"%PDF-1.4 nothing",
        "unsupported": b"MZ\0\0",
    }
    for reason, data in files.items():
        path = tmp_path / f"{reason}.pdf"
        path.write_bytes(data)
        assert await _reason(pool, path) == reason
    broken = tmp_path / "broken.docx"
    broken.write_bytes(samples.repacked(samples.docx_text("x"), {"word/document.xml": b"<w:document"}))
    assert await _reason(pool, broken) == "corrupt"


async def test_time_is_up(slow: Path) -> None:
    for limits in (Limits(wall_seconds=0.3), Limits(cpu_seconds=1)):
        async with ParserPool(limits) as pool:
            assert await _reason(pool, slow) == "timeout"


async def test_memory_is_up(tmp_path: Path) -> None:
    path = tmp_path / "tree.html"
    path.write_bytes(b"<p>a</p>" * 600_000)
    async with ParserPool(Limits(memory_bytes=96 << 20)) as pool:
        assert await _reason(pool, path) == "too_large"


async def test_a_result_past_its_limit_is_too_large(tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    path.write_bytes(b"word " * 10_000)
    async with ParserPool(Limits(result_bytes=20_000)) as pool:
        assert await _reason(pool, path) == "too_large"


async def test_a_library_that_crashes_takes_nothing_with_it(tmp_path: Path) -> None:
    page = zlib.compress(b" " * 200_000_000, 9)
    path = tmp_path / "bomb.pdf"
    path.write_bytes(samples.pdf_stream(page, b"/Filter /FlateDecode"))
    fine = tmp_path / "fine.txt"
    fine.write_bytes(b"fine")
    async with ParserPool(Limits(memory_bytes=128 << 20)) as pool:
        before = _zygote(pool)
        assert await _reason(pool, path) == "crashed"
        assert (await pool.parse(fine, "fine.txt")).text == "fine"
        assert _zygote(pool) == before


async def test_a_killed_child_is_a_crash(pool: ParserPool, slow: Path) -> None:
    parse = asyncio.create_task(_reason(pool, slow))
    await _until(lambda: bool(_children(_zygote(pool))))
    os.kill(_children(_zygote(pool))[0], signal.SIGKILL)
    assert await parse == "crashed"


async def test_cancelling_kills_the_child_and_frees_its_place(slow: Path, tmp_path: Path) -> None:
    fine = tmp_path / "fine.txt"
    fine.write_bytes(b"fine")
    async with ParserPool(concurrency=1) as pool:
        parse = asyncio.create_task(pool.parse(slow, slow.name))
        await _until(lambda: bool(_children(_zygote(pool))))
        parse.cancel()
        with pytest.raises(asyncio.CancelledError):
            await parse
        assert not _children(_zygote(pool))
        assert (await pool.parse(fine, "fine.txt")).text == "fine"


async def test_no_more_children_than_places(slow: Path) -> None:
    async with ParserPool(concurrency=2) as pool:
        parses = [asyncio.create_task(pool.parse(slow, slow.name)) for _ in range(4)]
        await _until(lambda: len(_children(_zygote(pool))) == 2)
        parses[0].cancel()
        await asyncio.wait(parses[:1])
        await _until(lambda: len(_children(_zygote(pool))) == 2)
        for parse in parses:
            parse.cancel()
        await asyncio.wait(parses)
        assert not _children(_zygote(pool))


async def test_a_dead_parser_process_is_started_again_and_the_job_done(pool: ParserPool, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"fine")
    before = _zygote(pool)
    os.kill(before, signal.SIGSTOP)  # the job is handed over, but not begun
    parse = asyncio.create_task(pool.parse(path, "a.txt"))
    await asyncio.sleep(0)
    os.kill(before, signal.SIGKILL)
    assert (await parse).text == "fine"
    assert _zygote(pool) != before


async def test_a_document_whose_parser_process_dies_twice_is_a_crash(pool: ParserPool, slow: Path) -> None:
    parse = asyncio.create_task(_reason(pool, slow))
    for _ in range(2):
        await _until(lambda: pool._zygote is not None and bool(_children(_zygote(pool))))
        os.kill(_zygote(pool), signal.SIGKILL)
        dead = pool._zygote
        await _until(lambda dead=dead: dead is not None and dead.lost)
    assert await parse == "crashed"


async def test_closing_ends_everything(slow: Path) -> None:
    pool = ParserPool()
    await pool.start()
    parse = asyncio.create_task(pool.parse(slow, slow.name))
    zygote = _zygote(pool)
    await _until(lambda: bool(_children(zygote)))
    child = _children(zygote)[0]
    await pool.close()
    with pytest.raises(Unavailable):
        await parse
    with pytest.raises(Unavailable):
        await pool.parse(slow, slow.name)
    await _until(lambda: not Path(f"/proc/{zygote}").exists() and _ended(child))


def _ended(pid: int) -> bool:
    try:
        return "State:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return True


async def test_nothing_outlives_a_killed_server(slow: Path) -> None:
    code = (
        "import asyncio, sys\nfrom pathlib import Path\nfrom wenshu.core.documents.sandbox import ParserPool\n"
        "async def main():\n"
        "    async with ParserPool() as pool:\n"
        "        print(pool._zygote.pid, flush=True)\n"
        "        await pool.parse(Path(sys.argv[1]), 'slow.html')\n"
        "asyncio.run(main())\n"
    )
    server = await asyncio.create_subprocess_exec(sys.executable, "-c", code, str(slow), stdout=subprocess.PIPE)
    assert server.stdout is not None
    zygote = int(await server.stdout.readline())
    await _until(lambda: bool(_children(zygote)))
    child = _children(zygote)[0]
    server.kill()
    await server.wait()
    await _until(lambda: _ended(zygote) and _ended(child))


async def test_the_parser_process_has_one_thread_and_none_of_our_environment(
    pool: ParserPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _proc(_zygote(pool), "status").count(b"\nThreads:\t1\n") == 1
    monkeypatch.setenv("WENSHU_ADMIN_PASSWORD", "secret")
    async with ParserPool() as other:
        assert b"secret" not in _proc(_zygote(other), "environ")
