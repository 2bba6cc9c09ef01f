"""The audit log, page by page."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from idh_tasks.pipelines.pages.listing import SIZE
from idh_tasks.pipelines.platform import Platform


@dataclass(frozen=True)
class EventFilter:
    """Which events are shown; an empty value stands for all. `before` is the event that the page before ended with."""

    actor: str = ""
    action: str = ""
    subject: str = ""
    before: int | None = None


@dataclass(frozen=True)
class AuditEvent:
    """Who did what, to which subject."""

    event_id: int
    occurred_at: datetime
    actor: str
    action: str
    subject: str
    detail: dict[str, Any]


def events(platform: Platform, chosen: EventFilter, size: int = SIZE) -> list[AuditEvent]:
    """Return the events that meet a filter, the latest first."""
    with platform.database.begin() as transaction:
        return transaction.all(AuditEvent, "pages/select_audit", size=size, **asdict(chosen))
