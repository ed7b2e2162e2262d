"""The figures of this process, as Prometheus reads them. Nothing is labelled by tenant, user, id or address as written.

Each label has few values: they come from our own lists (routes, kinds, reasons, settings), never from a caller's words.
Where several processes share a socket, whoever starts them sets ``PROMETHEUS_MULTIPROC_DIR``, an empty folder, before
they load this module: then each answers for all.
"""

import os
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from importlib.metadata import version

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
from prometheus_client.multiprocess import MultiProcessCollector

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
CONNECTIONS = Gauge(
    "wenshu_database_connections",
    "Connections of the pool; state: used, idle, most.",
    ("state",),
    registry=_REGISTRY,
    multiprocess_mode="livesum",
)

JOB_RUNS = _histogram(
    "job_run_duration_seconds",
    "Time of one run of a job in this process; outcome: succeeded, failed, cancelled, put_back, lost.",
    ("kind", "outcome"),
    _JOBS,
)
JOBS = Gauge(
    "wenshu_jobs",
    "Jobs in the database, the same from each process; state: ready, delayed, running.",
    ("kind", "state"),
    registry=_REGISTRY,
    multiprocess_mode="livemostrecent",
)
OLDEST_JOB = Gauge(
    "wenshu_jobs_oldest_ready_seconds",
    "How long the oldest job that could run has waited, the same from each process; 0: none waits.",
    ("kind",),
    registry=_REGISTRY,
    multiprocess_mode="livemostrecent",
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


def exposition(accept: str) -> tuple[bytes, str]:
    """All figures and their content type, in the form that the ``Accept`` header asks for, else Prometheus's text."""
    registry = _REGISTRY
    if os.environ.get(_FOLDER):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)
    encode, content_type = choose_encoder(accept)
    return encode(registry), content_type
