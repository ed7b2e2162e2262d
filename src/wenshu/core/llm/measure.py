"""What calls to models outside add to the figures."""

import asyncio
from contextlib import AbstractContextManager
from typing import Any, Literal, cast

from wenshu.core.llm.errors import ModelUnavailable
from wenshu.core.telemetry import metrics

Kind = Literal["chat", "embedding"]


def measured(kind: Kind, model: str) -> AbstractContextManager[None]:
    """Time the block, which asks a model and takes its answer, and note what it came to."""
    return metrics.timed(metrics.MODEL, kind, model, failed=_word)


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
