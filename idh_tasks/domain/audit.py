"""The head of the audit chain, as it is recorded outside the database."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class ChainHead:
    """The last link of the audit chain at some time."""

    position: int
    hash: str
    """SHA-256 in hexadecimal digits; it depends on every event up to this one."""
    occurred_at: datetime
    """Time of the event."""
