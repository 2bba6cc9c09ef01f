"""Intake at a scientist's desk: gate, classify and de-identify files, without database or store."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pydicom import Dataset, dcmread
from pydicom.uid import EnhancedMRImageStorage

from idh_tasks.codes import Code
from idh_tasks.dicom.files import encoded
from idh_tasks.dicom.mosaic import is_mosaic
from idh_tasks.domain.study import Fault
from idh_tasks.errors import (
    InstanceRejectedError,
    InstanceSkippedError,
    SeriesRejectedError,
    StudyQuarantinedError,
    UidMismatchError,
)
from idh_tasks.intake.deidentification.deidentify import deidentify
from idh_tasks.intake.deidentification.pseudonym import Pseudonymiser
from idh_tasks.intake.gate.instance import Admitted, read_header
from idh_tasks.intake.gate.sandbox import Sandbox
from idh_tasks.intake.naming.physics import read_physics
from idh_tasks.intake.naming.sequence import identify
from idh_tasks.intake.naming.series import SEVERAL_VOLUMES, fault_of
from idh_tasks.intake.naming.stacks import Stack, split
from idh_tasks.intake.transport.archive import ARCHIVES, open_archive

KEPT_ONLY = Code.E_UNSUPPORTED_SOP
"""A series that enters and is stored, but that nothing can be computed from yet."""


@dataclass(frozen=True)
class Verdict:
    """What the gate says of one file: accepted, skipped or quarantined."""

    file: str
    verdict: str
    code: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Named:
    """What one series is, how sure that is, and why."""

    series_uid: str
    sequence: str
    confidence: str
    why: str
    files: int


def files_below(paths: Iterable[Path]) -> list[Path]:
    """Return the files at or below the paths, in order."""
    return [f for p in paths for f in (sorted(c for c in p.rglob("*") if c.is_file()) if p.is_dir() else [p])]


def gate_files(files: Iterable[Path]) -> Iterator[Verdict]:
    """Pass files and archives through the gate, and the series that they make through its geometry.

    What is refused is told at once, what is accepted when its series is complete.
    """
    series: dict[str, list[tuple[str, Admitted]]] = defaultdict(list)
    with Sandbox() as sandbox:
        for path in files:
            try:
                opened = _opened(path)
            except StudyQuarantinedError as error:
                yield Verdict(str(path), "quarantined", error.code, error.reason)
                continue
            for name, content in opened.items():
                try:
                    sandbox.check(content)
                except InstanceRejectedError as error:
                    yield _refused(name, error)
                    continue
                admitted = read_header(content)
                series[str(admitted.ds.SeriesInstanceUID)].append((name, admitted))
    for instances in series.values():
        yield from _accepted(instances)


def _opened(path: Path) -> dict[str, bytes]:
    """Return the content of a file, or of the files in an archive."""
    content = path.read_bytes()
    if not path.name.lower().endswith(ARCHIVES):
        return {str(path): content}
    return {f"{path}!{name}": inner for name, inner in open_archive(content).items()}


def _refused(name: str, error: InstanceRejectedError) -> Verdict:
    return Verdict(
        name, "skipped" if isinstance(error, InstanceSkippedError) else "quarantined", error.code, error.reason
    )


def _accepted(instances: list[tuple[str, Admitted]]) -> Iterator[Verdict]:
    """Yield the verdicts of a series: its geometry may refuse all of it."""
    fault = _fault([admitted.ds for _, admitted in instances])
    for name, admitted in instances:
        if fault is not None:
            verdict = "accepted" if fault.code == KEPT_ONLY else "quarantined"
            yield Verdict(name, verdict, fault.code, fault.reason)
        else:
            yield Verdict(name, "accepted", *next(iter(admitted.warnings), (None, None)))


def _fault(instances: list[Dataset]) -> Fault | None:
    once = {str(ds.SOPInstanceUID): ds for ds in instances}.values()
    images = [ds for ds in once if "ImagePositionPatient" in ds or ds.SOPClassUID == EnhancedMRImageStorage]
    if not images or all("LOCALIZER" in (ds.get("ImageType") or ()) for ds in images):
        return None
    try:
        stacks = [Stack("", tuple(images))] if _several_volumes(images) else split(images)
    except SeriesRejectedError as error:
        return Fault(error.code, error.reason)
    return next(filter(None, (fault_of(stack.instances) for stack in stacks)), None)


def _several_volumes(images: list[Dataset]) -> bool:
    """Tell whether places repeat by nature: over b-values or time, or since each image is a whole volume."""
    return any(map(is_mosaic, images)) or identify(read_physics(images)).sequence in SEVERAL_VOLUMES


def classify(files: Iterable[Path]) -> Iterator[Named]:
    """Name the series that the files make; what is no DICOM file is left out."""
    series: dict[str, list[Dataset]] = defaultdict(list)
    for path in files:
        header = _header(path)
        if header is not None:
            series[str(header.get("SeriesInstanceUID") or path.parent)].append(header)
    for uid, headers in sorted(series.items()):
        found = identify(read_physics(headers))
        yield Named(uid, found.sequence.value, found.confidence.value, found.evidence, len(headers))


def _header(path: Path) -> Dataset | None:
    try:
        header = dcmread(path, stop_before_pixels=True, force=True)
        return header if "Modality" in header or "SOPClassUID" in header else None
    except Exception:  # pydicom raises many types; a file that it cannot read has no sequence
        return None


def deidentify_files(source: Path, out: Path, pseudonymiser: Pseudonymiser, issuer: str) -> Iterator[Verdict]:
    """De-identify every DICOM file below a folder into another; tell for each what became of it."""
    out.mkdir(parents=True, exist_ok=True)
    with Sandbox() as sandbox:
        for path in files_below([source]):
            try:
                clean = _deidentified(path.read_bytes(), sandbox, pseudonymiser, issuer)
            except InstanceRejectedError as error:
                yield _refused(str(path), error)
                continue
            target = out / f"{clean.SOPInstanceUID}.dcm"
            target.write_bytes(encoded(clean))
            yield Verdict(str(path), f"written {target.name}")


def _deidentified(content: bytes, sandbox: Sandbox, pseudonymiser: Pseudonymiser, issuer: str) -> Dataset:
    # The file meta information is written anew, and files of any kind can be de-identified.
    with suppress(UidMismatchError, InstanceSkippedError):
        sandbox.check(content)
    ds = read_header(content).ds
    if "EncapsulatedDocument" in ds:
        raise InstanceSkippedError(Code.W_SKIPPED_SOP, "an encapsulated document cannot be de-identified")
    patient = pseudonymiser.patient(str(ds.get("IssuerOfPatientID") or issuer), str(ds.get("PatientID") or ""))
    return deidentify(ds, patient, pseudonymiser)
