"""The jobs of operations: who handles which kind."""

from functools import partial

from wenshu.core.jobs.kinds import Kinds
from wenshu.services.operations.erasing import erase
from wenshu.services.operations.estate import ERASURE, EXPORT
from wenshu.services.operations.exporting import export
from wenshu.services.operations.parts import Operations


def register(kinds: Kinds, parts: Operations) -> None:
    """Have exports and erasures run."""
    kinds.register(EXPORT, partial(export, parts))
    kinds.register(ERASURE, partial(erase, parts))
