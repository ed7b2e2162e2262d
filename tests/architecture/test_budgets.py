"""Budgets of files and functions; complexity is ruff's C901, run by `make lint` and here."""

import ast
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
GRAB_BAGS = {"utils", "util", "helpers", "helper", "manager", "common", "base", "misc"}


def lines(path: Path) -> int:
    return len(path.read_text("utf-8").splitlines())


def test_there_is_something_to_hold():
    assert len(SOURCES) > 50


def test_files_are_small():
    assert statistics.median(lines(path) for path in SOURCES) <= 150
    assert not [(path, lines(path)) for path in SOURCES if lines(path) > 500]
    assert not [(path, lines(path)) for path in TESTS if lines(path) > 800]


def test_functions_are_short():
    long = [
        f"{path}:{node.lineno} {node.name}"
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (node.end_lineno or 0) - node.lineno + 1 > 60
    ]
    assert not long


def test_no_grab_bags():
    assert not [path for path in SOURCES if path.stem in GRAB_BAGS]


@pytest.mark.parametrize("tool", [["ruff", "check"], ["ruff", "format", "--check"]])
def test_ruff_is_content(tool):
    result = subprocess.run(
        [sys.executable, "-m", *tool, "src", "tests", "evals", "benchmarks", "demo"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
