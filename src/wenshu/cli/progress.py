"""How far a long command is, a bar a stage, on standard error."""

from collections.abc import AsyncIterator, Mapping
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn


class Step(Protocol):
    """How far a stage has come."""

    @property
    def stage(self) -> str:
        """Its name."""
        ...

    @property
    def done(self) -> int:
        """Of ``total``."""
        ...

    @property
    def total(self) -> int:
        """All there is to do in it."""
        ...


async def shown(steps: AsyncIterator[Step], titles: Mapping[str, str]) -> None:
    """Go through the steps of the work, and show each stage under its title."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    tasks: dict[str, TaskID] = {}
    with Progress(*columns, console=Console(stderr=True)) as progress:
        async for step in steps:
            if step.stage not in tasks:
                tasks[step.stage] = progress.add_task(titles[step.stage])
            progress.update(tasks[step.stage], completed=step.done, total=step.total)
