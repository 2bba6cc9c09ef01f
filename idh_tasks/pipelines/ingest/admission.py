"""Passes the files of a delivery through the gate; instances that it rejects are encrypted and quarantined."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from pydicom import Dataset

from idh_tasks.codes import Code
from idh_tasks.db.quarantine import QuarantineEntry
from idh_tasks.errors import InstanceRejectedError, InstanceSkippedError
from idh_tasks.intake.gate.accepted import MAX_BYTES
from idh_tasks.intake.gate.file_meta import read_file_meta
from idh_tasks.intake.gate.instance import admit
from idh_tasks.intake.gate.warning import GateWarning
from idh_tasks.intake.transport.clutter import without_clutter
from idh_tasks.intake.transport.delivered import DeliveredFile
from idh_tasks.intake.transport.spool import SpooledFile
from idh_tasks.pipelines.platform import Platform
from idh_tasks.store import keys
from idh_tasks.store.content import Scratch

LARGE_BYTES = 16 * 2**20
"""Files from this size on are read into memory only if their first bytes are those of a DICOM file."""
CLUTTER = GateWarning(Code.W_CLUTTER, "files of a viewer, of an operating system, or in NIfTI beside the outline")


@dataclass
class Admission:
    """The passage of one delivery through the gate: collects what was quarantined, and how often the gate warned."""

    platform: Platform
    item_id: str | None
    quarantined: list[QuarantineEntry] = field(default_factory=list)
    warnings: Counter[GateWarning] = field(default_factory=Counter)

    def admitted(self, files: Sequence[DeliveredFile]) -> Iterator[tuple[Dataset, SpooledFile]]:
        """Yield the instances that pass; while the caller works on one, the sandbox checks the next.

        What is known beside images is counted, not checked.
        """
        kept, clutter = without_clutter(files)
        self.note_clutter(clutter)
        checked = [file for file in kept if not self._is_refused(file)]
        answers = self.platform.sandbox.check_all(file.content.read() for file in checked)
        for file, (content, error) in zip(checked, answers, strict=True):
            if error is not None:
                self._reject(file.content, error)
                continue
            instance = admit(content, decode=False)
            del content
            self.warnings.update(instance.warnings)
            yield instance.ds, file.content

    def note_clutter(self, files: int) -> None:
        """Count files that are neither images nor outlines by what they are called."""
        if files:
            self.warnings[CLUTTER] += files

    def _is_refused(self, file: DeliveredFile) -> bool:
        """Return whether a file was rejected without reading the whole of it."""
        error = file.refusal or refusal_of_large(file.content)
        if error is not None:
            self._reject(file.content, error)
        return error is not None

    def _reject(self, content: SpooledFile, error: InstanceRejectedError) -> None:
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


def refusal_of_large(content: SpooledFile) -> InstanceRejectedError | None:
    """Return why a large file is rejected without reading the whole of it, if its size or its start shows that."""
    if content.size <= LARGE_BYTES:
        return None
    if content.size > MAX_BYTES:
        return InstanceRejectedError(Code.E_SIZE_LIMIT, f"more than {MAX_BYTES} bytes")
    try:
        read_file_meta(next(content.chunks()))
    except InstanceRejectedError as error:
        return error
    return None


def seal_instance(
    platform: Platform, content: SpooledFile, code: Code, reason: str, item_id: str | None
) -> QuarantineEntry:
    """Store the bytes of an instance encrypted and return its entry in the quarantine."""
    subject = platform.pseudonymiser.token("instance", content.sha256)
    key = keys.quarantined(subject)
    platform.store.put_file(key, Scratch().of(platform.vault.sealed(content.chunks())))
    return QuarantineEntry(subject, "instance", code, reason, item_id, key)
