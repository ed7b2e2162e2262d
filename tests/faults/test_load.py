"""Many open streams and steady searches on one server: nothing fails, memory keeps its level, no descriptor is lost."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

LOAD = Path(__file__).parents[2] / "benchmarks/load.py"
MOST_A_STREAM = 1.0
"""MiB of memory for an open stream with all that hangs on it; some 0.15 are usual."""
MOST_A_MINUTE = 60.0
"""MiB of growth: the last thousand answers are remembered, and are fewer than that when a short run begins."""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("streams", "searches", "seconds", "drip"),
    [(100, 20, 10, 0.25), (500, 50, 60, 1)],
)
def test_streams_and_searches_at_once(streams, searches, seconds, drip):
    options = {"streams": streams, "searches": searches, "seconds": seconds, "drip": drip}
    arguments = [f"--{name}={value}" for name, value in options.items()]
    run = subprocess.run([sys.executable, LOAD, "--json", *arguments], capture_output=True, text=True, check=False)
    assert run.stdout, run.stderr
    told = json.loads(run.stdout)
    assert told["errors"] == {}
    assert told["searches"] == searches * seconds
    assert told["answers"] >= streams
    assert told["memory_peak"] - told["memory_before"] <= MOST_A_STREAM * streams
    assert told["descriptors_peak"] > told["descriptors_before"] + streams
    assert told["descriptors_after"] <= told["descriptors_before"] + 10
    if seconds >= 60:
        assert told["memory_slope"] <= MOST_A_MINUTE
