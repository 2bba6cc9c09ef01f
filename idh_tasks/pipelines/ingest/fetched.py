"""The files that a source fetched for one delivery."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from pydicom import Dataset

from idh_tasks.codes import Code
from idh_tasks.errors import StudyQuarantinedError
from idh_tasks.intake.transport.archive import NIFTI
from idh_tasks.intake.transport.delivered import DeliveredFile
from idh_tasks.intake.transport.spool import ReceivedFiles, SpooledFile
from idh_tasks.pipelines.ingest.agreement import is_image, stated_texts, text

MASK_NAMES = ("roi.nii.gz", "roi.nii")
"""Only these are outlines; other NIfTI files, such as brain masks or images, are not used."""


@dataclass(frozen=True)
class FetchedFiles:
    """The files of a delivery; `study_uid` and `patients` state what they must contain, if the source knows that.

    `series` are all that the source lists of the study, with their numbers of instances.
    """

    files: Sequence[DeliveredFile]
    study_uid: str | None = None
    patients: frozenset[str] = frozenset()
    series: frozenset[tuple[str, int]] = frozenset()

    @cached_property
    def masks(self) -> tuple[SpooledFile, ...]:
        """Return the different NIfTI masks that came with the images."""
        named = (file.content for file in self.files if file.last_name in MASK_NAMES)
        return tuple({content.sha256: content for content in named}.values())

    @property
    def instances(self) -> list[DeliveredFile]:
        """Return the files that should be DICOM instances."""
        return [file for file in self.files if not file.last_name.endswith(NIFTI)]

    @property
    def unused(self) -> int:
        """Return the number of NIfTI files that are no outlines by their name."""
        names = (file.last_name for file in self.files)
        return sum(name.endswith(NIFTI) and name not in MASK_NAMES for name in names)

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


def delivered(received: ReceivedFiles) -> list[DeliveredFile]:
    """Return what an archive sent as the files of a delivery."""
    return [DeliveredFile(name, content) for name, content in received.spooled.items()]
