"""Spans: where the time of a call or a job went. Without a collector in the settings they cost one look at a name.

A span names what was done and how it ended; texts, names of documents, addresses and parameters stay out of it.
"""

from collections.abc import AsyncGenerator
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from importlib.util import find_spec
from typing import Literal, Protocol

from wenshu.core.settings import TracingSettings

Kind = Literal["internal", "server", "client"]
Value = str | int | float | bool


class Span(Protocol):
    """An open span."""

    def note(self, **attributes: Value) -> None:
        """Attributes that are known only now; in their names ``_`` is a dot, ``__`` an underscore."""
        ...

    def rename(self, name: str) -> None:
        """Give it the name that is known only now."""
        ...

    def fail(self, reason: str) -> None:
        """Mark it as failed; ``reason`` is one of a few words."""
        ...


class Tracer(Protocol):
    """What makes spans while a collector is set."""

    def span(self, name: str, kind: Kind, *, leaf: bool, attributes: dict[str, Value]) -> AbstractContextManager[Span]:
        """See ``span``."""
        ...

    def root(self, name: str, kind: Kind, trace_id: str, carrier: dict[str, str]) -> AbstractContextManager[Span]:
        """See ``root``."""
        ...

    async def close(self) -> None:
        """Send what is left."""
        ...


class _Silent:
    """A span that nobody asked for."""

    def note(self, **attributes: Value) -> None:
        """Nothing."""

    def rename(self, name: str) -> None:
        """Nothing."""

    def fail(self, reason: str) -> None:
        """Nothing."""


_OFF: AbstractContextManager[Span] = nullcontext(_Silent())
_current: list[Tracer] = []
"""None or one."""


def span(
    name: str, kind: Kind = "internal", *, leaf: bool = False, **attributes: Value
) -> AbstractContextManager[Span]:
    """A span for the length of the block, below the one around it.

    ``leaf``: none will be below it; blocks inside asynchronous generators have to be leaves. An error that leaves the
    block marks it as failed, with the error's class for a reason.
    """
    return _current[0].span(name, kind, leaf=leaf, attributes=attributes) if _current else _OFF


def root(name: str, kind: Kind, trace_id: str, carrier: dict[str, str] | None = None) -> AbstractContextManager[Span]:
    """The first span that this process adds to a trace.

    It goes below the one that ``carrier`` names (``traceparent``, ``tracestate``), else it begins the trace of our
    ``trace_id``: the same digits where they are 32 hexadecimal ones, else those of their digest; the attribute
    ``wenshu.trace_id`` is what the log has in any case.
    """
    return _current[0].root(name, kind, trace_id, carrier or {}) if _current else _OFF


def parent_of(carrier: str) -> str:
    """The trace id that a ``traceparent`` header names, empty where it names none."""
    parts = carrier.strip().split("-")
    if len(parts) < 4 or [len(part) for part in parts[:4]] != [2, 32, 16, 2]:
        return ""
    digits = "".join(parts[:4])
    sound = digits.isascii() and all(char in "0123456789abcdef" for char in digits)
    return parts[1] if sound and parts[0] != "ff" and parts[1].strip("0") and parts[2].strip("0") else ""


def installed() -> bool:
    """Whether the libraries of the extra ``otel`` are there."""
    try:
        return find_spec("opentelemetry.sdk.trace") is not None and (
            find_spec("opentelemetry.exporter.otlp.proto.http") is not None
        )
    except ModuleNotFoundError:
        return False


@asynccontextmanager
async def traced(settings: TracingSettings, process: str) -> AsyncGenerator[None]:
    """Make spans for the length of the block, where the settings name a collector; ``process`` tells whose they are."""
    if not settings.url:
        yield
        return
    from wenshu.core.telemetry.otel import OtelTracer  # noqa: PLC0415 (an extra, and half a second to load)

    tracer = OtelTracer(settings.url, settings.sample, process)
    _current[:] = [tracer]
    try:
        yield
    finally:
        _current.clear()
        await tracer.close()
