"""A server of the benchmark's own in a folder that goes away, and its calls as a client makes them."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import orjson
from report import milliseconds_since

WENSHU = Path(sys.executable).parent / "wenshu"
_JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class Served:
    """A running server: its address, data folder, process id and log."""

    url: str
    home: Path
    pid: int
    log: Path

    def faults(self) -> list[str]:
        """What it logged as errors, each by its event and the last line of its trace."""
        lines = [orjson.loads(line) for line in self.log.read_bytes().splitlines() if line.startswith(b"{")]
        faults = [line for line in lines if line["level"] in {"error", "critical"}]
        return [f"{line['event']}: {str(line.get('exception', '')).strip().rpartition(chr(10))[2]}" for line in faults]


@contextmanager
def serving(**settings: str) -> Iterator[Served]:
    """Start a server; ``settings`` are ``WENSHU_*`` variables without the prefix."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WENSHU_")}
    own = {"RATE_LIMIT": "1000000/minute", **settings}
    with tempfile.TemporaryDirectory(prefix="wenshu-bench-") as folder:
        home, log = Path(folder) / "home", Path(folder) / "log"
        with log.open("wb") as errors:
            process = subprocess.Popen(
                [WENSHU, "serve", "--port", "0", "--home", home],
                env=kept | {f"WENSHU_{name}": value for name, value in own.items()},
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        try:
            line = next((line for line in process.stdout or () if "/console/" in line), None)
            if line is None:
                raise SystemExit(f"the server ended with {process.wait()}: {log.read_text('utf-8')[-500:]}")
            yield Served(line.split()[-1].removesuffix("/console/"), home, process.pid, log)
        finally:
            process.terminate()
            process.wait()


class Calls:
    """The calls of one client over kept connections. Anything but a success ends the benchmark."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def post(self, path: str, **body: Any) -> Any:
        """POST JSON; the answer's ``data``."""
        async with self._session.post(path, data=orjson.dumps(body), headers=_JSON) as answer:
            return _data(path, await answer.read())

    async def search(self, tenant: str, question: str, limit: int = 5) -> list[dict[str, Any]]:
        """The best passages."""
        found = await self.post(
            "/vector_db_service/search_from_vector_db",
            query=question, collection_type="DOC", limit=limit, tenant_code=tenant,
        )  # fmt: skip
        return found["entities"][0]

    async def add(self, tenant: str, name: str, text: str) -> None:
        """Upload a document and take it into the library."""
        form = aiohttp.FormData({"tenant_code": tenant})
        form.add_field("file", text.encode(), filename=name)
        async with self._session.post("/chat_service/upload", data=form) as answer:
            url = _data("/chat_service/upload", await answer.read())["file_url"]
        await self.post("/vector_db_service/add_document", doc_url=url, doc_name=name, tenant_code=tenant)

    async def events(self, tenant: str, question: str) -> AsyncIterator[tuple[float, dict[str, Any]]]:
        """The events of a streamed answer, each with its milliseconds since the question was sent."""
        body = {"user_id": "bench", "question": question, "tenant_code": tenant}
        started = time.perf_counter()
        async with self._session.post("/chat_service/chat", data=orjson.dumps(body), headers=_JSON) as answer:
            async for line in answer.content:
                if line.startswith(b"data: "):
                    yield milliseconds_since(started), orjson.loads(line[6:])


@asynccontextmanager
async def calling(url: str) -> AsyncIterator[Calls]:
    """A client of the server."""
    connector = aiohttp.TCPConnector(limit=0)
    timeout = aiohttp.ClientTimeout(total=None, sock_read=120)
    async with aiohttp.ClientSession(url, connector=connector, timeout=timeout, read_bufsize=2**20) as session:
        yield Calls(session)


def _data(path: str, body: bytes) -> Any:
    answer = orjson.loads(body)
    if answer.get("status") != "success":
        raise SystemExit(f"{path} answered {answer}")
    return answer["data"]


async def timed_searches(calls: Calls, questions: Sequence[tuple[str, str]]) -> list[float]:
    """Milliseconds of each search, one after another."""
    times: list[float] = []
    for tenant, question in questions:
        started = time.perf_counter()
        await calls.search(tenant, question)
        times.append(milliseconds_since(started))
    return times
