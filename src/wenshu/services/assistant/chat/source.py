"""The source behind a marker of an answer: what the answer stood on stays, whatever became of the document."""

from typing import Any

from sqlalchemy import Row, select

from wenshu.core.database.engine import Transaction
from wenshu.core.database.scope import EVERYTHING, Scope
from wenshu.kit.errors import NotFound
from wenshu.knowledge.sources import Cited
from wenshu.services.assistant.chat.history import one_message
from wenshu.services.assistant.chat.sessions import SessionRef, live
from wenshu.services.assistant.chat.tables import turns
from wenshu.services.assistant.parts import Assistant
from wenshu.services.assistant.views import SourceView, source_view


async def source(parts: Assistant, ref: SessionRef, message_id: int, marker: int) -> SourceView:
    """The cited passage, looked for in the session's own scope. Raises NotFound."""
    async with parts.database.read(ref.scope) as tx:
        session = await live(tx, ref)
        message = await one_message(tx, session.id, message_id)
        since = await _asked_at(tx, message)
    citations: list[dict[str, Any]] = message.citations or []
    citation = next((citation for citation in citations if citation["marker"] == marker), None)
    if citation is None:
        raise NotFound("来源不存在")
    # Answers of earlier releases kept no key: of their sources nothing but the kept passage is known.
    cited = Cited(citation.get("key", ""), citation["name"], citation["text"], citation["text_start"], since)
    place = await parts.sources.place(Scope(session.tenant_code, session.org_code or None), cited)
    return source_view(citation, parts.files.links.signed(citation["url"]), place, parts.zone)


async def _asked_at(tx: Transaction, message: Row[Any]) -> Any:  # noqa: ANN401 (an instant)
    accepted = select(turns.c.created_at).where(turns.c.answer_key == message.id, EVERYTHING.sees(turns))
    return await tx.value(accepted) or message.created_at
