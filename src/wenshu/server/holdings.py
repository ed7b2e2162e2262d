"""Every table with rows of tenants, and what it holds of whom. A test sees to it that none is forgotten."""

from collections.abc import Sequence
from importlib import import_module

from sqlalchemy import ColumnElement, Table, select

from wenshu.core.auth.tables import audit_entries, refresh_tokens, revocations, users
from wenshu.core.database.schema import metadata
from wenshu.core.database.scope import Scope
from wenshu.services.assistant.chat.tables import messages, sessions, turns
from wenshu.services.gateway.tables import calls, usage
from wenshu.services.operations.holdings import Holdings, Owned


def _sessions_of(scope: Scope, ids: Sequence[str]) -> ColumnElement[bool]:
    return sessions.c.user_id.in_(ids) & scope.sees(sessions)


def _messages_of(scope: Scope, ids: Sequence[str]) -> ColumnElement[bool]:
    return messages.c.session_key.in_(select(sessions.c.id).where(_sessions_of(scope, ids))) & scope.sees(messages)


def _turns_of(scope: Scope, ids: Sequence[str]) -> ColumnElement[bool]:
    return turns.c.session_key.in_(select(sessions.c.id).where(_sessions_of(scope, ids))) & scope.sees(turns)


def _users_of(scope: Scope, ids: Sequence[str]) -> ColumnElement[bool]:
    return users.c.id.in_(ids) & scope.sees(users)


def _tokens_of(scope: Scope, ids: Sequence[str]) -> ColumnElement[bool]:
    return refresh_tokens.c.user_id.in_(ids) & scope.sees(refresh_tokens)


def _entries_of(scope: Scope, ids: Sequence[str]) -> ColumnElement[bool]:
    return audit_entries.c.actor.in_([f"user:{one}" for one in ids]) & scope.sees(audit_entries)


def _calls_of(table: Table) -> Owned:
    """The gateway's calls and counts, which name their caller."""

    def owned(scope: Scope, ids: Sequence[str]) -> ColumnElement[bool]:
        return table.c.caller.in_([f"user:{one}" for one in ids]) & scope.sees(table)

    return owned


PERSONAL: dict[str, Owned] = {
    sessions.name: _sessions_of,
    messages.name: _messages_of,
    turns.name: _turns_of,
    users.name: _users_of,
    refresh_tokens.name: _tokens_of,
    audit_entries.name: _entries_of,
    calls.name: _calls_of(calls),
    usage.name: _calls_of(usage),
}
ERASED = sessions.name, messages.name, turns.name, users.name, refresh_tokens.name, calls.name
"""The log of what somebody did and the counts of what it cost stay: they name an id that nobody is any more."""

IMPERSONAL = frozenset(
    {
        "tenants",
        "api_keys",
        "audit_heads",
        "documents",
        "facts",
        "files",
        "form_deliveries",
        "form_tasks",
        "forms",
        "gateway_memories",
        "gateway_setups",
        "generations",
        "import_items",
        "jobs",
        "kept_answers",
        "login_failures",
        "passage_owners",
        "passage_vectors",
        "passages",
        "progress_events",
        "qa_pairs",
        "retention_rules",
        "revocations",
        "signing_keys",
        "synonyms",
        "webhook_secrets",
    }
)
"""Tables that do not say which person a row is of."""

SECRET = {
    "users": frozenset({"password_hash"}),
    "api_keys": frozenset({"digest", "sealed_secret"}),
    "webhook_secrets": frozenset({"secret"}),
}
INTERNAL = {
    "facts": "由文档得出 made from documents",
    "generations": "索引的记录 of the index",
    "passage_owners": "索引的记录 of the index",
    "passage_vectors": "由文档得出 made from documents",
    "passages": "由文档得出 made from documents",
    "kept_answers": "以调用者的密钥加密，一天后删除 sealed with callers' own keys, gone after a day",
    "login_failures": "一分钟后删除 gone after a minute",
    "refresh_tokens": "令牌的摘要 digests of tokens",
    "revocations": "已作废的令牌，过期后删除 tokens that are void, gone once expired",
    "signing_keys": "服务器的密钥 the server's keys",
}
LASTING = {
    "generations": "删尽索引后自行清除 go once the index is rid of what they name",
    "passage_owners": "只剩编码与计数 0 the code alone, with a count of 0",
    "passage_vectors": "随素材库清除 went with the library",
    "passages": "随素材库清除 went with the library",
    revocations.name: "令牌过期前须保持作废 tokens have to stay void until they expire",
    "files": "未完成的上传由清理任务删除 what is left are uploads under way, which the sweep removes",
}


def holdings() -> Holdings:
    """What this server holds."""
    import_module("wenshu.server.app")  # what is served declares its tables
    owned = [table for table in metadata.sorted_tables if "tenant_code" in table.c]
    return Holdings(owned, PERSONAL, ERASED, SECRET, INTERNAL, LASTING)
