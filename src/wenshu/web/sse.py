"""Server-sent events: framed by the family's dialect, kept alive by comments, faults told in the stream."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import suppress

import structlog
from starlette.responses import StreamingResponse

from wenshu.core.telemetry import metrics
from wenshu.kit.errors import InternalError, WenshuError
from wenshu.web.dialect import Dialect, StreamEvent

log = structlog.get_logger()
HEARTBEAT_SECONDS = 15.0
_HEARTBEAT = b": keep-alive\n\n"


def event_stream(
    dialect: Dialect, events: AsyncIterator[StreamEvent], *, heartbeat: float = HEARTBEAT_SECONDS
) -> StreamingResponse:
    """An answer that streams the events, a comment every ``heartbeat`` seconds of silence; proxies must not hold it."""
    return StreamingResponse(
        _framed(dialect, events, heartbeat),
        media_type="text/event-stream; charset=utf-8",
        headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"},
    )


async def opened_stream(
    dialect: Dialect, opening: Awaitable[AsyncIterator[StreamEvent]], *, heartbeat: float = HEARTBEAT_SECONDS
) -> StreamingResponse:
    """The stream that ``opening`` gives. Raises what it raises.

    One that takes longer than a heartbeat is waited for inside the stream, and then a fault is told there: a connection
    on which nothing comes for a minute is cut by proxies and clients. Whoever hangs up meanwhile does not undo it.
    """
    task = asyncio.ensure_future(opening)
    task.add_done_callback(_told)
    done, _ = await asyncio.wait({task}, timeout=heartbeat)
    return event_stream(dialect, task.result() if done else _once_open(task), heartbeat=heartbeat)


def _told(task: asyncio.Future[AsyncIterator[StreamEvent]]) -> None:
    """Its error is the reader's; where that one has left, it is nobody's."""
    if not task.cancelled() and task.exception() is not None:
        log.info("a stream did not open", error=type(task.exception()).__name__)


async def _once_open(task: asyncio.Future[AsyncIterator[StreamEvent]]) -> AsyncIterator[StreamEvent]:
    async for event in await asyncio.shield(task):
        yield event


async def _framed(dialect: Dialect, events: AsyncIterator[StreamEvent], heartbeat: float) -> AsyncIterator[bytes]:
    last = 0
    following: asyncio.Future[StreamEvent] = asyncio.ensure_future(anext(events))
    metrics.STREAMS.inc()
    try:
        while True:
            done, _ = await asyncio.wait({following}, timeout=heartbeat)
            if not done:
                yield _HEARTBEAT
                continue
            event = following.result()
            last = event.id
            yield dialect.frame(event)
            following = asyncio.ensure_future(anext(events))
    except StopAsyncIteration:
        return
    except WenshuError as error:
        yield dialect.frame(StreamEvent(last + 1, error))
    except Exception:
        # After the first byte there is no status to change: the fault is told in the stream.
        log.exception("stream failed")
        yield dialect.frame(StreamEvent(last + 1, InternalError()))
    finally:
        metrics.STREAMS.dec()
        following.cancel()
        with suppress(asyncio.CancelledError, StopAsyncIteration, Exception):
            await following
