"""The media type a stored file is served with: by its first bytes, never by its name."""

from pathlib import Path

import filetype

_HEAD = 8192


def media_type(path: Path) -> str:
    """The registered type where the content has a signature, else ``text/plain`` or ``application/octet-stream``."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    kind = filetype.guess(head)
    if kind is not None:
        return str(kind.mime)
    # Pages and scripts have no signature: as plain text no browser runs them.
    return "application/octet-stream" if b"\x00" in head else "text/plain"
