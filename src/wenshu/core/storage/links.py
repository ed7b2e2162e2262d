"""Signed links: a file opens for whoever holds one, until it expires."""

import hmac
import secrets
import time
from hashlib import sha256
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

from wenshu.core.settings import LEAST_SECRET, StorageSettings

_PATH = "/files/"
CANONICAL = "wenshu-file:"
"""What the stored form of a link begins with; the file's id comes next."""


class Links:
    """Makes and reads links ``{public_url}/files/{id}/{name}?expires=…&signature=…``.

    What is stored is the canonical form ``wenshu-file:{id}/{name}``, signed anew at each read. Only code that saw to it
    that the caller may read the file makes one; what callers write is refused where it looks like one.
    """

    def __init__(self, public_url: str, secret: bytes, seconds: int) -> None:
        self._public_url = public_url.rstrip("/")
        self._secret = secret
        self._seconds = seconds

    def canonical(self, file_id: str, name: str) -> str:
        """The form that is stored."""
        return f"{CANONICAL}{file_id}/{quote(name, safe='')}"

    def is_canonical(self, text: str) -> bool:
        """Whether a text would be signed: a caller's own words must never be."""
        return text.startswith(CANONICAL)

    def kept_id(self, text: str) -> str | None:
        """The id in a canonical link, None in any other text."""
        return text.removeprefix(CANONICAL).split("/", 1)[0] if self.is_canonical(text) else None

    def signed(self, url: str) -> str:
        """An address for the outside: a canonical link signed and absolute, any other address as it is."""
        if not self.is_canonical(url):
            return url
        place = url.removeprefix(CANONICAL)
        expires = int(time.time()) + self._seconds
        signature = self._sign(place.split("/", 1)[0], expires)
        return f"{self._public_url}{_PATH}{place}?expires={expires}&signature={signature}"

    def file_id(self, url: str) -> str | None:
        """The id in a link that is ours, signed or not, expired or not; None for any other address.

        A link made under an earlier public address is ours by its signature.
        """
        try:
            parts = urlsplit(url)
        except ValueError:
            return None
        file_id = _id_in_path(parts.path)
        ours = url.startswith((f"{self._public_url}{_PATH}", _PATH)) or (file_id and self._signed_by_us(file_id, url))
        return file_id if ours else None

    def opens(self, url: str) -> bool:
        """Whether one of our links carries a true signature that has not expired."""
        return self._signed_by_us(self.file_id(url) or "", url)

    def valid(self, file_id: str, expires: str, signature: str) -> bool:
        """Whether the signature is true for this id and the time has not passed."""
        if not (expires.isascii() and expires.isdigit() and len(expires) <= 12 and signature.isascii()):
            return False
        return hmac.compare_digest(signature, self._sign(file_id, int(expires))) and time.time() < int(expires)

    def _signed_by_us(self, file_id: str, url: str) -> bool:
        query = parse_qs(urlsplit(url).query)
        return self.valid(file_id, query.get("expires", [""])[0], query.get("signature", [""])[0])

    def _sign(self, file_id: str, expires: int) -> str:
        return hmac.new(self._secret, f"{file_id}\n{expires}".encode(), sha256).hexdigest()


def load_secret(settings: StorageSettings, path: Path) -> bytes:
    """The signing key: the one that is set, else that of this data folder, made at the first start.

    The file is readable by its owner only; its content may be set as it stands: the key, and every link, stays the
    same. Raises ValueError where the file holds no key, OSError where it cannot be read or made.
    """
    given = settings.link_secret.get_secret_value()
    if given:
        return _decoded(given) or given.encode()
    if not path.exists():
        # Written aside and moved, so that a kill between the two never leaves an empty key behind.
        fresh = path.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_hex(32))
        fresh.replace(path)
    secret = _decoded(path.read_text("ascii"))
    if secret is None:
        raise ValueError(f"{path} is no signing key")
    return secret


def _decoded(text: str) -> bytes | None:
    """The key in the form of the file, hexadecimal; None where the text is no such key."""
    try:
        secret = bytes.fromhex(text.strip())
    except ValueError:
        return None
    return secret if len(secret) >= LEAST_SECRET else None


def _id_in_path(path: str) -> str | None:
    file_id = path.removeprefix(_PATH).split("/", 1)[0]
    return file_id if len(file_id) == 32 and all(char in "0123456789abcdef" for char in file_id) else None
