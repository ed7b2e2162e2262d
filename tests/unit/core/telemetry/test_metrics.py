"""Figures: what a block took and came to; several processes that answer as one."""

import os
import subprocess
import sys

import pytest

from wenshu.core.telemetry import metrics

COUNTING = """
import sys
from wenshu.core.telemetry import metrics
metrics.IN_FLIGHT.inc()
with metrics.timed(metrics.DATABASE_WAIT, "read"):
    pass
metrics.JOBS.replace({("k", "ready"): 3})
if sys.argv[1] == "show":
    print(metrics.exposition("")[0].decode())
"""


def value(name: str) -> float:
    lines = metrics.exposition("")[0].decode().splitlines()
    return next((float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(name + " ")), 0.0)


def test_a_block_is_timed_and_its_end_is_worded() -> None:
    ok = 'wenshu_parse_duration_seconds_count{outcome="ok"}'
    failed = 'wenshu_parse_duration_seconds_count{outcome="ValueError"}'
    before = value(ok), value(failed)
    with metrics.timed(metrics.PARSES, failed=lambda error: type(error).__name__):
        pass
    with pytest.raises(ValueError, match="x"), metrics.timed(metrics.PARSES, failed=lambda error: type(error).__name__):
        raise ValueError("x")
    assert (value(ok), value(failed)) == (before[0] + 1, before[1] + 1)


def test_the_form_is_the_one_that_is_asked_for() -> None:
    content, media_type = metrics.exposition("")
    assert media_type.startswith("text/plain; version=0.0.4")
    assert b"# TYPE wenshu_http_request_duration_seconds histogram" in content
    content, media_type = metrics.exposition("application/openmetrics-text; version=1.0.0")
    assert media_type.startswith("application/openmetrics-text; version=1.0.0")
    assert content.endswith(b"# EOF\n")


def test_processes_that_share_a_folder_answer_for_all(tmp_path) -> None:
    folder = tmp_path / "figures"
    env = {**os.environ, **metrics.shared(folder)}

    def run(word: str) -> str:
        command = [sys.executable, "-c", COUNTING, word]
        with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as process:
            said = process.communicate()[0]
        assert process.returncode == 0
        metrics.forget(folder, process.pid)
        return said

    run("count")
    shown = run("show")
    assert 'wenshu_database_wait_seconds_count{access="read"} 2.0' in shown
    assert "wenshu_build_info{" in shown
    # Of what was open only the living count.
    assert "wenshu_http_requests_in_flight 1.0" in shown
    assert 'wenshu_jobs{kind="k",state="ready"} 3.0' in shown
