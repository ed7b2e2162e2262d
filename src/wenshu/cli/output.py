"""What the commands print, and how they end."""

import sys
from typing import NoReturn

import typer


def say(text: str) -> None:
    """A line for people or pipes, on standard output, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def note(text: str) -> None:
    """A line about the work, on standard error: it never mixes with what is piped on."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def fail(text: str) -> NoReturn:
    """Say what is wrong and end with status 1."""
    note(text)
    raise typer.Exit(1)
