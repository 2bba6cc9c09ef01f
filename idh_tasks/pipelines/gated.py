"""Passes the files of a delivery through the gate; what is held is sealed and kept."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from pydicom import Dataset

from idh_tasks.db.quarantine import HeldBack
from idh_tasks.errors import InstanceRejectedError
from idh_tasks.intake.gate import admit
from idh_tasks.pipelines.platform import Platform
from idh_tasks.store import keys
from idh_tasks.store.objects import sha256

ROI_SUFFIX = (".nii.gz", ".nii")


@dataclass
class Gated:
    """What passed the gate, what was held, and how often each warning was given."""

    instances: list[Dataset] = field(default_factory=list)
    held: list[HeldBack] = field(default_factory=list)
    notes: Counter[tuple[str, str]] = field(default_factory=Counter)
    roi: bytes | None = None

    def note_rows(self, subject: str, item_id: str | None) -> list[HeldBack]:
        """Return one row a warning, with how many instances it was given for."""
        totals: Counter[str] = Counter()
        reasons: dict[str, str] = {}
        for (code, reason), count in self.notes.items():
            totals[code] += count
            reasons.setdefault(code, reason)
        return [HeldBack(subject, "study", code, f"{n} × {reasons[code]}", item_id) for code, n in totals.items()]


def gate(platform: Platform, files: dict[str, bytes], item_id: str | None = None) -> Gated:
    """Check every file in the sandbox and read those that pass."""
    gated = Gated()
    gated.roi = next((content for name, content in files.items() if name.endswith(ROI_SUFFIX)), None)
    contents = [content for name, content in files.items() if not name.endswith(ROI_SUFFIX)]
    # The sandbox checks the next file while we read this one.
    with ThreadPoolExecutor(1) as ahead:
        checks = [ahead.submit(platform.sandbox.check, content) for content in contents]
        for content, check in zip(contents, checks, strict=True):
            try:
                check.result()
                admitted = admit(content, decode=False)
            except InstanceRejectedError as error:
                _hold(platform, gated, content, error, item_id)
                continue
            gated.instances.append(admitted.ds)
            gated.notes.update(admitted.warnings)
    return gated


def _hold(platform: Platform, gated: Gated, content: bytes, error: InstanceRejectedError, item_id: str | None) -> None:
    if error.code.startswith("W_"):
        gated.notes[error.code, error.reason] += 1
        return
    gated.held.append(keep(platform, content, error.code, error.reason, item_id))


def keep(platform: Platform, content: bytes, code: str, reason: str, item_id: str | None) -> HeldBack:
    """Seal the bytes of an instance and return its row of the quarantine."""
    subject = platform.pseudonymiser.token("instance", sha256(content))
    key = keys.quarantined(subject)
    platform.store.put(key, platform.vault.seal(content))
    return HeldBack(subject, "instance", code, reason, item_id, key)
