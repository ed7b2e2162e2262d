"""`make run`: the server, with the sample material of this folder in it the first time."""

import os
import signal
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
WENSHU = Path(sys.executable).parent / "wenshu"
HOME = Path(os.environ.get("WENSHU_HOME", "wenshu-home"))
MARK = HOME / "sample-material-loaded"
QUESTION = "LX-U20-20的目录价是多少元？"


def main() -> int:
    """Serve until Ctrl-C; the server's own exit status."""
    # A line of log for each request would bury what a newcomer should read.
    env = {"WENSHU_LOG_LEVEL": "warning", **os.environ}
    server = subprocess.Popen([WENSHU, "serve", *sys.argv[1:]], stdout=subprocess.PIPE, text=True, env=env)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: server.send_signal(number))
    lines = iter(server.stdout or ())
    ready = next((line for line in lines if "/console/" in line), "")
    if ready:
        load_sample()
        print(ready, end="", flush=True)
        print(f"示例材料可以问 The sample material answers: {QUESTION}", flush=True)
        for line in lines:
            print(line, end="", flush=True)
    return server.wait()


def load_sample() -> None:
    """Import the sample material, once for a data folder: what its owner deletes stays deleted."""
    if MARK.exists():
        return
    print("放入示例材料 Loading the sample material …", flush=True)
    for kind, path in (("docs", HERE / "material"), ("qa", HERE / "qa.csv")):
        command = [WENSHU, "import", kind, path, "--home", HOME]
        if subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode:
            return
    MARK.touch()


if __name__ == "__main__":
    sys.exit(main())
