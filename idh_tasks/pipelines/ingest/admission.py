"""Passes the files of a delivery through the gate; instances that it rejects are encrypted and quarantined."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from pydicom import Dataset

from idh_tasks.codes import Code
from idh_tasks.db.quarantine import QuarantineEntry
from idh_tasks.errors import InstanceRejectedError, InstanceSkippedError
from idh_tasks.intake.gate.instance import admit
from idh_tasks.intake.gate.warning import GateWarning
from idh_tasks.pipelines.platform import Platform
from idh_tasks.store import keys
from idh_tasks.store.objects import sha256


@dataclass
class Admission:
    """The passage of one delivery through the gate: collects what was quarantined, and how often the gate warned."""

    platform: Platform
    item_id: str | None
    quarantined: list[QuarantineEntry] = field(default_factory=list)
    warnings: Counter[GateWarning] = field(default_factory=Counter)

    def admitted(self, contents: Iterable[bytes]) -> Iterator[Dataset]:
        """Yield the instances that pass; while the caller works on one, the sandbox checks the next."""
        for content, error in self.platform.sandbox.check_all(contents):
            if error is not None:
                self._reject(content, error)
                continue
            instance = admit(content, decode=False)
            self.warnings.update(instance.warnings)
            yield instance.ds

    def _reject(self, content: bytes, error: InstanceRejectedError) -> None:
        if isinstance(error, InstanceSkippedError):
            self.warnings[GateWarning(error.code, error.reason)] += 1
        else:
            self.quarantined.append(seal_instance(self.platform, content, error.code, error.reason, self.item_id))

    def entries(self, subject: str) -> list[QuarantineEntry]:
        """Return the quarantined instances, and one note per code of a warning with the number of instances."""
        totals: Counter[Code] = Counter()
        reasons: dict[Code, str] = {}
        for warning, count in self.warnings.items():
            totals[warning.code] += count
            reasons.setdefault(warning.code, warning.reason)
        notes = [
            QuarantineEntry(subject, "study", code, f"{count} × {reasons[code]}", self.item_id)
            for code, count in totals.items()
        ]
        return [*self.quarantined, *notes]


def seal_instance(platform: Platform, content: bytes, code: Code, reason: str, item_id: str | None) -> QuarantineEntry:
    """Store the bytes of an instance encrypted and return its entry in the quarantine."""
    subject = platform.pseudonymiser.token("instance", sha256(content))
    key = keys.quarantined(subject)
    platform.store.put(key, platform.vault.seal(content))
    return QuarantineEntry(subject, "instance", code, reason, item_id, key)
