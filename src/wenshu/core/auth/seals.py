"""Seals: secrets that have to be read again, kept so that the database alone does not give them away."""

import os
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12


class Seals:
    """Seals with a key made from the server's own secret, which lies in its data folder or its settings."""

    def __init__(self, secret: bytes) -> None:
        self._cipher = AESGCM(sha256(b"wenshu sealed secrets\0" + secret).digest())

    def seal(self, text: str, name: str) -> bytes:
        """The text sealed; only under the same ``name`` it opens again."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, text.encode(), name.encode())

    def opened(self, sealed: bytes | None, name: str) -> str | None:
        """The text; None where there is none, or where it was sealed with another secret or under another name."""
        if sealed is None:
            return None
        try:
            plain = self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], name.encode())
        except (InvalidTag, ValueError):
            return None
        return plain.decode()
