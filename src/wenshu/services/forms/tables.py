"""The tables of forms: definitions, tasks, what is to be delivered, and what deliveries are signed with."""

from enum import StrEnum

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from wenshu.core.database.schema import Instant, Key, metadata, owner_columns


class TaskState(StrEnum):
    """Where a task stands, in the words of the document."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class DeliveryState(StrEnum):
    """Where a delivery stands; ``dead``: given up, until somebody asks for it again."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"


forms = Table(
    "forms",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    *owner_columns(),
    Column("form_code", String(128), nullable=False),
    Column("definition", JSON, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    UniqueConstraint("tenant_code", "org_code", "form_code"),
)
"""``definition`` is a JSON Schema 2020-12 object (``definition.py``)."""

form_tasks = Table(
    "form_tasks",
    metadata,
    Column("id", String(36), primary_key=True),
    *owner_columns(),
    Column("form_code", String(128), nullable=False),
    Column("definition", JSON, nullable=False),
    Column("utterance", Text, nullable=False),
    Column("reference_time", String(40), nullable=False),
    Column("callback_url", Text),
    Column("state", String(16), nullable=False),
    Column("outcome", JSON(none_as_null=True)),
    Column("evidence", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False, index=True),
)
"""An accepted task. ``definition`` is the form as it was then; ``reference_time`` ISO 8601 with its offset."""

form_deliveries = Table(
    "form_deliveries",
    metadata,
    Column("id", String(32), primary_key=True),
    *owner_columns(),
    Column("task_id", String(36), ForeignKey("form_tasks.id", ondelete="CASCADE"), nullable=False),
    Column("url", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("error", Text, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("give_up_at", Instant, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("finished_at", Instant),
    UniqueConstraint("task_id"),
    Index(None, "state", "due_at"),
    Index(None, "tenant_code", "created_at"),
)
"""``due_at``: when it is tried next. Whoever tries moves it on first, so that no two do at once and none is lost with
its process."""

webhook_secrets = Table(
    "webhook_secrets",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    *owner_columns(),
    Column("secret", String(80), nullable=False),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("tenant_code", "org_code"),
)
"""One a tenant: its rows carry no organisation."""
