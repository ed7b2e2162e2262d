"""Settings for a command: its flags over everything else, faults told in words."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from wenshu.cli.output import fail
from wenshu.core.settings import Settings, load


def read_settings(home: Path | None, flags: Mapping[str, Any] | None = None) -> Settings:
    """The settings in force, ended with a clear message where they are wrong."""
    named = {"home": home} if home is not None else {}
    try:
        return load({**named, **(flags or {})})
    except ValidationError as error:
        lines = [f"  {'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}" for fault in error.errors()]
        fail("配置有误 Wrong settings:\n" + "\n".join(lines))
    except ValueError as error:
        fail(f"配置有误 Wrong settings: {error}")
