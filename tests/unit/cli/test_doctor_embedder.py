"""``wenshu doctor`` asks the embedder that is set, and says what came of it."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from typer.testing import CliRunner

from wenshu.cli.main import app

KEY = "sk-very-secret"


class Endpoint(BaseHTTPRequestHandler):
    status = 200

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        body = json.dumps({"data": [{"index": 0, "embedding": [0.5] * 7}], "key": self.headers["Authorization"]})
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_):
        """Quiet."""


class Refusing(Endpoint):
    status = 401


@pytest.fixture(params=[Endpoint, Refusing])
def served(request) -> Iterator[tuple[str, int]]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), request.param)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1", request.param.status
    server.shutdown()
    server.server_close()


def doctor(monkeypatch, tmp_path, **settings: str):
    for name, value in settings.items():
        monkeypatch.setenv(f"WENSHU_EMBEDDING_{name}", value)
    return CliRunner().invoke(app, ["doctor", "--home", str(tmp_path / "home")])


def test_it_is_asked(monkeypatch, tmp_path, served):
    url, status = served
    result = doctor(monkeypatch, tmp_path, URL=url, MODEL="m-1", API_KEY=KEY)
    if status == 200:
        assert f"✓ 向量模型可用 The embedder works: m-1 @ {url}，7 维" in result.output
    else:
        assert (
            f"✗ 向量模型不可用 The embedder does not work: m-1 @ {url}：模型服务拒绝了请求（HTTP 401）" in result.output
        )
        assert result.exit_code == 1
    assert KEY not in result.output


def test_none_is_a_note(monkeypatch, tmp_path):
    assert "· 未配置向量模型" in doctor(monkeypatch, tmp_path).output


def test_half_of_the_settings_is_told_once(monkeypatch, tmp_path):
    result = doctor(monkeypatch, tmp_path, URL="http://127.0.0.1:1")
    assert result.output.count("WENSHU_EMBEDDING_MODEL") == 1
