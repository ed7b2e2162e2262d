"""Numbers and booleans on the wire: themselves or their text, and neither in place of the other."""

from typing import Annotated

from pydantic import BeforeValidator


def _no_boolean(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("应为数字")  # noqa: TRY004 (pydantic reports a ValueError as a fault of the field)
    return value


def _no_number(value: object) -> object:
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise ValueError("应为布尔值")  # noqa: TRY004 (pydantic reports a ValueError as a fault of the field)
    return value


Whole = Annotated[int, BeforeValidator(_no_boolean)]
"""``5`` or ``"5"``; never ``true``."""

Real = Annotated[float, BeforeValidator(_no_boolean)]
"""``0.5`` or ``"0.5"``; never ``true``."""

Flag = Annotated[bool, BeforeValidator(_no_number)]
"""``true`` or ``"true"``; never ``1``."""
