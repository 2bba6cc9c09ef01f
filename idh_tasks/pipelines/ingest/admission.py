"""Passes the files of a delivery through the gate; what is held is sealed and kept."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from pydicom import Dataset

from idh_tasks.db.quarantine import HeldBack
from idh_tasks.errors import InstanceRejectedError, InstanceSkippedError
from idh_tasks.intake.gate.instance import admit
from idh_tasks.pipelines.platform import Platform
from idh_tasks.store import keys
from idh_tasks.store.objects import sha256


@dataclass
class Gate:
    """Lets the good files of one delivery through, and remembers what it held and how often it warned."""

    platform: Platform
    item_id: str | None
    held: list[HeldBack] = field(default_factory=list)
    notes: Counter[tuple[str, str]] = field(default_factory=Counter)

    def passing(self, contents: Iterable[bytes]) -> Iterator[Dataset]:
        """Yield what passes; while one file is worked on, the sandbox checks the next."""
        for content, error in self.platform.sandbox.check_all(contents):
            if error is not None:
                self._hold(content, error)
                continue
            admitted = admit(content, decode=False)
            self.notes.update(admitted.warnings)
            yield admitted.ds

    def _hold(self, content: bytes, error: InstanceRejectedError) -> None:
        if isinstance(error, InstanceSkippedError):
            self.notes[error.code, error.reason] += 1
        else:
            self.held.append(keep(self.platform, content, error.code, error.reason, self.item_id))

    def rows(self, subject: str) -> list[HeldBack]:
        """Return the rows of what was held, and one a warning with how many instances it was given for."""
        totals: Counter[str] = Counter()
        reasons: dict[str, str] = {}
        for (code, reason), count in self.notes.items():
            totals[code] += count
            reasons.setdefault(code, reason)
        noted = [HeldBack(subject, "study", code, f"{n} × {reasons[code]}", self.item_id) for code, n in totals.items()]
        return [*self.held, *noted]


def keep(platform: Platform, content: bytes, code: str, reason: str, item_id: str | None) -> HeldBack:
    """Seal the bytes of an instance and return its row of the quarantine."""
    subject = platform.pseudonymiser.token("instance", sha256(content))
    key = keys.quarantined(subject)
    platform.store.put(key, platform.vault.seal(content))
    return HeldBack(subject, "instance", code, reason, item_id, key)
