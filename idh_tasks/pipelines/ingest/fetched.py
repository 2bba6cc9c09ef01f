"""The files that a source fetched for one delivery."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pydicom import Dataset

from idh_tasks.codes import Code
from idh_tasks.errors import StudyQuarantinedError

NIFTI = (".nii.gz", ".nii")
MASK_NAMES = ("roi.nii.gz", "roi.nii")
"""Only these are outlines; other NIfTI files, such as brain masks or images, are not used."""


@dataclass(frozen=True)
class FetchedFiles:
    """The files of a delivery; `study_uid` and `patients` state what they must contain, if the source knows that."""

    files: Mapping[str, bytes]
    study_uid: str | None = None
    patients: frozenset[str] = frozenset()

    @property
    def masks(self) -> tuple[bytes, ...]:
        """Return the different NIfTI masks that came with the images."""
        named = (content for name, content in self.files.items() if name.rpartition("/")[2].lower() in MASK_NAMES)
        return tuple(dict.fromkeys(named))

    @property
    def instances(self) -> Iterator[bytes]:
        """Return the files that should be DICOM instances."""
        return (content for name, content in self.files.items() if not name.lower().endswith(NIFTI))

    def check_requested(self, headers: Iterable[Dataset]) -> None:
        """Check that the instances belong to the requested study and patient.

        Raises
        ------
        StudyQuarantinedError
            ``E_ID_MISMATCH`` if one of them does not.
        """
        pairs = {(str(ds.StudyInstanceUID), str(ds.get("PatientID") or "").strip()) for ds in headers}
        if self.study_uid and {study for study, _ in pairs} - {self.study_uid}:
            raise StudyQuarantinedError(Code.E_ID_MISMATCH, "instances of another study than the requested one arrived")
        if self.patients and {patient for _, patient in pairs} - self.patients:
            raise StudyQuarantinedError(
                Code.E_ID_MISMATCH, "the source lists the study under another patient than its headers"
            )
