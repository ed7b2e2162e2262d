"""What a process may still do once it reads a stranger's file: bounded memory and time, no network, no writing.

Linux only. The system call filter is for x86-64; elsewhere ``block_system_calls`` says False and does nothing, and only
the limits hold.
"""

import contextlib
import ctypes
import os
import platform
import resource
import signal
import struct
import sys
from pathlib import Path

from wenshu.core.documents.limits import Limits

_PR_SET_PDEATHSIG, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 1, 22, 38
_SECCOMP_MODE_FILTER = 2
_ARCH_X86_64 = 0xC000003E
_X32_BIT = 0x40000000
_KILL, _ERRNO_EPERM, _ALLOW = 0x80000000, 0x00050001, 0x7FFF0000
_LOAD, _IF_EQUAL, _IF_AT_LEAST, _IF_ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_OFFSET_NUMBER, _OFFSET_ARCH = 0, 4
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC

_OPEN, _OPENAT = 2, 257
_DENIED = (
    *(41, 42, 43, 44, 46, 49, 50, 53, 288, 307),  # socket, connect, accept, sendto, sendmsg, bind, listen, …
    *(425, 426, 427),  # io_uring, which does all of that by another door
    *(56, 57, 58, 435, 59, 322),  # clone, fork, vfork, clone3, execve, execveat
    *(62, 129, 200, 234, 297, 424, 434, 438),  # kill, the sigqueue and tkill families, pidfd_*
    *(101, 310, 311, 298, 321, 323),  # ptrace, process_vm_*, perf_event_open, bpf, userfaultfd
    *(109, 112, 160, 302, 157),  # setpgid, setsid, setrlimit, prlimit64, prctl
    *(76, 82, 83, 84, 85, 86, 87, 88, 90, 92, 94),  # truncate, rename, mkdir, rmdir, creat, link, unlink, …
    *(258, 260, 263, 264, 265, 266, 268, 316, 437, 452),  # their *at forms, openat2
    *(155, 161, 165, 166, 272, 308),  # pivot_root, chroot, mount, umount2, unshare, setns
)
"""Numbers of x86-64 system calls (arch/x86/entry/syscalls/syscall_64.tbl) that reading a document never needs."""


def die_with_parent(parent: int) -> None:
    """SIGKILL for this process when ``parent`` (its process id) ends; exits at once if it already has."""
    if sys.platform == "linux":
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def limit_resources(limits: Limits, idle: int) -> int:
    """Sets the limits of memory, time and output for this process; returns its new address space limit, in bytes.

    ``idle`` is the address space it had before the job. The kernel ends the process by SIGXCPU or SIGALRM; memory past
    the limit fails to be allocated.
    """
    space = idle + limits.memory_bytes
    resource.setrlimit(resource.RLIMIT_AS, (space, space))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_seconds, limits.cpu_seconds + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits.result_bytes, limits.result_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, limits.wall_seconds)
    return space


def address_space() -> int:
    """The address space of this process, in bytes."""
    return _status_kib("VmSize:") * 1024


def peak_address_space() -> int:
    """The most address space this process has had, in bytes."""
    return _status_kib("VmPeak:") * 1024


def can_block_system_calls() -> bool:
    """Whether the filter is known for this machine."""
    return sys.platform == "linux" and platform.machine() == "x86_64"


def block_system_calls() -> bool:
    """No network, no new process, no signal to others, no change to any file, for good; says whether it holds."""
    if not can_block_system_calls():
        return False
    buffer = ctypes.create_string_buffer(_FILTER, len(_FILTER))
    program = struct.pack("HxxxxxxP", len(_FILTER) // 8, ctypes.addressof(buffer))
    holder = ctypes.create_string_buffer(program, len(program))
    with contextlib.suppress(OSError):  # a kernel without seccomp: the caller is told
        _prctl(_PR_SET_NO_NEW_PRIVS, 1)
        _prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.addressof(holder))
        return True
    return False


def _filter() -> bytes:
    """A classic BPF program: another architecture is killed, denied calls and opening for writing fail with EPERM."""
    checks = [(_IF_AT_LEAST, _X32_BIT), *((_IF_EQUAL, number) for number in _DENIED)]
    program: list[tuple[int, int, int, int]] = [
        (_LOAD, 0, 0, _OFFSET_ARCH),
        (_IF_EQUAL, 1, 0, _ARCH_X86_64),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _OFFSET_NUMBER),
    ]
    tail = 9  # instructions after the checks, the denial being the last
    for index, (test, number) in enumerate(checks):
        program.append((test, len(checks) - index - 1 + tail - 1, 0, number))
    program += [
        (_IF_EQUAL, 2, 0, _OPEN),
        (_IF_EQUAL, 3, 0, _OPENAT),
        (_RETURN, 0, 0, _ALLOW),
        (_LOAD, 0, 0, _argument(1)),
        (_IF_ANY_BIT, 3, 2, _WRITING),
        (_LOAD, 0, 0, _argument(2)),
        (_IF_ANY_BIT, 1, 0, _WRITING),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _ERRNO_EPERM),
    ]
    return b"".join(struct.pack("HBBI", *instruction) for instruction in program)


def _argument(index: int) -> int:
    return 16 + 8 * index  # the low half of seccomp_data.args[index]


def _prctl(option: int, *arguments: int) -> None:
    values = [ctypes.c_ulong(argument) for argument in (*arguments, 0, 0, 0, 0)[:4]]
    if _LIBC.prctl(option, *values):
        raise OSError(ctypes.get_errno(), "prctl")


def _status_kib(key: str) -> int:
    for line in Path("/proc/self/status").read_text("ascii", "replace").splitlines():
        if line.startswith(key):
            return int(line.split()[1])
    return 0


# Made before any fork, not in each child.
_FILTER = _filter()
_LIBC = ctypes.CDLL(None, use_errno=True)
