"""What an answer adds to the figures: when its first words came, how long it took, and what became of it."""

import time
from collections.abc import Generator
from contextlib import contextmanager

from wenshu.core.telemetry import metrics
from wenshu.knowledge.reply import Reply
from wenshu.knowledge.telling import Telling


class Stopwatch:
    """Runs from its making on; ``mode`` is the answer's."""

    def __init__(self, mode: str) -> None:
        self._mode = mode
        self._started = time.perf_counter()
        self._spoke = False
        self.outcome = "failed"
        """What it came to, until something better is known."""

    def heard(self, piece: str) -> None:
        """A piece of the answer; the first that is not empty counts."""
        if piece and not self._spoke:
            self._spoke = True
            metrics.FIRST_WORDS.labels(self._mode).observe(time.perf_counter() - self._started)

    def judge(self, reply: Reply, telling: Telling) -> None:
        """The answer is whole: written by a model, made of the material's own words, or a refusal without a source."""
        written = "model" if telling.by_model else "material" if reply.citations else "refused"
        self.outcome = "stopped" if reply.stopped else written

    @contextmanager
    def running(self) -> Generator[None]:
        """Observe the end of the block as the end of the answer."""
        try:
            yield
        finally:
            metrics.ANSWERS.labels(self._mode, self.outcome).observe(time.perf_counter() - self._started)
