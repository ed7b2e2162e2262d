"""Roles, from the least to the most: a higher one may all that a lower one may."""

from collections.abc import Iterable
from typing import Literal, get_args

Role = Literal["viewer", "member", "editor", "admin"]

ROLES: tuple[Role, ...] = get_args(Role)
"""viewer reads; member asks and works on own things; editor changes the tenant's material; admin changes models,
connectors, secrets, word lists and people."""


def highest(roles: Iterable[str]) -> int:
    """The rank of the highest known role, -1 without one; unknown names count for nothing."""
    return max((ROLES.index(role) for role in ROLES if role in set(roles)), default=-1)


def allows(roles: Iterable[str], needed: Role) -> bool:
    """Whether one of the roles is ``needed`` or higher."""
    return highest(roles) >= ROLES.index(needed)
