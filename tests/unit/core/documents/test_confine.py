"""The filter and the limits hold for good, so each is tried in a process of its own."""

import errno
import os
import subprocess
import sys

import pytest

from wenshu.core.documents import confine

_CONFINED = """
import decimal, os, socket, sys
from wenshu.core.documents import confine
assert confine.block_system_calls()
for action in sys.argv[1:]:
    try:
        eval(action)
    except OSError as error:
        print(error.errno)
    else:
        print(0)
"""
_DENIED = [
    "socket.socket()",
    "socket.socket(socket.AF_UNIX)",
    "socket.socketpair()",
    "os.fork()",
    "os.posix_spawn('/bin/true', ['true'], {})",
    "os.execv('/bin/true', ['true'])",
    "os.kill(os.getppid(), 0)",
    "os.open('/tmp/wenshu-never', os.O_CREAT | os.O_WRONLY)",
    "os.open('/etc/hostname', os.O_RDWR)",
    "os.open('/etc/hostname', os.O_RDONLY | os.O_TRUNC)",
    "os.unlink('/tmp/wenshu-never')",
    "os.rename('/tmp/wenshu-never', '/tmp/wenshu-neither')",
    "os.mkdir('/tmp/wenshu-never')",
    "os.setpgid(0, 0)",
]
_ALLOWED = ["open('/proc/self/status').read()", "__import__('xml.dom.minidom')", "os.write(2, b'')"]

pytestmark = pytest.mark.skipif(not confine.can_block_system_calls(), reason="the filter is for x86-64 Linux")


def test_network_processes_signals_and_writing_are_denied_and_reading_is_not() -> None:
    command = [sys.executable, "-c", _CONFINED, *_DENIED, *_ALLOWED]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    outcome = dict(zip([*_DENIED, *_ALLOWED], map(int, done.stdout.split()), strict=True))
    assert outcome == {**dict.fromkeys(_DENIED, errno.EPERM), **dict.fromkeys(_ALLOWED, 0)}


def test_memory_past_the_limit_is_refused() -> None:
    code = (
        "from wenshu.core.documents import confine; from wenshu.core.documents.limits import Limits\n"
        "space = confine.limit_resources(Limits(memory_bytes=64 << 20), confine.address_space())\n"
        "kept = bytearray(32 << 20)\n"
        "assert 32 << 20 < confine.peak_address_space() <= space\n"
        "try: more = bytearray(64 << 20)\n"
        "except MemoryError: print('refused')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "refused"


def test_a_child_dies_with_its_parent() -> None:
    reader, writer = os.pipe()
    code = (
        "import os, sys, time; from wenshu.core.documents import confine\n"
        "parent = os.getpid()\n"
        "if os.fork() == 0:\n"
        "    confine.die_with_parent(parent); os.write(1, b'x'); time.sleep(60)\n"
        "os.read(0, 1); os._exit(0)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=writer) as process:
        os.close(writer)
        assert os.read(reader, 1) == b"x"
        process.kill()
        assert os.read(reader, 1) == b""  # the grandchild held the other end
    os.close(reader)


def test_a_child_whose_parent_is_gone_ends_at_once() -> None:
    code = "from wenshu.core.documents import confine; confine.die_with_parent(1 << 22); print('alive')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
