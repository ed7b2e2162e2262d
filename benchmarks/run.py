"""`make bench`: every benchmark in turn; a broken one does not keep the others from being told.

BENCH=full adds the long load run.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

SCRIPTS = (
    ("search.py",),
    ("ingest.py",),
    ("first_byte.py",),
    ("jobs.py",),
    ("load.py", "--streams=100", "--searches=20", "--seconds=15", "--drip=0.5"),
)
FULL = (("load.py",),)


def main() -> int:
    """How many broke."""
    started = time.monotonic()
    scripts = SCRIPTS + (FULL if os.environ.get("BENCH") == "full" else ())
    broken = [
        name
        for name, *options in scripts
        if subprocess.run([sys.executable, Path(__file__).with_name(name), *options], check=False).returncode
    ]
    minutes = (time.monotonic() - started) / 60
    print(f"\n{minutes:.1f} minutes" + (f"; broken: {', '.join(broken)}" if broken else ""))
    return len(broken)


if __name__ == "__main__":
    sys.exit(main())
