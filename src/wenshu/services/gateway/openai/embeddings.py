"""``/v1/embeddings``: numbers, or base64 of little-endian 32-bit floats, as OpenAI's SDK asks for them."""

import base64
import struct
from typing import Any

from wenshu.services.gateway.answering import Bill
from wenshu.services.gateway.embedding import embedded
from wenshu.services.gateway.openai.schemas import Embeddings
from wenshu.services.gateway.parts import Gateway


async def embeddings(parts: Gateway, bill: Bill, asked: Embeddings) -> dict[str, Any]:
    """The vectors in the order of the texts. Raises what ``embedded`` does."""
    vectors = await embedded(parts, bill, asked.texts, asked.dimensions)
    data = [
        {"object": "embedding", "index": at, "embedding": _written(vector, asked.encoding_format)}
        for at, vector in enumerate(vectors)
    ]
    usage = {"prompt_tokens": bill.prompt, "total_tokens": bill.prompt}
    return {"object": "list", "data": data, "model": bill.model, "usage": usage}


def _written(vector: list[float], encoding: str) -> list[float] | str:
    if encoding == "float":
        return vector
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
