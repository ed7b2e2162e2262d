"""The forms that come with the server: read-only, the same for all tenants."""

from functools import cache
from importlib.resources import files
from typing import Any

import orjson


@cache
def builtin() -> dict[str, dict[str, Any]]:
    """Form code → definition."""
    folder = files("wenshu.services.forms").joinpath("builtin")
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".json"))
    return {name.removesuffix(".json"): orjson.loads(folder.joinpath(name).read_bytes()) for name in names}
