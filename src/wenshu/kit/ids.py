"""Identifiers that cannot be guessed."""

import secrets


def new_id() -> str:
    """32 hexadecimal characters, 128 random bits: enough to be a capability."""
    return secrets.token_hex(16)
