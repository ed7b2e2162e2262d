"""What a backup says of itself: the first thing that is read of it, and the last that is written."""

from importlib.metadata import version

from pydantic import BaseModel, ConfigDict

FORMAT = 1
"""Raise it with every change that an older release would not understand."""

MANIFEST = "manifest.json"
LINK_KEY = "secret.key"
FILES = "files.jsonl"
RELEASE = version("wenshu")


class Part(BaseModel):
    """One entry of the archive, as it is unpacked; ``size`` in bytes."""

    model_config = ConfigDict(frozen=True)

    path: str
    size: int
    sha256: str


class TableInside(BaseModel):
    """One table: its columns in the order of each row's values; ``digest`` of its rows as they are stored."""

    model_config = ConfigDict(frozen=True)

    name: str
    columns: list[str]
    rows: int
    digest: str

    @property
    def path(self) -> str:
        """Its entry: a JSON list a line."""
        return f"rows/{self.name}.jsonl"


class FilesInside(BaseModel):
    """The stored files: how many have their object here, its bytes, and the ids of those that had none or another."""

    model_config = ConfigDict(frozen=True)

    count: int
    size: int
    missing: list[str]
    damaged: list[str]


class Head(BaseModel):
    """What every format says: its number, and the release that wrote it."""

    model_config = ConfigDict(frozen=True)

    format: int
    release: str


class Manifest(Head):
    """All that there is to know before a thing is read.

    ``table_revision`` is that of the migrations; ``parts`` are all entries but objects, which ``files.jsonl`` lists.
    """

    created_at: str
    database: str
    table_revision: str
    tables: list[TableInside]
    files: FilesInside
    has_secret: bool
    parts: list[Part]

    @property
    def rows(self) -> int:
        """Of all tables."""
        return sum(table.rows for table in self.tables)


class ObjectInside(BaseModel):
    """A line of ``files.jsonl``."""

    model_config = ConfigDict(frozen=True)

    id: str
    size: int
    sha256: str

    @property
    def path(self) -> str:
        """Its entry."""
        return f"objects/{self.id}"
