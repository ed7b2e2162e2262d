"""Processes of this machine, from /proc."""

from pathlib import Path


def descendants(pid: int) -> set[tuple[int, str]]:
    """(process id, start time) of each living process below this one; the time tells a reused id from the old one."""
    parents: dict[int, list[int]] = {}
    started: dict[int, str] = {}
    for process, fields in _all():
        parents.setdefault(int(fields[1]), []).append(process)
        started[process] = fields[19]
    found, pending = set(), [pid]
    while pending:
        for child in parents.get(pending.pop(), []):
            found.add((child, started[child]))
            pending.append(child)
    return found


def living(processes: set[tuple[int, str]]) -> set[tuple[int, str]]:
    """Those of them that still run."""
    return processes & {(process, fields[19]) for process, fields in _all()}


def _all():
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended just now
        fields = stat.rpartition(")")[2].split()
        if fields[0] != "Z":
            yield int(folder.name), fields
