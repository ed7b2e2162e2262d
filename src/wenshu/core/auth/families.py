"""The families of calls that an API key can be kept to."""

from typing import Literal, get_args

KeyFamily = Literal["assistant", "gateway", "forms", "admin"]

KEY_FAMILIES: tuple[KeyFamily, ...] = get_args(KeyFamily)
"""Each with its own dialect and rate limit. ``accounts`` is open to every key: it only tells who calls."""

UNNAMED: frozenset[str] = frozenset(KEY_FAMILIES) - {"admin"}
"""What a key may call that names no family: a key that makes keys has to be meant."""
