"""Intake of files for a scientist: check, classify and de-identify them without database or object store."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydicom import Dataset

from idh_tasks.codes import Code
from idh_tasks.dicom.files import encode_file
from idh_tasks.domain.study import Fault
from idh_tasks.errors import (
    InstanceRejectedError,
    InstanceSkippedError,
    RunRefusedError,
    StudyQuarantinedError,
    UidMismatchError,
)
from idh_tasks.intake.deidentification.deidentify import deidentify
from idh_tasks.intake.deidentification.pseudonym import Pseudonymiser
from idh_tasks.intake.gate.instance import AdmittedInstance, read_header
from idh_tasks.intake.gate.sandbox import Sandbox
from idh_tasks.intake.naming.series import NamedSeries
from idh_tasks.intake.naming.study_series import name_study
from idh_tasks.intake.transport.archive import ARCHIVES, open_archive, open_packed, pieces
from idh_tasks.intake.transport.budget import Budget
from idh_tasks.intake.transport.clutter import without_clutter
from idh_tasks.intake.transport.delivered import DeliveredFile
from idh_tasks.intake.transport.spool import Spool

STORED_ONLY = (Code.E_UNSUPPORTED_SOP, Code.E_GEOMETRY_SLICES)
"""Faults of a series of which nothing is wrong with the files: they are stored, but not used."""


@dataclass(frozen=True)
class FileVerdict:
    """What was decided about one file: accepted, skipped, quarantined, or where it was written."""

    file: str
    verdict: str
    code: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class ClassifiedSeries:
    """One series, or one part of a series that was split: its MR sequence, the confidence, why, and its fault.

    A file that the gate refuses belongs to no series; only its name, the code and the reason are given.
    """

    series_uid: str | None = None
    label: str | None = None
    file: str | None = None
    sequence: str | None = None
    confidence: str | None = None
    why: str | None = None
    files: int = 1
    code: str | None = None
    reason: str | None = None


@dataclass
class _Admission:
    """The files that passed the gate, each with its name."""

    admitted: list[tuple[str, AdmittedInstance]] = field(default_factory=list)

    def verdicts(self, files: Iterable[Path]) -> Iterator[FileVerdict]:
        """Yield the verdict on every file that does not pass."""
        with Sandbox() as sandbox:
            for path in files:
                try:
                    files_within, clutter = without_clutter(_contents(path))
                except StudyQuarantinedError as error:
                    yield FileVerdict(str(path), "quarantined", error.code, error.reason)
                    continue
                for file in files_within:
                    content = file.content.read()
                    try:
                        _check(file, content, sandbox)
                    except InstanceRejectedError as error:
                        yield _rejected(file.name, error)
                        continue
                    self.admitted.append((file.name, read_header(content)))
                if clutter:
                    yield FileVerdict(str(path), "skipped", Code.W_CLUTTER, f"{clutter} files beside the images")

    def series(self) -> list[NamedSeries]:
        """Name the series of each study as the nightly run does; of copies of one instance, the first counts."""
        unique: dict[str, Dataset] = {}
        for _, admitted in self.admitted:
            unique.setdefault(str(admitted.ds.SOPInstanceUID), admitted.ds)
        studies: dict[str, dict[str, list[Dataset]]] = defaultdict(lambda: defaultdict(list))
        for ds in unique.values():
            studies[str(ds.StudyInstanceUID)][str(ds.SeriesInstanceUID)].append(ds)
        return [named for study in studies.values() for named in name_study(study.values())]


def files_below(paths: Iterable[Path]) -> list[Path]:
    """Return the files at or below the paths, in order.

    Raises
    ------
    RunRefusedError
        ``E_NO_IMAGES`` if there is none.
    """
    files = [f for p in paths for f in (sorted(c for c in p.rglob("*") if c.is_file()) if p.is_dir() else [p])]
    if not files:
        raise RunRefusedError(Code.E_NO_IMAGES, "the folder contains no file")
    return files


def gate_files(files: Iterable[Path]) -> Iterator[FileVerdict]:
    """Pass files and archives through the gate, and the series that they make through the checks of the nightly run.

    A rejected file is reported at once, an accepted one when the series are complete.
    """
    admission = _Admission()
    yield from admission.verdicts(files)
    faults = _faults(admission.series())
    first: dict[str, Dataset] = {}
    for name, admitted in admission.admitted:
        uid = str(admitted.ds.SOPInstanceUID)
        if first.setdefault(uid, admitted.ds) != admitted.ds:
            yield FileVerdict(name, "quarantined", Code.E_SOP_CONFLICT, "another file of this instance differs")
        else:
            yield _verdict(name, admitted, faults.get(uid))


def _contents(path: Path) -> list[DeliveredFile]:
    """Return a file, or each file in an archive."""
    spool = Spool()
    with path.open("rb") as source:
        file = DeliveredFile(str(path), spool.write(pieces(source)))
    if not path.name.lower().endswith(ARCHIVES):
        return open_packed([file], spool, Budget.of(file.content.size))
    return [replace(inner, name=f"{path}!{inner.name}") for inner in open_archive(file.content, spool)]


def _check(file: DeliveredFile, content: bytes, sandbox: Sandbox) -> None:
    if file.refusal is not None:
        raise file.refusal
    sandbox.check(content)


def _rejected(name: str, error: InstanceRejectedError) -> FileVerdict:
    return FileVerdict(
        name, "skipped" if isinstance(error, InstanceSkippedError) else "quarantined", error.code, error.reason
    )


def _faults(series: Sequence[NamedSeries]) -> dict[str, Fault]:
    """Return the fault of each instance whose series has one, by SOP Instance UID."""
    return {str(ds.SOPInstanceUID): named.fault for named in series if named.fault for ds in named.instances}


def _verdict(name: str, admitted: AdmittedInstance, fault: Fault | None) -> FileVerdict:
    if fault is not None and fault.code not in STORED_ONLY:
        return FileVerdict(name, "quarantined", fault.code, fault.reason)
    remark = next(iter(admitted.warnings), fault)
    return FileVerdict(name, "accepted", *((remark.code, remark.reason) if remark else ()))


def classify(files: Iterable[Path]) -> Iterator[ClassifiedSeries]:
    """Classify the series that the files form; a file that the gate refuses is reported by itself."""
    admission = _Admission()
    for refused in admission.verdicts(files):
        yield ClassifiedSeries(file=refused.file, code=refused.code, reason=refused.reason)
    for named in sorted(admission.series(), key=lambda named: (str(named.instances[0].SeriesInstanceUID), named.label)):
        yield _classified(named)


def _classified(named: NamedSeries) -> ClassifiedSeries:
    identified, fault = named.identification, named.fault
    return ClassifiedSeries(
        series_uid=str(named.instances[0].SeriesInstanceUID),
        label=named.label or None,
        sequence=identified.sequence.value,
        confidence=identified.confidence.value,
        why=identified.evidence,
        files=len(named.instances),
        code=fault.code if fault else None,
        reason=fault.reason if fault else None,
    )


def deidentify_files(source: Path, out: Path, pseudonymiser: Pseudonymiser, issuer: str) -> Iterator[FileVerdict]:
    """De-identify every DICOM file below a folder into another one; yield what has become of each file."""
    out.mkdir(parents=True, exist_ok=True)
    with Sandbox() as sandbox:
        for path in files_below([source]):
            try:
                ds = _deidentified(path.read_bytes(), sandbox, pseudonymiser, issuer)
            except InstanceRejectedError as error:
                yield _rejected(str(path), error)
                continue
            target = out / f"{ds.SOPInstanceUID}.dcm"
            target.write_bytes(encode_file(ds))
            yield FileVerdict(str(path), f"written {target.name}")


def _deidentified(content: bytes, sandbox: Sandbox, pseudonymiser: Pseudonymiser, issuer: str) -> Dataset:
    # The file meta information is replaced, and files of any SOP class can be de-identified.
    with suppress(UidMismatchError, InstanceSkippedError):
        sandbox.check(content)
    ds = read_header(content).ds
    if "EncapsulatedDocument" in ds:
        raise InstanceSkippedError(Code.W_SKIPPED_SOP, "an encapsulated document cannot be de-identified")
    patient = pseudonymiser.patient(str(ds.get("IssuerOfPatientID") or issuer), str(ds.get("PatientID") or ""))
    return deidentify(ds, patient, pseudonymiser)
