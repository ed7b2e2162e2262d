"""ERNIE v1 embeddings in Baidu's shape."""

import time
from collections.abc import Sequence
from typing import Any

from wenshu.kit.ids import new_id
from wenshu.services.gateway.answering import Bill


def shown(bill: Bill, vectors: Sequence[Sequence[float]]) -> dict[str, Any]:
    """The vectors in the order of the texts."""
    data = [{"object": "embedding", "embedding": vector, "index": at} for at, vector in enumerate(vectors)]
    usage = {"prompt_tokens": bill.prompt, "total_tokens": bill.prompt}
    head = {"id": f"as-{new_id()[:12]}", "object": "embedding_list", "created": int(time.time())}
    return {**head, "data": data, "usage": usage, "model": bill.model}
