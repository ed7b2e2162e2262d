"""The figures of this process, as Prometheus reads them. Nothing is labelled by tenant, user, id or address as written.

Each label has few values: they come from our own lists (routes, kinds, reasons, settings), never from a caller's words.
Where several processes share a socket, whoever starts them gives them the variables of ``shared``: each answers for all
then.
"""

import os
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_REGISTRY = CollectorRegistry(auto_describe=True)
_FAST = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_SLOW = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)
_JOBS = (0.05, 0.25, 1, 5, 15, 60, 300, 900, 3600)

ProcessCollector(registry=_REGISTRY)
PlatformCollector(registry=_REGISTRY)
GCCollector(registry=_REGISTRY)


def _histogram(name: str, told: str, labels: tuple[str, ...] = (), buckets: tuple[float, ...] = _FAST) -> Histogram:
    return Histogram(f"wenshu_{name}", told, labels, buckets=buckets, registry=_REGISTRY)


def _counter(name: str, told: str, labels: tuple[str, ...]) -> Counter:
    return Counter(f"wenshu_{name}", told, labels, registry=_REGISTRY)


class Looked(Collector):
    """A figure that is looked up for each answer rather than counted: it has the series that the last look found."""

    def __init__(self, name: str, told: str, labels: tuple[str, ...]) -> None:
        self._about = name, told, labels
        self._found: Mapping[tuple[str, ...], float] = {}
        _REGISTRY.register(self)
        _LOOKED.append(self)

    def replace(self, found: Mapping[tuple[str, ...], float]) -> None:
        """Tell these from now on, by the values of the labels."""
        self._found = found

    def collect(self) -> Iterator[Metric]:
        """See prometheus_client."""
        name, told, labels = self._about
        family = GaugeMetricFamily(name, told, labels=labels)
        for values, value in self._found.items():
            family.add_metric(values, value)
        yield family


_LOOKED: list[Looked] = []

REQUESTS = _histogram(
    "http_request_duration_seconds",
    "Time of calls, to the last byte of the answer.",
    ("method", "route", "status", "family"),
)
IN_FLIGHT = Gauge(
    "wenshu_http_requests_in_flight",
    "Calls being answered, open streams among them.",
    registry=_REGISTRY,
    multiprocess_mode="livesum",
)
STREAMS = Gauge(
    "wenshu_http_open_streams", "Event streams being read.", registry=_REGISTRY, multiprocess_mode="livesum"
)

ANSWERS = _histogram(
    "answer_duration_seconds",
    "Time of answers, from the question to the last word; outcome: model, material, refused, stopped, failed.",
    ("mode", "outcome"),
    _SLOW,
)
FIRST_WORDS = _histogram("answer_first_words_seconds", "Time to the first words of an answer.", ("mode",), _SLOW)
FALLBACKS = _counter(
    "answer_model_fallbacks",
    "Answers for which the material stood in for the model; reason: failed, unsupported, broken_off.",
    ("reason",),
)
CUT = _counter("answer_sentences_cut", "Sentences of a model that were not let through.", ("reason",))
SEARCHES = _histogram("index_search_duration_seconds", "Time of one look into the index.", ("collection",))

PASSWORDS = _counter("password_checks", "Passwords that were checked; outcome: right, wrong.", ("outcome",))

MODEL = _histogram(
    "model_request_duration_seconds",
    "Time of calls to models outside, retries included; outcome: ok, cancelled, or why it failed.",
    ("kind", "model", "outcome"),
    _SLOW,
)
TOKENS = _counter("model_tokens", "Tokens as the models outside report them.", ("kind", "model", "direction"))

PARSES = _histogram(
    "parse_duration_seconds",
    "Time of parsing one document, waiting included; outcome: ok, cancelled, or why it failed.",
    ("outcome",),
    _SLOW,
)

DATABASE_WAIT = _histogram(
    "database_wait_seconds", "Time from asking for a transaction to having it: turn, connection, lock.", ("access",)
)
DATABASE_TIME = _histogram(
    "database_transaction_seconds", "Time of transactions, from asking for one to its commit.", ("access",)
)
DATABASE_FAULTS = _counter("database_faults", "Transactions that the database failed.", ("reason",))
OPEN_TRANSACTIONS = Gauge(
    "wenshu_database_transactions_open",
    "Transactions that hold a connection.",
    ("access",),
    registry=_REGISTRY,
    multiprocess_mode="livesum",
)
MOST_CONNECTIONS = Gauge(
    "wenshu_database_connections_most",
    "The most connections that the pool opens.",
    registry=_REGISTRY,
    multiprocess_mode="livesum",
)

JOB_RUNS = _histogram(
    "job_run_duration_seconds",
    "Time of one run of a job in this process; outcome: succeeded, failed, cancelled, put_back, lost.",
    ("kind", "outcome"),
    _JOBS,
)
JOBS = Looked(
    "wenshu_jobs",
    "Jobs in the database, the same from each process; state: ready, delayed, running.",
    ("kind", "state"),
)
OLDEST_JOB = Looked(
    "wenshu_jobs_oldest_ready_seconds",
    "How long the oldest job that could run has waited, the same from each process; 0: none waits.",
    ("kind",),
)

BUILD = Gauge(
    "wenshu_build_info", "The version that runs.", ("version",), registry=_REGISTRY, multiprocess_mode="livemax"
)
BUILD.labels(version("wenshu")).set(1)


@contextmanager
def timed(histogram: Histogram, *labels: str, failed: Callable[[BaseException], str] | None = None) -> Generator[None]:
    """Observe how long the block takes; ``failed`` words an error for one more label, which else is ``ok``."""
    started, outcome = time.perf_counter(), ("ok",)
    try:
        yield
    except BaseException as error:
        outcome = (failed(error),) if failed is not None else outcome
        raise
    finally:
        given = (*labels, *outcome) if failed is not None else labels
        histogram.labels(*given).observe(time.perf_counter() - started)


def shared(folder: Path) -> dict[str, str]:
    """The variables by which processes keep their figures in this folder, each of them answering for all.

    Only those that load this module with them do; ``process_*`` and ``python_*`` are left out there.
    """
    folder.mkdir(mode=0o700)
    return {_FOLDER: str(folder)}


def forget(folder: Path, pid: int) -> None:
    """Leave out what a process that ended had open; what it had counted stays."""
    for file in folder.glob(f"gauge_live*_{pid}.db"):
        file.unlink()


def exposition(accept: str) -> tuple[bytes, str]:
    """All figures and their content type, in the form that the ``Accept`` header asks for, else Prometheus's text."""
    registry = _REGISTRY
    if os.environ.get(_FOLDER):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)
        for looked in _LOOKED:
            registry.register(looked)
    encode, content_type = choose_encoder(accept)
    return encode(registry), content_type
