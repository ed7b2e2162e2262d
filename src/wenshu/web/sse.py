"""Server-sent events: framed by the family's dialect, kept alive by comments, faults told in the stream."""

import asyncio
from collections.abc import AsyncIterator
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
