"""What calls to models outside add to the figures."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Literal, cast

from wenshu.core.llm.errors import ModelUnavailable
from wenshu.core.telemetry import metrics, tracing

Kind = Literal["chat", "embedding"]


@contextmanager
def measured(kind: Kind, model: str) -> Generator[None]:
    """Time the block, which asks a model and takes its answer, and note what it came to."""
    told = tracing.span(f"model {kind}", "client", leaf=True, gen__ai_request_model=model)
    with metrics.timed(metrics.MODEL, kind, model, failed=_word), told:
        yield


def spent(kind: Kind, model: str, usage: object) -> None:
    """Count the tokens of an answer's ``usage``; an upstream that says none, or nonsense, is not counted."""
    said = cast("dict[str, Any]", usage) if isinstance(usage, dict) else {}
    for field, direction in (("prompt_tokens", "in"), ("completion_tokens", "out")):
        count = said.get(field)
        if type(count) is int and 0 < count < 1e9:
            metrics.TOKENS.labels(kind, model, direction).inc(count)


def _word(error: BaseException) -> str:
    if isinstance(error, ModelUnavailable):
        return error.reason
    return "cancelled" if isinstance(error, asyncio.CancelledError | GeneratorExit) else "error"
