"""One job inside the confined child: read the file, parse it, write the result or the reason for there being none."""

import errno
import os
from collections.abc import Iterator

from lxml import etree

from wenshu.core.documents import confine
from wenshu.core.documents.limits import Limits
from wenshu.core.documents.outcome import ROWS, document, failure, table
from wenshu.core.documents.parsers.dispatch import parse, rows
from wenshu.kit.errors import ParseFailed

_XML_NO_MEMORY = 2  # XML_ERR_NO_MEMORY


def answer(task: str, name: str, source: int, output: int, limits: Limits, idle: int) -> None:
    """Confines this process for good, then does the task (``document`` or ``rows``) and writes to ``output``.

    ``idle`` is the address space of the process before the job, in bytes.
    """
    space = confine.limit_resources(limits, idle)
    confine.block_system_calls()
    try:
        for piece in _result(task, name, source, limits):
            _write(output, piece)
    except ParseFailed as error:
        failed = failure(error)
    except (MemoryError, RecursionError) as error:
        failed = failure(ParseFailed("too_large"), _cause(error))
    except Exception as error:  # noqa: BLE001 - libraries raise anything at all on broken files
        failed = failure(ParseFailed("too_large" if _starved(error, space) else "corrupt"), _cause(error))
    else:
        return
    os.ftruncate(output, 0)
    os.lseek(output, 0, os.SEEK_SET)
    _write(output, failed)


def _result(task: str, name: str, source: int, limits: Limits) -> Iterator[bytes]:
    if task == ROWS:
        return table(rows(_read(source, limits), name, limits))
    return document(parse(_read(source, limits), name, limits))


def _starved(error: Exception, space: int) -> bool:
    """Whether it failed for want of room: near the limit no fault of the file is believed.

    Out of memory, C libraries speak of a syntax error. EFBIG is the result past RLIMIT_FSIZE.
    """
    if isinstance(error, etree.XMLSyntaxError) and error.code == _XML_NO_MEMORY:
        return True
    if isinstance(error, OSError) and error.errno == errno.EFBIG:
        return True
    return confine.peak_address_space() > space * 0.9


def _cause(error: BaseException) -> str:
    """Where a library gave up, for the log: names only, as messages quote the document."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}" if trace else "?"
    return f"{type(error).__name__} at {place}"


def _read(source: int, limits: Limits) -> bytes:
    if os.fstat(source).st_size > limits.file_bytes:
        raise ParseFailed("too_large")
    with os.fdopen(source, "rb") as file:
        file.seek(0)
        return file.read(limits.file_bytes + 1)


def _write(output: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(output, rest) :]
