"""Where a backup is put back: aside within the data folder, and moved to its place at the end."""

import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from wenshu.core.settings import Settings
from wenshu.server.backup.faults import RestoreFailed
from wenshu.server.home import Home

_OURS = frozenset({"lock", "tmp", "wenshu.toml"})
"""What may stand in an empty home: the lock, and what the operator set beforehand."""


class Place:
    """The home that the settings name. Until ``end`` there is a folder in it with which no server starts."""

    def __init__(self, settings: Settings) -> None:
        self._home = Home(settings.home)
        self.folder = self._home.restoring
        self.staged = Home(self.folder)
        """Holds what the home will hold."""
        self.settings = settings.model_copy(update={"home": self.folder})
        self.scratch = self.folder / "unpacked"
        self._whole = self.folder / "whole"

    @contextmanager
    def held(self) -> Generator[None]:
        """Own the home for the length of the block. Raises HomeInUse."""
        is_new = not self._home.path.exists()
        try:
            with self._home.held():
                yield
        finally:
            if is_new and not self.folder.exists() and not self._entries():
                shutil.rmtree(self._home.path)  # it was made for a restore that did not begin

    def refuse_occupied(self) -> None:
        """Raise RestoreFailed where the home holds anything."""
        if self._whole.exists():
            raise RestoreFailed(
                "数据目录差一步就恢复了另一份备份：请用那份备份重新运行，或换一个空目录。"
                "The folder is one step from being restored from another backup: run that one again."
            )
        there = self._entries()
        if there:
            raise RestoreFailed(
                f"数据目录不为空（{', '.join(there)}），请换一个空目录：--home。"
                f"The data folder is not empty ({', '.join(there)}): name an empty one with --home."
            )

    def begin(self) -> None:
        """Make the folder anew, without what a killed restore left in it."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(mode=0o700)

    def abandon(self) -> None:
        """Take it away again: nothing came of it."""
        shutil.rmtree(self.folder)

    def keep_secret(self, secret: bytes) -> None:
        """Put the key that signs links there, for the owner's eyes."""
        _write(self.staged.secret, secret)

    def is_whole(self, digest: str) -> bool:
        """Whether all of this backup is there, and only the last steps are missing."""
        return self._whole.is_file() and self._whole.read_text() == digest

    def is_filled(self, digest: str) -> None:
        """Write down that all of it is there."""
        self.scratch.unlink(missing_ok=True)
        _write(self._whole.with_suffix(".new"), digest.encode())
        self._whole.with_suffix(".new").replace(self._whole)
        _sync(self.folder)

    def move_up(self) -> None:
        """Give the home what it is to hold; what was moved already stays."""
        for path in sorted(self.folder.iterdir()):
            if path != self._whole:
                path.rename(self._home.path / path.name)
        _sync(self._home.path)

    def end(self) -> None:
        """From now on a server may start."""
        shutil.rmtree(self.folder)
        _sync(self._home.path)

    def _entries(self) -> list[str]:
        found = {path.name for path in self._home.path.iterdir()} - _OURS - {self.folder.name}
        return sorted(found)


def _write(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as target:
        target.write(content)
        target.flush()
        os.fsync(target.fileno())


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
