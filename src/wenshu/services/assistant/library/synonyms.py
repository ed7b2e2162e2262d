"""The scope's own synonyms for its API: read, replaced as a whole, taken out."""

from wenshu.core.database.scope import Scope
from wenshu.kit import clock
from wenshu.knowledge.synonyms import Kept
from wenshu.services.assistant.library.schemas import SetSynonyms, SynonymGroups
from wenshu.services.assistant.parts import Assistant


async def kept(parts: Assistant, scope: Scope) -> SynonymGroups:
    """The groups of just this scope."""
    return _told(parts, await parts.searcher.synonyms.kept(scope))


async def replace(parts: Assistant, scope: Scope, asked: SetSynonyms) -> SynonymGroups:
    """Put the groups in the place of those that are there. Raises InvalidInput and Conflict."""
    return _told(parts, await parts.searcher.synonyms.replace(scope, asked.groups, asked.version))


async def clear(parts: Assistant, scope: Scope) -> None:
    """Take the groups out."""
    await parts.searcher.synonyms.replace(scope, [])


def _told(parts: Assistant, found: Kept) -> SynonymGroups:
    changed = clock.local_text(found.updated_at, parts.zone) if found.updated_at else None
    return SynonymGroups(groups=found.groups, version=found.version, updated_at=changed)
