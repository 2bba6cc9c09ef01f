"""The files that a source fetched for one delivery."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pydicom import Dataset

from idh_tasks.codes import Code
from idh_tasks.errors import StudyQuarantinedError
from idh_tasks.pipelines.ingest.agreement import is_image, stated_texts, text

NIFTI = (".nii.gz", ".nii")
MASK_NAMES = ("roi.nii.gz", "roi.nii")
"""Only these are outlines; other NIfTI files, such as brain masks or images, are not used."""


@dataclass(frozen=True)
class FetchedFiles:
    """The files of a delivery; `study_uid` and `patients` state what they must contain, if the source knows that."""

    files: dict[str, bytes]
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
        known = list(headers)
        if self.study_uid and {str(ds.StudyInstanceUID) for ds in known} - {self.study_uid}:
            raise StudyQuarantinedError(Code.E_ID_MISMATCH, "instances of another study than the requested one arrived")
        named = stated_texts(known, "PatientID") | {text(ds, "PatientID") for ds in known if is_image(ds)}
        if self.patients and named - self.patients:
            raise StudyQuarantinedError(
                Code.E_ID_MISMATCH, "the source lists the study under another patient than its headers"
            )
