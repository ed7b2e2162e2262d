"""Spans: nothing is loaded while they are off; ids; what ends a span; sampling."""

import subprocess
import sys

import pytest

from collector import Collector
from wenshu.core.settings import TracingSettings
from wenshu.core.telemetry import tracing
from wenshu.core.telemetry.otel import number_of

LOADED = """
import asyncio, sys
import wenshu.server.app
from wenshu.core.settings import TracingSettings
from wenshu.core.telemetry import tracing
async def main():
    async with tracing.traced(TracingSettings(), "p"):
        with tracing.root("a", "server", "t"), tracing.span("b"):
            pass
asyncio.run(main())
print([name for name in sys.modules if name.startswith(("opentelemetry.sdk", "opentelemetry.exporter", "requests"))])
"""


def test_nothing_is_loaded_while_they_are_off() -> None:
    told = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


@pytest.mark.parametrize("given", ["0123456789abcdef0123456789abcdef", "01234567-89AB-CDEF-0123-456789abcdef"])
def test_an_id_of_the_right_form_is_the_trace_s(given: str) -> None:
    assert f"{number_of(given):032x}" == "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize("given", ["0" * 32, "x", "g" * 32, "é" * 32, "１" * 32])
def test_any_other_gives_one_that_is_not_zero_and_always_the_same(given: str) -> None:
    assert number_of(given) == number_of(given) != 0
    assert number_of(given) < 2**128


def _fail_inside(trace: str) -> None:
    with tracing.root("outer", "server", trace) as outer, tracing.span("middle"):
        outer.note(a_b__c="d")
        with tracing.span("inner", leaf=True, some_thing=1):
            raise ValueError("secret words")


async def test_spans_nest_and_errors_are_told_by_their_class_alone() -> None:
    trace = "a" * 32
    with Collector() as collector:
        async with tracing.traced(TracingSettings(url=collector.url), "p"):
            with pytest.raises(ValueError, match="secret"):
                _fail_inside(trace)
        found = {span.name: span for span in collector.spans}
        assert [found[name].failed for name in ("outer", "middle", "inner")] == [True, True, True]
        assert found["inner"].parent_id == found["middle"].span_id
        assert found["middle"].parent_id == found["outer"].span_id
        assert {span.trace_id for span in collector.spans} == {trace}
        assert found["outer"].attributes == {"wenshu.trace_id": trace, "a.b_c": "d"}
        assert found["inner"].attributes == {"some.thing": 1}
        assert b"secret words" not in b"".join(collector.raw)


async def test_a_generator_that_is_left_early_has_not_failed() -> None:
    async def pieces():
        with tracing.span("pieces", leaf=True):
            yield 1
            yield 2

    with Collector() as collector:
        async with tracing.traced(TracingSettings(url=f"{collector.url}/v1/traces"), "p"):
            reading = pieces()
            assert await anext(reading) == 1
            await reading.aclose()
        assert [(span.name, span.failed) for span in collector.spans] == [("pieces", False)]


async def test_what_the_caller_did_not_sample_is_not_sent_and_what_it_did_is() -> None:
    with Collector() as collector:
        async with tracing.traced(TracingSettings(url=collector.url, sample=0), "p"):
            with tracing.root("dropped", "server", "b" * 32):
                pass
            for flag in ("00", "01"):
                with tracing.root(f"asked {flag}", "server", "x", {"traceparent": f"00-{'c' * 32}-{'d' * 16}-{flag}"}):
                    pass
        assert [span.name for span in collector.spans] == ["asked 01"]
