"""The figures of several processes: whichever is asked answers for all, also for what a dead one had counted."""

import os
import signal

import httpx2 as httpx
import pytest

from contracts.accounts.people import bearer
from serving import ServerProcess, eventually
from workers import FRESH, only, several, workers

TOKEN = "a-token-of-the-scraper"
CALLS = 'wenshu_http_request_duration_seconds_count{family="server",method="GET",route="/livez",status="200"}'


def figure(client, name: str) -> float:
    lines = client.get("/metrics", headers=bearer(TOKEN)).text.splitlines()
    return next((float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(f"{name} ")), 0.0)


@pytest.mark.slow
def test_each_process_answers_for_all(tmp_path, postgres, _migrated_postgres):  # noqa: PT019 (its value is the template)
    with several(tmp_path, postgres, _migrated_postgres, WENSHU_METRICS_TOKEN=TOKEN) as server:
        for pid in workers(server):
            with only(server, pid) as client:
                for _ in range(3):
                    assert client.get("/livez").status_code == 200
        for pid in workers(server):
            with only(server, pid) as client:
                six_calls(client)
                assert figure(client, "wenshu_database_connections_most") == 16
        replaced(server)
        with server.client(limits=FRESH) as client:
            # What the dead one counted stays; what it held does not.
            six_calls(client)
            assert figure(client, "wenshu_database_connections_most") == 16
            assert figure(client, 'wenshu_jobs{kind="library.import",state="ready"}') == 0


def six_calls(client: httpx.Client) -> None:
    """What a process counts it tells a moment later."""
    eventually(lambda: figure(client, CALLS) == 6)


def replaced(server: ServerProcess) -> None:
    """Kill a process, and wait for its successor to answer calls."""
    before = workers(server)
    os.kill(before[0], signal.SIGKILL)
    new = eventually(lambda: [pid for pid in workers(server) if pid not in before])
    with server.client(limits=FRESH) as client:
        eventually(lambda: figure(client, "wenshu_database_connections_most") == 16 and new)
