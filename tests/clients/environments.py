"""Clients in environments of their own, made from their locks at first use; run as programs against a server."""

import json
import os
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parent
HOMES = FOLDER.parents[1] / ".venv-clients"
_PATIENCE = ("--retries", "2", "--timeout", "30")


def environment(name: str) -> Path:
    """The client's Python; skips in words where the registry is out of reach."""
    lock, home = FOLDER / f"{name}.lock", HOMES / name
    python, stamp = home / "bin/python", home / ".lock"
    digest = sha256(lock.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == digest:
        return python
    shutil.rmtree(home, ignore_errors=True)
    try:
        subprocess.run([sys.executable, "-m", "venv", home], check=True, capture_output=True)
        install = [python, "-m", "pip", "install", "--quiet", "--no-input", *_PATIENCE, "--require-hashes", "-r", lock]
        subprocess.run(install, check=True, capture_output=True, text=True)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"{name} could not be installed: {str(error.stderr)[-300:]}")
    stamp.write_text(digest)
    return python


def run(name: str, program: str, variables: dict[str, str]) -> dict[str, Any]:
    """What ``programs/<program>.py`` prints as the last line, JSON, run by the client's Python."""
    environ = {"PATH": os.environ["PATH"], "HOME": str(HOMES / name), **variables}
    command = [environment(name), FOLDER / "programs" / f"{program}.py"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])
