"""The states of a job, and the moves between them: the one place that says which are allowed."""

from enum import StrEnum


class JobState(StrEnum):
    """Where a job stands, as people see it."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


MOVES: dict[JobState, frozenset[JobState]] = {
    JobState.QUEUED: frozenset({JobState.RUNNING, JobState.CANCELLED}),
    # Back to the queue: to be tried again later, or because its process stopped or died.
    JobState.RUNNING: frozenset({JobState.QUEUED, JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED}),
    JobState.SUCCEEDED: frozenset(),
    JobState.FAILED: frozenset({JobState.QUEUED}),
    JobState.CANCELLED: frozenset({JobState.QUEUED}),
}
"""From a state to those that may follow it."""

FINAL = frozenset({JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED})
"""States that nothing leaves by itself; a person may retry the last two."""

OPEN = frozenset(JobState) - FINAL
"""States of jobs that are not over."""


def sources(target: JobState) -> frozenset[JobState]:
    """The states that a move to ``target`` may start from."""
    return frozenset(state for state, targets in MOVES.items() if target in targets)
