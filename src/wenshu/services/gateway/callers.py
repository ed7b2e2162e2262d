"""Who calls the gateway: always somebody with a name, whether the network is trusted or not."""

from typing import Annotated

from fastapi import Depends

from wenshu.web.caller import Caller, Gate

ASKS: Gate = Gate("member", named=True, recorded=False)
"""Each call stands in the gateway's own log (``gateway_calls``), so that the audit log need not hold it, too."""
READS: Gate = Gate("viewer", named=True, recorded=False)

Asker = Annotated[Caller, Depends(ASKS)]
"""Whoever may ask models."""
Reader = Annotated[Caller, Depends(READS)]
"""Whoever may see which models there are."""
