"""Intake of files for a scientist: check, classify and de-identify them without database or object store."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pydicom import Dataset, dcmread
from pydicom.uid import EnhancedMRImageStorage

from idh_tasks.codes import Code
from idh_tasks.dicom.files import encode_file
from idh_tasks.domain.study import Fault
from idh_tasks.errors import (
    InstanceRejectedError,
    InstanceSkippedError,
    StudyQuarantinedError,
    UidMismatchError,
)
from idh_tasks.intake.deidentification.deidentify import deidentify
from idh_tasks.intake.deidentification.pseudonym import Pseudonymiser
from idh_tasks.intake.gate.instance import AdmittedInstance, read_header
from idh_tasks.intake.gate.sandbox import Sandbox
from idh_tasks.intake.naming.physics import read_physics
from idh_tasks.intake.naming.sequence import identify
from idh_tasks.intake.naming.series import name_series
from idh_tasks.intake.transport.archive import ARCHIVES, open_archive

STORED_ONLY = Code.E_UNSUPPORTED_SOP
"""The fault of a series that is admitted and stored, but cannot be used yet."""


@dataclass(frozen=True)
class FileVerdict:
    """What was decided about one file: accepted, skipped, quarantined, or where it was written."""

    file: str
    verdict: str
    code: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class ClassifiedSeries:
    """The MR sequence of one series, the confidence, and why."""

    series_uid: str
    sequence: str
    confidence: str
    why: str
    files: int


def files_below(paths: Iterable[Path]) -> list[Path]:
    """Return the files at or below the paths, in order."""
    return [f for p in paths for f in (sorted(c for c in p.rglob("*") if c.is_file()) if p.is_dir() else [p])]


def gate_files(files: Iterable[Path]) -> Iterator[FileVerdict]:
    """Pass files and archives through the gate, and the series that they make through its geometry.

    A rejected file is reported at once, an accepted one when its series is complete.
    """
    series: dict[str, list[tuple[str, AdmittedInstance]]] = defaultdict(list)
    with Sandbox() as sandbox:
        for path in files:
            try:
                contents = _contents(path)
            except StudyQuarantinedError as error:
                yield FileVerdict(str(path), "quarantined", error.code, error.reason)
                continue
            for name, content in contents.items():
                try:
                    sandbox.check(content)
                except InstanceRejectedError as error:
                    yield _rejected(name, error)
                    continue
                admitted = read_header(content)
                series[str(admitted.ds.SeriesInstanceUID)].append((name, admitted))
    for instances in series.values():
        yield from _series_verdicts(instances)


def _contents(path: Path) -> dict[str, bytes]:
    """Return the content of a file, or of each file in an archive."""
    content = path.read_bytes()
    if not path.name.lower().endswith(ARCHIVES):
        return {str(path): content}
    return {f"{path}!{name}": inner for name, inner in open_archive(content).items()}


def _rejected(name: str, error: InstanceRejectedError) -> FileVerdict:
    return FileVerdict(
        name, "skipped" if isinstance(error, InstanceSkippedError) else "quarantined", error.code, error.reason
    )


def _series_verdicts(instances: list[tuple[str, AdmittedInstance]]) -> Iterator[FileVerdict]:
    """Yield the verdicts on the files of a series, whose geometry may have a fault."""
    fault = _fault([admitted.ds for _, admitted in instances])
    for name, admitted in instances:
        if fault is not None:
            verdict = "accepted" if fault.code == STORED_ONLY else "quarantined"
            yield FileVerdict(name, verdict, fault.code, fault.reason)
        else:
            warning = next(iter(admitted.warnings), None)
            yield FileVerdict(name, "accepted", *((warning.code, warning.reason) if warning else ()))


def _fault(instances: list[Dataset]) -> Fault | None:
    unique = {str(ds.SOPInstanceUID): ds for ds in instances}.values()
    images = [ds for ds in unique if "ImagePositionPatient" in ds or ds.SOPClassUID == EnhancedMRImageStorage]
    if not images or all("LOCALIZER" in (ds.get("ImageType") or ()) for ds in images):
        return None
    return next(filter(None, (named.fault for named in name_series(images))), None)


def classify(files: Iterable[Path]) -> Iterator[ClassifiedSeries]:
    """Classify the series that the files form; files that are not DICOM are left out."""
    series: dict[str, list[Dataset]] = defaultdict(list)
    for path in files:
        header = _header(path)
        if header is not None:
            series[str(header.get("SeriesInstanceUID") or path.parent)].append(header)
    for uid, headers in sorted(series.items()):
        identified = identify(read_physics(headers))
        sequence, confidence = identified.sequence.value, identified.confidence.value
        yield ClassifiedSeries(uid, sequence, confidence, identified.evidence, len(headers))


def _header(path: Path) -> Dataset | None:
    try:
        header = dcmread(path, stop_before_pixels=True, force=True)
        return header if "Modality" in header or "SOPClassUID" in header else None
    except Exception:  # pydicom raises many types; a file that it cannot read belongs to no series
        return None


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
