"""An outline that a person corrects: images and outline are downloaded, and a corrected outline is submitted."""

from collections.abc import Iterator

from idh_tasks.codes import Code
from idh_tasks.db import outlines, studies
from idh_tasks.db.outlines import StoredObject
from idh_tasks.db.studies import StoredStudy
from idh_tasks.dicom.grid import arrange
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.domain.study import StudyId
from idh_tasks.domain.volume import Volume
from idh_tasks.errors import ObjectVanishedError, RunRefusedError, SeriesRejectedError
from idh_tasks.imaging.assembly import read_all
from idh_tasks.imaging.outline.nifti import read_nifti
from idh_tasks.imaging.outline.reference import ReferenceImage
from idh_tasks.imaging.outline.same import same_voxels
from idh_tasks.imaging.outline.uploaded import is_dicom
from idh_tasks.intake.transport.archive import pack, unzip
from idh_tasks.pipelines.platform import Platform, preprocessing_version
from idh_tasks.pipelines.review.upload_process import rewrite_apart
from idh_tasks.store import keys
from idh_tasks.store.objects import sha256

DRAWN_ON = (MrSequence.T2, MrSequence.MPRAGE, MrSequence.T1C)
"""On what an outline may be drawn; the last may stand in for an MPRAGE."""


def series(platform: Platform, study_id: str, series_id: str, operator: str) -> bytes | None:
    """Return the de-identified images of a series (ZIP) and record who downloads them; None if there is none."""
    with platform.database.begin() as transaction:
        found = outlines.download_series(transaction, study_id, series_id, operator)
        # With the files as they were delivered to the platform: viewers do not know how it packs them.
        return pack(unzip(platform.store.get_checked(found.object_key, found.sha256))) if found else None


def outline(platform: Platform, study_id: str, operator: str) -> bytes | None:
    """Return the outline in use or proposed last (NIfTI, in the reference space) and record who downloads it."""
    with platform.database.begin() as transaction:
        digest = outlines.download_outline(transaction, study_id, operator)
        return platform.store.get(keys.outline_mask(study_id, digest)) if digest else None


def submit(platform: Platform, study_id: str, content: bytes, operator: str) -> None:
    """Submit a corrected outline: the study is preprocessed again, and a reviewer is asked about the outline.

    The file may name the patient, so a mask without its texts is stored instead.

    Raises
    ------
    StudyQuarantinedError
        ``E_ROI`` if the file is not understood as a whole.
    RunRefusedError
        ``E_REVIEW`` if there is no such study, or this outline is the one in use or the last one submitted.
    """
    with platform.database.begin() as transaction:
        study = studies.find(transaction, StudyId(study_id))
    if study is None:
        raise RunRefusedError(Code.E_REVIEW, "there is no such study")
    mask = rewrite_apart(content, list(_drawn_on(platform, study)) if is_dicom(content) else [])
    if _is_used(platform, study_id, read_nifti(mask)):
        raise RunRefusedError(Code.E_REVIEW, "this outline is the one in use, voxel by voxel; nothing was changed")
    stored = StoredObject(keys.submitted_outline(study_id, sha256(mask)), sha256(mask))
    with platform.database.begin() as transaction:
        if not outlines.submit(transaction, study_id, stored, operator):
            raise RunRefusedError(Code.E_REVIEW, "this outline was submitted last already, or the study was erased")
        # Within the transaction: it is stored before it is recorded, and an erasure waits until both are done.
        platform.store.put(stored.object_key, mask)


def _is_used(platform: Platform, study_id: str, outline: Volume) -> bool:
    """Return whether an outline has the same voxels as the one in use, which is stored in the reference space."""
    with platform.database.begin() as transaction:
        digest = outlines.used(transaction, study_id, preprocessing_version(platform))
    try:
        used = read_nifti(platform.store.get(keys.outline_mask(study_id, digest))) if digest else None
    except ObjectVanishedError:
        return False
    return used is not None and same_voxels(outline, used)


def withdraw(platform: Platform, study_id: str, digest: str, reason: str, operator: str) -> None:
    """Withdraw the outline that was submitted last: the study is preprocessed with the outline that it had before.

    Raises
    ------
    RunRefusedError
        ``E_REVIEW`` if another one was submitted since, or it was accepted.
    """
    with platform.database.begin() as transaction:
        if not outlines.withdraw(transaction, study_id, digest, reason, operator):
            reason = "this outline is not the last one submitted, or it was accepted: then take the answer back first"
            raise RunRefusedError(Code.E_REVIEW, reason)


def _drawn_on(platform: Platform, study: StoredStudy) -> Iterator[ReferenceImage]:
    """Yield the series on which a DICOM SEG may have been drawn, T2 first."""
    wanted = (one for name in DRAWN_ON for one in study.series if one.identification.sequence is name)
    for one in wanted:
        instances = read_all(unzip(platform.store.get_checked(one.object_key, one.sha256)).values())
        try:
            grid, _ = arrange(instances)
        except SeriesRejectedError:  # nothing can be drawn on what is no volume
            continue
        yield ReferenceImage.of_series(grid, instances)
