"""Time: instants are aware UTC datetimes inside, and local text only on the wire."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo


def now() -> datetime:
    """The present instant, aware, UTC."""
    return datetime.now(UTC)


def utc_text(instant: datetime) -> str:
    """``2025-07-19T13:00:00Z``."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def local_text(instant: datetime, zone: ZoneInfo) -> str:
    """``2025-12-10 10:23:45`` in the given zone, the form of the chat and library document."""
    return instant.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def local_iso(instant: datetime, zone: ZoneInfo) -> str:
    """``2024-01-01T00:00:00`` in the given zone, the form of the reports' document."""
    return instant.astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S")
