"""Parses documents outside this process: each in a child that may crash, hang or swell without harm to the server."""

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from wenshu.core.documents.limits import Limits
from wenshu.core.documents.model import Parsed
from wenshu.core.documents.outcome import DOCUMENT, ROWS, read_document, read_rows
from wenshu.core.documents.zygote_process import ZygoteLost, ZygoteProcess
from wenshu.core.telemetry import metrics, tracing
from wenshu.kit.errors import PARSE_REASONS, ParseFailed, Unavailable

_log = logging.getLogger(__name__)
_T = TypeVar("_T")
_TIME_SIGNALS = (signal.SIGALRM, signal.SIGXCPU)


class ParserPool:
    """At most ``concurrency`` parses at a time; more wait their turn. One event loop uses it."""

    def __init__(self, limits: Limits | None = None, *, concurrency: int = 2) -> None:
        self.limits = limits or Limits()
        self._slots = asyncio.Semaphore(concurrency)
        self._starting = asyncio.Lock()
        self._zygote: ZygoteProcess | None = None
        self._loader = ThreadPoolExecutor(1, "wenshu-parsed")
        self._closed = False

    async def start(self) -> None:
        """Starts the parser process, about 0.5 s; Unavailable where it cannot be started."""
        await self._running()

    async def close(self) -> None:
        """Ends the parser process and what it is doing; parses under way raise Unavailable."""
        self._closed = True
        if self._zygote is not None:
            self._zygote.end()
            self._zygote = None
        self._loader.shutdown(wait=False, cancel_futures=True)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def filtered(self) -> bool:
        """Whether children are cut off from the network and from writing (x86-64 Linux); limits hold everywhere."""
        return self._zygote is not None and self._zygote.filtered

    async def parse(self, path: Path, name: str) -> Parsed:
        """The document in the file ``path`` that people call ``name``.

        Raises ParseFailed with reason encrypted, corrupt, too_large, timeout, crashed, unsupported or empty_text;
        Unavailable where the parser process does not start. Cancelling the call kills the child.
        """
        return await self._run(DOCUMENT, path, name, read_document)

    async def rows(self, path: Path, name: str) -> list[list[str]]:
        """The first visible sheet of a workbook (or a CSV) row by row from its row 1; raises as ``parse``."""
        return await self._run(ROWS, path, name, read_rows)

    async def _run(self, task: str, path: Path, name: str, read: Callable[[bytes], _T]) -> _T:
        with metrics.timed(metrics.PARSES, failed=_word), tracing.span("document parse"):
            async with self._slots:
                result = await self._result(task, path, name)
            return await self._read(result, read)

    async def _read(self, result: bytes, read: Callable[[bytes], _T]) -> _T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._loader, read, result)
        except ParseFailed as error:
            if causes := getattr(error, "__notes__", ()):
                _log.info("parse failed: %s (%s)", error.reason, causes[0])
            raise
        except (ValueError, LookupError, TypeError) as error:
            _log.warning("parser process wrote no result: %s", type(error).__name__)
            raise ParseFailed("crashed") from error

    async def _result(self, task: str, path: Path, name: str) -> bytes:
        with contextlib.ExitStack() as open_files:
            source = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            open_files.callback(os.close, source)
            for _ in range(2):
                output = os.memfd_create("wenshu-parsed")
                open_files.callback(os.close, output)
                zygote = await self._running()
                try:
                    status = await zygote.run(task, name, source, output)
                except ZygoteLost:
                    continue  # not this document's fault: once more, in a new process
                _check(status)
                return os.pread(output, min(os.fstat(output).st_size, self.limits.result_bytes), 0)
        raise Unavailable("文档解析服务暂不可用") if self._closed else ParseFailed("crashed")

    async def _running(self) -> ZygoteProcess:
        async with self._starting:
            if self._closed:
                raise Unavailable("文档解析服务已停止")
            if self._zygote is None or self._zygote.lost:
                self._zygote = await ZygoteProcess.start(self.limits)
            return self._zygote


def _word(error: BaseException) -> str:
    if isinstance(error, asyncio.CancelledError):
        return "cancelled"
    return error.reason if isinstance(error, ParseFailed) and error.reason in PARSE_REASONS else "unavailable"


def _check(status: int) -> None:
    if os.WIFSIGNALED(status):
        raise ParseFailed("timeout" if os.WTERMSIG(status) in _TIME_SIGNALS else "crashed")
    if os.WEXITSTATUS(status):
        raise ParseFailed("crashed")
