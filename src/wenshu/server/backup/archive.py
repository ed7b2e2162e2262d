"""The archive: a ZIP file that appears under its name when it is whole, and is read no further than it is sound."""

import fcntl
import os
import re
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import IO
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

from pydantic import ValidationError

from wenshu.server.backup.faults import BackupFailed, Damaged, RestoreFailed
from wenshu.server.backup.manifest import FILES, FORMAT, LINK_KEY, MANIFEST, RELEASE, Head, Manifest, ObjectInside, Part

_PIECE = 1024 * 1024
_LEVEL = 1  # the disk and the store are the slower ones
_LARGEST_MANIFEST = 64 * 1024 * 1024
_OBJECT_ID = re.compile(r"[0-9a-zA-Z_-]{1,64}")
_UNSOUND = BadZipFile, zlib.error, EOFError, NotImplementedError, KeyError


class Entry:
    """An entry while it is written."""

    def __init__(self, path: str, target: IO[bytes]) -> None:
        self._path = path
        self._target = target
        self._digest = sha256()
        self._size = 0

    def write(self, piece: bytes) -> None:
        """Add to it."""
        self._target.write(piece)
        self._digest.update(piece)
        self._size += len(piece)

    @property
    def part(self) -> Part:
        """What it is so far."""
        return Part(path=self._path, size=self._size, sha256=self._digest.hexdigest())


class Writer:
    """Writes entries one after the other; ``create`` gives one."""

    def __init__(self, archive: ZipFile) -> None:
        self._archive = archive
        self.parts: list[Part] = []

    @contextmanager
    def entry(self, path: str, *, listed: bool = True) -> Generator[Entry]:
        """An entry to write; ``listed`` in the manifest."""
        with self._archive.open(path, "w", force_zip64=True) as target:
            entry = Entry(path, target)
            yield entry
        if listed:
            self.parts.append(entry.part)


@contextmanager
def create(path: Path) -> Generator[Writer]:
    """An archive at ``path``, readable by its owner only; where the block does not end well, there is none.

    Raises BackupFailed where something is there already, or another backup is written there.
    """
    if path.exists():
        raise BackupFailed(f"文件已存在 The file exists: {path}")
    partial = path.with_name(f".{path.name}.partial")
    descriptor = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w+b") as target:
        try:
            fcntl.flock(target, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BackupFailed(f"另一个备份正在写这个文件 Another backup is written there: {path}") from error
        try:
            os.fchmod(descriptor, 0o600)
            target.truncate()  # what a killed one left
            with ZipFile(target, "w", ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
                yield Writer(archive)
            target.flush()
            os.fsync(descriptor)
            try:
                os.link(partial, path)  # unlike a rename it replaces nothing
            except FileExistsError as error:
                raise BackupFailed(f"文件已存在 The file exists: {path}") from error
        finally:
            partial.unlink(missing_ok=True)
    _sync(path.parent)


class Reader:
    """An archive that was opened by ``read``; its manifest was understood."""

    def __init__(self, archive: ZipFile, manifest: Manifest, digest: str) -> None:
        self._archive = archive
        self._parts = {part.path: part for part in manifest.parts}
        self.manifest = manifest
        self.digest = digest
        """Of the manifest: tells this backup from any other."""

    def verify(self) -> Iterator[int]:
        """Hold every entry to its SHA-256, and the list of files to what there is; yields bytes. Raises Damaged."""
        expected = {MANIFEST, *self._parts, *(item.path for item in self.objects())}
        if set(self._archive.namelist()) != expected or len(self._archive.namelist()) != len(expected):
            raise Damaged("内容与清单不符 its entries are not those it lists")
        for part in self._parts.values():
            yield from self._verified(part)
        for item in self.objects():
            yield from self._verified(Part(path=item.path, size=item.size, sha256=item.sha256))

    @property
    def size(self) -> int:
        """Bytes of all entries but the manifest."""
        return sum(part.size for part in self._parts.values()) + self.manifest.files.size

    def lines(self, path: str) -> Iterator[bytes]:
        """The lines of an entry. Raises Damaged."""
        with _sound(path), self._archive.open(path) as source:
            yield from source

    def pieces(self, path: str) -> Iterator[bytes]:
        """The bytes of an entry. Raises Damaged."""
        with _sound(path), self._archive.open(path) as source:
            while piece := source.read(_PIECE):
                yield piece

    def objects(self) -> Iterator[ObjectInside]:
        """The files whose objects are here. Raises Damaged."""
        for line in self.lines(FILES):
            try:
                item = ObjectInside.model_validate_json(line)
            except ValidationError as error:
                raise Damaged(FILES) from error
            if not _OBJECT_ID.fullmatch(item.id):
                raise Damaged(FILES)
            yield item

    def secret(self) -> bytes:
        """The key that signs links. Raises Damaged."""
        return b"".join(self.pieces(LINK_KEY))

    def _verified(self, part: Part) -> Iterator[int]:
        digest, size = sha256(), 0
        for piece in self.pieces(part.path):
            digest.update(piece)
            size += len(piece)
            yield len(piece)
        if (size, digest.hexdigest()) != (part.size, part.sha256):
            raise Damaged(part.path)


@contextmanager
def read(path: Path) -> Generator[Reader]:
    """Open an archive. Raises RestoreFailed where there is none or a later release wrote it, Damaged."""
    try:
        archive = ZipFile(path)
    except BadZipFile as error:
        raise Damaged(str(path)) from error
    except OSError as error:
        raise RestoreFailed(f"备份文件无法读取 The file cannot be read: {path} ({error.strerror})") from error
    with archive:
        text = _manifest_of(archive)
        yield Reader(archive, _understood(text), sha256(text).hexdigest())


def _manifest_of(archive: ZipFile) -> bytes:
    with _sound(MANIFEST):
        info = archive.getinfo(MANIFEST)
        if info.file_size > _LARGEST_MANIFEST:
            raise Damaged(MANIFEST)
        return archive.read(info)


def _understood(text: bytes) -> Manifest:
    try:
        # Of a later format only this much is known to be there.
        found = Head.model_validate_json(text)
        if found.format > FORMAT:
            raise RestoreFailed(
                f"备份由更新版本的文枢制作（{found.release}，本版本 {RELEASE}），请用该版本恢复。"
                f"A later Wenshu made the backup ({found.release}, this is {RELEASE}): restore with that one."
            )
        return Manifest.model_validate_json(text)
    except ValidationError as error:
        raise Damaged(MANIFEST) from error


@contextmanager
def _sound(path: str) -> Generator[None]:
    try:
        yield
    except _UNSOUND as error:
        raise Damaged(path) from error


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
