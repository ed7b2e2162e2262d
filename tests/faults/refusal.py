"""``wenshu serve`` where it ought not to serve."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from serving import BIN


@dataclass(frozen=True)
class Refusal:
    """How it ended and what it said; a server that came up all the same was killed and has status None."""

    status: int | None
    said: str


def serve(home: Path, *options: str) -> Refusal:
    """Start it and wait for its end."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WENSHU_")}
    said = []
    with subprocess.Popen(
        [BIN, "serve", "--home", home, *options],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line)
            if "/console/" in line:
                process.kill()
                process.wait()
                return Refusal(None, "".join(said))
    return Refusal(process.returncode, "".join(said))
