"""The audit log, page by page, with what its subjects are and its details in words."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from string import hexdigits
from typing import Any

from idh_tasks.codes import Code
from idh_tasks.db.engine import Transaction
from idh_tasks.domain.review import ReviewKind
from idh_tasks.pipelines.pages.listing import SIZE
from idh_tasks.pipelines.platform import Platform

SHORTEST_ID = 24
OF_A_RUN = ("training run", "model")
"""Subjects that are on the page of a training run."""
PAGES = {"sources": "/sources/", "cases": "/cohort/", "pathology": "/sources/"}
"""Subjects that are no ids."""


@dataclass(frozen=True)
class EventFilter:
    """Which events are shown; an empty value stands for all, and capitals do not matter.

    `actor` and `action` are a part of the name, `subject` is the beginning of an id. `since` and `until` are days in
    UTC, both included; `before` is the event that the page before ended with.
    """

    actor: str = ""
    action: str = ""
    subject: str = ""
    before: int | None = None
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True)
class AuditEvent:
    """Who did what, to which subject."""

    event_id: int
    occurred_at: datetime
    actor: str
    action: str
    subject: str
    detail: dict[str, Any]

    @property
    def has_id(self) -> bool:
        """Return whether the subject is an id, which may be shortened, and not a name."""
        return is_id(self.subject)

    @property
    def said(self) -> list[tuple[str, str]]:
        """Return the details as pairs of a name and a value in words."""
        return [(name.replace("_", " "), _in_words(name, value)) for name, value in self.detail.items()]


@dataclass(frozen=True)
class SubjectPage:
    """What a subject is, and the study or training run on whose page it is; `code` is that of what is still held."""

    subject: str
    kind: str
    place: str
    code: Code | None

    @property
    def path(self) -> str:
        """Return the path of its page; empty if it has none."""
        if not self.place:
            return f"/held/?code={self.code}" if self.code else ""
        return f"/models/runs/{self.place}" if self.kind in OF_A_RUN else f"/studies/{self.place}"


@dataclass(frozen=True)
class AuditPage:
    """One page of events, the latest first; every actor and action that exists; and the pages of its subjects."""

    events: list[AuditEvent]
    more: bool
    actors: list[str]
    actions: list[str]
    subjects: dict[str, SubjectPage]

    def path(self, subject: str) -> str:
        """Return the path of the page of a subject; empty if it has none."""
        return PAGES.get(subject) or (self.subjects[subject].path if subject in self.subjects else "")


def audit_page(platform: Platform, chosen: EventFilter) -> AuditPage:
    """Return the events that meet a filter, with what one can choose."""
    with platform.database.begin() as transaction:
        actors, actions = _known(transaction)
        found = _events(transaction, chosen, actors, actions, SIZE + 1)
        subjects = sorted({event.subject for event in found})
        pages = transaction.all(SubjectPage, "pages/select_subject_pages", subjects=subjects)
    return AuditPage(found[:SIZE], len(found) > SIZE, actors, actions, {page.subject: page for page in pages})


def events(platform: Platform, chosen: EventFilter, size: int = SIZE) -> list[AuditEvent]:
    """Return the events that meet a filter, the latest first."""
    with platform.database.begin() as transaction:
        return _events(transaction, chosen, *_known(transaction), size)


def _known(transaction: Transaction) -> tuple[list[str], list[str]]:
    """Return every actor and every action; both are few, however long the log is."""
    return transaction.column(str, "pages/select_audit_actors"), transaction.column(str, "pages/select_audit_actions")


def _events(
    transaction: Transaction, chosen: EventFilter, actors: Sequence[str], actions: Sequence[str], size: int
) -> list[AuditEvent]:
    values = asdict(chosen) | {"subject": chosen.subject.strip()}
    values["one_actor"], values["actors"] = _one_or_several(_meant(chosen.actor, actors))
    values["one_action"], values["actions"] = _one_or_several(_meant(chosen.action, actions))
    del values["actor"], values["action"]
    return transaction.all(AuditEvent, "pages/select_audit", size=size, **values)


def _meant(part: str, names: Iterable[str]) -> list[str] | None:
    """Return the names that contain a part, whatever the capitals, or None if any will do."""
    sought = part.strip().casefold()
    return [name for name in names if sought in name.casefold()] if sought else None


def _one_or_several(names: list[str] | None) -> tuple[str | None, list[str] | None]:
    return (names[0], None) if names is not None and len(names) == 1 else (None, names)


def is_id(text: str) -> bool:
    """Return whether a text is an id, which may be shortened, and not a name."""
    return len(text) >= SHORTEST_ID and set(text) <= set(hexdigits)


def _in_words(name: str, value: Any) -> str:
    return ReviewKind(value).words if name == "kind" and value in set(ReviewKind) else written(value)


def written(value: Any) -> str:
    """Return a value of JSON in words, without quotes, brackets or the notation of a language."""
    if value is None or value in ([], {}, ""):
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{name.replace('_', ' ')} {written(one)}" for name, one in value.items())
    if isinstance(value, list):
        return ", ".join(map(written, value))
    return f"{value:.4g}" if isinstance(value, float) else str(value)
