import os
import subprocess
import sys

import pytest

from wenshu.core.auth.board import Board, new_board
from wenshu.core.auth.limits import Rate, RateLimiter
from wenshu.kit.errors import RateLimited

DRAW = """
import sys
from wenshu.core.auth.board import Board
from wenshu.core.auth.limits import Rate
board = Board(int(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
taken = 0
for _ in range(3000):
    taken += board.take(("chat", "acme"), Rate(5000, 0), 0.0) >= 1
    board.revoked()
print(taken)
"""


@pytest.fixture
def descriptor(tmp_path):
    descriptor = new_board(tmp_path)
    yield descriptor
    os.close(descriptor)


@pytest.fixture
def board(descriptor):
    board = Board(descriptor)
    yield board
    board.close()


def test_processes_that_take_at_once_take_each_call_once(board, descriptor):
    drawing = [
        subprocess.Popen(
            [sys.executable, "-c", DRAW, str(descriptor)],
            pass_fds=[descriptor],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for process in drawing:
        assert process.stdout.readline() == "ready\n"
    for process in drawing:
        process.stdin.write("go\n")
        process.stdin.flush()
    taken = [int(process.communicate()[0]) for process in drawing]
    assert sum(taken) == 5000
    assert board.revocations == 6000


def test_a_bucket_empties_and_fills_evenly(board):
    now = [1000.0]
    limiters = [RateLimiter("60/minute", clock=lambda: now[0], buckets=board) for _ in range(2)]
    for number in range(60):
        limiters[number % 2].admit("chat", "t1")
    for limiter in limiters:
        with pytest.raises(RateLimited) as caught:
            limiter.admit("chat", "t1")
        assert caught.value.retry_after == 1
    now[0] += 1
    limiters[1].admit("chat", "t1")
    with pytest.raises(RateLimited):
        limiters[0].admit("chat", "t1")
    limiters[0].admit("chat", "t2")
    limiters[0].admit("library", "t1")


def test_a_flood_of_names_pushes_out_what_was_longest_unused(board):
    rate = Rate(1, 0)
    assert board.take(("chat", "spent"), rate, 1.0) == 1
    for number in range(60_000):
        board.take(("chat", f"t{number}"), rate, 2.0)
    assert board.take(("chat", "spent"), rate, 3.0) == 1
    assert board.take(("chat", "spent"), rate, 3.0) == 0


def test_its_file_has_no_name(tmp_path, descriptor):
    assert list(tmp_path.iterdir()) == []
    assert os.fstat(descriptor).st_size > 0
