"""A tenant's own synonyms: groups of terms that mean the same in its material, kept in rows, in use at once."""

from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select

from wenshu.core.database.engine import Database
from wenshu.core.database.scope import Scope
from wenshu.kit import clock
from wenshu.kit.errors import Conflict, InvalidInput
from wenshu.knowledge.tables import synonyms
from wenshu.knowledge.thesaurus import Thesaurus, built_in
from wenshu.zh.fold import fold

MOST_GROUPS = 1_000
MOST_TERMS = 20
"""Of one group."""
SHORTEST, LONGEST = 2, 40
"""Characters of a term: of a single one nobody can tell what it means."""
_MOST_KEPT = 1_000
_MOST_FAULTS = 20

Groups = list[list[str]]
Versions = tuple[tuple[str, int], ...]


class Kept(NamedTuple):
    """The groups of one owner as they are stored; version 0 and no time where there never were any."""

    groups: Groups
    version: int
    updated_at: datetime | None


class _Read(NamedTuple):
    change: int
    versions: Versions
    thesaurus: Thesaurus


class Synonyms:
    """The groups of every tenant, and the thesaurus that a scope's questions are read by."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._change = 0  # counts this process's own changes
        self._read: OrderedDict[Scope, _Read] = OrderedDict()

    async def of(self, scope: Scope) -> Thesaurus:
        """The built-in words with the groups of all rows that the scope sees.

        Without other processes at the database what was read last stands until this one changes it. Else each call
        looks at the versions, which are few and short, and reads the groups where one of them is new.
        """
        change, known = self._change, self._read.get(scope)
        if known is not None and known.change == change and not self._database.shared:
            return known.thesaurus
        columns = synonyms.c
        async with self._database.read(scope) as tx:
            found = await tx.all(select(columns.org_code, columns.version).where(scope.sees(synonyms)))
            versions: Versions = tuple(sorted((row.org_code, row.version) for row in found))
            if known is None or known.versions != versions:
                rows = await tx.all(select(columns.groups).where(scope.sees(synonyms)).order_by(columns.org_code))
                groups = [group for row in rows for group in row.groups]
                known = _Read(change, versions, built_in().with_groups(groups))
        self._read[scope] = known._replace(change=change)
        self._read.move_to_end(scope)
        if len(self._read) > _MOST_KEPT:
            self._read.popitem(last=False)
        return known.thesaurus

    async def kept(self, scope: Scope) -> Kept:
        """The groups of just this scope."""
        async with self._database.read(scope) as tx:
            row = await tx.first(select(synonyms).where(scope.exactly(synonyms)))
        return Kept([], 0, None) if row is None else Kept(row.groups, row.version, row.updated_at)

    async def replace(self, scope: Scope, groups: Sequence[Sequence[str]], version: int | None = None) -> Kept:
        """Put the groups in the place of those of just this scope; an empty list takes them out.

        Raises InvalidInput where they are not as ``checked`` wants them, Conflict where ``version`` is not the one that
        is stored: somebody else changed them meanwhile.
        """
        made, now = checked(groups), clock.now()
        owner = scope.stamp()
        async with self._database.write(scope, lock=("synonyms", *owner.values())) as tx:
            stored = await tx.value(select(synonyms.c.version).where(scope.exactly(synonyms))) or 0
            if version is not None and version != stored:
                raise Conflict(f"同义词已被他人修改（当前版本 {stored}），请刷新后重试")
            values = {"groups": made, "version": stored + 1, "updated_at": now}
            await tx.upsert(synonyms, {**owner, **values}, key=("tenant_code", "org_code"), change=tuple(values))
            tx.after_commit(self._changed)
        return Kept(made, stored + 1, now)

    def _changed(self) -> None:
        self._change += 1


def checked(groups: Sequence[Sequence[str]]) -> Groups:
    """The groups as they are stored: terms without needless blanks, each once, in the order given.

    Raises InvalidInput with every fault told (``details``): too many groups or terms, a term too short or too long, a
    term in two groups, a group of fewer than two terms. Width, case and script make no difference between terms.
    """
    if len(groups) > MOST_GROUPS:
        raise InvalidInput(f"groups 最多 {MOST_GROUPS} 组同义词", field="groups")
    taken: dict[str, int] = {}
    faults: list[dict[str, object]] = []
    made: Groups = []
    for number, group in enumerate(groups, 1):
        terms: dict[str, str] = {}
        for term in (" ".join(written.split()) for written in group):
            terms.setdefault(fold(term), term)
        made.append(list(terms.values()))
        twice = [f"“{term}”已在第 {taken[key]} 组" for key, term in terms.items() if key in taken]
        faults.extend({"group": number, "reason": reason} for reason in (*_faults(made[-1]), *twice))
        taken |= dict.fromkeys(terms, number)
    if faults:
        more = f"（共 {len(faults)} 处问题）" if len(faults) > 1 else ""
        words = f"groups 第 {faults[0]['group']} 组：{faults[0]['reason']}{more}"
        raise InvalidInput(words, field="groups", details=faults[:_MOST_FAULTS])
    return made


def _faults(group: Sequence[str]) -> list[str]:
    found = [
        f"“{term[:LONGEST]}”的长度须为 {SHORTEST} 到 {LONGEST} 个字符，且含文字或数字"
        for term in group
        if not SHORTEST <= len(term) <= LONGEST or not any(map(str.isalnum, term))
    ]
    if len(group) < 2:
        found.append("至少要有两个不同的词")
    if len(group) > MOST_TERMS:
        found.append(f"最多 {MOST_TERMS} 个词")
    return found
