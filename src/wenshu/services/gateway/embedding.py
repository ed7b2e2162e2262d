"""Embeddings of both families: from the embedder that the library is searched with, or from nobody."""

from collections.abc import Sequence

from wenshu.kit.errors import InvalidInput, Unavailable, WenshuError
from wenshu.services.gateway.answering import Bill
from wenshu.services.gateway.dialect import status_of
from wenshu.services.gateway.parts import Gateway
from wenshu.services.gateway.tokens import tokens

UNSET = (
    "没有配置向量模型：请设 WENSHU_EMBEDDING_URL 与 WENSHU_EMBEDDING_MODEL 后重启。"
    "No embedder is set: set WENSHU_EMBEDDING_URL and WENSHU_EMBEDDING_MODEL, then restart."
)


async def embedded(
    parts: Gateway, bill: Bill, texts: Sequence[str], dimensions: int | None = None
) -> list[list[float]]:
    """A vector a text. Raises Unavailable without an embedder or where it fails, OverBudget, InvalidInput.

    The embedder has its own model and dimension, whatever the call names: vectors of two models cannot be compared.
    """
    try:
        setup = await parts.setups.of(bill.scope.tenant)
        await parts.meter.admit(bill.scope, setup)
        if parts.embedder is None:
            raise Unavailable(UNSET)
        bill.model, bill.prompt = parts.embedder.model, sum(map(tokens, texts))
        vectors = await parts.embedder.embed(texts)
        if dimensions is not None and vectors and len(vectors[0]) != dimensions:
            raise InvalidInput(f"参数 dimensions 只能是 {len(vectors[0])}", field="dimensions")
    except WenshuError as error:
        bill.settle(status_of(error))
        raise
    bill.settle(200)
    return vectors
