"""Spans of OpenTelemetry, sent over OTLP/HTTP by a thread of their own; a collector that is away holds nobody up."""

import asyncio
import os
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from hashlib import sha256
from importlib.metadata import version

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import Span as OtelSpan
from opentelemetry.trace import SpanKind, Status, StatusCode, use_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from wenshu.core.telemetry.tracing import Kind, Span, Value

_PATH = "/v1/traces"
_SECONDS = 5.0
"""For one batch; also the longest that the end of the process waits for the last one."""
_KINDS = {"internal": SpanKind.INTERNAL, "server": SpanKind.SERVER, "client": SpanKind.CLIENT}
_wanted: ContextVar[str] = ContextVar("wanted_trace_id", default="")


class OtelTracer:
    """``Tracer`` that sends to the collector at ``url``: every trace with the probability ``sample``, or none of it.

    Headers, certificates and compression come from the usual ``OTEL_EXPORTER_OTLP_*`` variables, more about the service
    from ``OTEL_SERVICE_NAME`` and ``OTEL_RESOURCE_ATTRIBUTES``.
    """

    def __init__(self, url: str, sample: float, process: str) -> None:
        base = url.rstrip("/")
        named = {} if os.environ.get("OTEL_SERVICE_NAME") else {"service.name": "wenshu"}
        about = {**named, "service.version": version("wenshu"), "service.instance.id": process}
        self._provider = TracerProvider(
            sampler=ParentBased(TraceIdRatioBased(sample)),
            resource=Resource.create(about),
            id_generator=_OurIds(),
            shutdown_on_exit=False,
        )
        exporter = OTLPSpanExporter(base if base.endswith(_PATH) else base + _PATH, timeout=_SECONDS)
        self._provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=1000))
        self._tracer = self._provider.get_tracer("wenshu", version("wenshu"))
        self._propagator = TraceContextTextMapPropagator()

    @contextmanager
    def span(self, name: str, kind: Kind, *, leaf: bool, attributes: dict[str, Value]) -> Generator[Span]:
        """See ``tracing.span``."""
        opened = self._tracer.start_span(name, kind=_KINDS[kind], attributes=_dotted(attributes))
        with _ended(opened):
            if leaf:
                yield _Open(opened)
            else:
                with use_span(opened, record_exception=False, set_status_on_exception=False):
                    yield _Open(opened)

    @contextmanager
    def root(self, name: str, kind: Kind, trace_id: str, carrier: dict[str, str]) -> Generator[Span]:
        """See ``tracing.root``."""
        given = _wanted.set(trace_id)
        try:
            parent = self._propagator.extract(carrier, Context())
            told: dict[str, Value] = {"wenshu.trace_id": trace_id}
            opened = self._tracer.start_span(name, parent, kind=_KINDS[kind], attributes=told)
        finally:
            _wanted.reset(given)
        with _ended(opened), use_span(opened, record_exception=False, set_status_on_exception=False):
            yield _Open(opened)

    async def close(self) -> None:
        """Send what is left, for a few seconds at most."""
        with ThreadPoolExecutor(1, "wenshu-spans-stop") as own:
            await asyncio.get_running_loop().run_in_executor(own, self._provider.shutdown)


class _Open:
    """``Span`` over OpenTelemetry's."""

    def __init__(self, span: OtelSpan) -> None:
        self._span = span

    def note(self, **attributes: Value) -> None:
        """See ``Span``."""
        self._span.set_attributes(_dotted(attributes))

    def rename(self, name: str) -> None:
        """See ``Span``."""
        self._span.update_name(name)

    def fail(self, reason: str) -> None:
        """See ``Span``."""
        self._span.set_status(Status(StatusCode.ERROR, reason))


class _OurIds(RandomIdGenerator):
    """Traces that begin here have the id that the log has, as far as it can be one."""

    def generate_trace_id(self) -> int:
        """The id that ``root`` wants, or a random one."""
        wanted = _wanted.get()
        return number_of(wanted) if wanted else super().generate_trace_id()


def number_of(trace_id: str) -> int:
    """The trace id as a number: its own 32 hexadecimal digits (a UUID's, too), else the first of its digest."""
    digits = trace_id.lower().replace("-", "")
    own = len(digits) == 32 and all(char in "0123456789abcdef" for char in digits) and bool(digits.strip("0"))
    return int(digits if own else sha256(trace_id.encode()).hexdigest()[:32], 16)


@contextmanager
def _ended(span: OtelSpan) -> Generator[None]:
    try:
        yield
    except GeneratorExit:
        raise  # whoever read it has left: nothing failed
    except BaseException as error:
        # Its class alone: messages may quote what people wrote.
        span.set_status(Status(StatusCode.ERROR, type(error).__name__))
        raise
    finally:
        span.end()


def _dotted(attributes: dict[str, Value]) -> dict[str, Value]:
    """Names as keywords spell them: ``_`` is a dot, ``__`` an underscore."""
    return {name.replace("__", "\0").replace("_", ".").replace("\0", "_"): one for name, one in attributes.items()}
