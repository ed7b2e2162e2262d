"""One passage of the library, as a search names it, between its neighbours."""

from wenshu.core.database.scope import Scope
from wenshu.kit.errors import NotFound
from wenshu.knowledge.sources import best_span
from wenshu.services.assistant.parts import Assistant
from wenshu.services.assistant.views import SourceView, source_view


async def passage(parts: Assistant, scope: Scope, name: str, ordinal: int, query: str) -> SourceView:
    """The passage; with a query, the sentence that answers it best is marked. Raises NotFound."""
    piece = await parts.sources.piece(scope, name, ordinal)
    if piece is None:
        raise NotFound("段落不存在")
    entry = piece.entry
    span = best_span(query, entry) if query else None
    quote = entry.body[span.start - entry.start : span.end - entry.start] if span else ""
    shown = {
        "kind": "doc",
        "name": entry.name,
        "heading": entry.heading,
        "page": entry.page,
        "text": entry.body,
        "text_start": entry.start,
        "spans": [{"start": span.start, "end": span.end, "quote": quote}] if span else [],
    }
    return source_view(shown, parts.files.links.signed(piece.url), piece.place, parts.zone)
