"""A collector of spans on loopback: takes OTLP over HTTP, and keeps what came."""

import gzip
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)


@dataclass(frozen=True)
class Told:
    """One span as it came."""

    name: str
    trace_id: str
    span_id: str
    parent_id: str
    attributes: dict[str, object]
    failed: bool
    service: dict[str, object]


class Collector(ThreadingHTTPServer):
    """Use it in a with block."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.spans: list[Told] = []
        self.raw: list[bytes] = []
        self.status = 200
        self._thread = threading.Thread(target=self.serve_forever)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def of(self, trace_id: str) -> dict[str, list[Told]]:
        """The spans of a trace by name."""
        found: dict[str, list[Told]] = {}
        for span in list(self.spans):
            if span.trace_id == trace_id:
                found.setdefault(span.name, []).append(span)
        return found

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self._thread.join()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        assert self.path == "/v1/traces"
        self.server.raw.append(body)
        self.send_response(self.server.status)
        self.send_header("Content-Type", "application/x-protobuf")
        self.end_headers()
        self.wfile.write(ExportTraceServiceResponse().SerializeToString())
        for group in ExportTraceServiceRequest.FromString(body).resource_spans:
            service = plain(group.resource.attributes)
            self.server.spans += [told(span, service) for scope in group.scope_spans for span in scope.spans]

    def log_message(self, *args):
        """Keep the test's output clean."""


def told(span, service):
    ids = span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex()
    return Told(span.name, *ids, plain(span.attributes), span.status.code == 2, service)


def plain(attributes):
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in attributes}
