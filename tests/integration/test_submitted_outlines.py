"""A person downloads images and outline, submits a corrected outline, and patches are cut with it once accepted."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from idh_tasks.codes import Code
from idh_tasks.db import reviews
from idh_tasks.db.reviews import ProposedOutline
from idh_tasks.dicom.grid import arrange
from idh_tasks.domain.pathology import IdhStatus
from idh_tasks.domain.study import StudyId
from idh_tasks.domain.volume import Volume
from idh_tasks.errors import RunRefusedError, StudyQuarantinedError
from idh_tasks.imaging.assembly import read_all
from idh_tasks.imaging.outline.nifti import read_nifti
from idh_tasks.imaging.outline.reference import on_grid
from idh_tasks.intake.transport.archive import unzip
from idh_tasks.phantom.patient import PatientPlan, write_patient
from idh_tasks.pipelines.ingest.store_study import store_studies
from idh_tasks.pipelines.link import cases
from idh_tasks.pipelines.operate import erasure
from idh_tasks.pipelines.pages import waiting
from idh_tasks.pipelines.platform import Platform
from idh_tasks.pipelines.preprocess import batch
from idh_tasks.pipelines.review import answers, outlines, questions
from idh_tasks.pipelines.review.reopening import reopen
from tests.asking import accepted, asked_about, asked_again
from tests.database import run_sql
from tests.deliveries import fetched
from tests.due import to_prepare
from tests.outlines import T2_GRID, Segment, nifti, segmentation
from tests.unit.imaging.outline.test_uploaded import bomb, dicom

EVENTS = "SELECT action, detail FROM idh.audit_event WHERE actor = 'mary' AND subject = :study ORDER BY event_id"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("study") / "studies"
    write_patient(root, PatientPlan(1, 3, IdhStatus.WILDTYPE, None, None, motion_mm=3, motion_degrees=2))
    return root / "001"


@pytest.fixture(scope="module")
def delivered(folder: Path) -> Volume:
    """Return the delivered outline, on the voxels of the T2."""
    return read_nifti((folder / "roi.nii.gz").read_bytes())


def stored(platform: Platform, folder: Path) -> StudyId:
    [study_id] = store_studies(platform, fetched({path.name: path.read_bytes() for path in folder.iterdir()}))
    return study_id


def preprocessed(platform: Platform) -> set[tuple[str | None, str | None]]:
    """Preprocess what is due, without the child process; return codes and outlines of the present patches."""
    for study_id in to_prepare(platform):
        batch.preprocess_study(platform, study_id)
    rows = run_sql(
        platform,
        "SELECT p.code, p.origin ->> 'outline_sha256' FROM idh.patch AS p "
        "JOIN idh.study AS t ON t.study_id = p.study_id AND t.revision = p.revision",
    )
    return {(code, sha256) for code, sha256 in rows}


def written(volume: Volume) -> bytes:
    return nifti((volume.voxels > 0).astype(np.uint8), volume.geometry)


def corrected(volume: Volume) -> Volume:
    """Return an outline without its last column, so that it is another one."""
    voxels = volume.voxels.copy()
    voxels[:, :, np.flatnonzero(voxels.any(axis=(0, 1)))[-1]] = 0
    return replace(volume, voxels=voxels)


def submitted(platform: Platform) -> list[tuple[str, str]]:
    """Return the hash and the key of what was submitted."""
    return [tuple(row) for row in run_sql(platform, "SELECT sha256, object_key FROM idh.submitted_outline")]


def in_reference_space(platform: Platform, study_id: StudyId, outline: Volume) -> Volume:
    """Return an outline on the voxels of the stored MPRAGE."""
    [(series_id,)] = run_sql(platform, "SELECT series_id FROM idh.series WHERE sequence = 'MPRAGE'")
    images = read_all(unzip(outlines.series(platform, study_id, series_id, "mary") or b"").values())
    grid, _ = arrange(images)
    return Volume(on_grid(outline, grid).astype(np.float32), grid)


def test_an_outline_in_the_reference_space_is_used_exactly_once_accepted_and_taken_back(
    platform: Platform, folder: Path, delivered: Volume
) -> None:
    study_id = stored(platform, folder)
    drawn = in_reference_space(platform, study_id, delivered)
    outlines.submit(platform, study_id, written(drawn), "mary")
    [(sha256, _)] = submitted(platform)
    assert preprocessed(platform) == {(Code.W_ROI_PROPOSED, None)}
    assert np.array_equal(read_nifti(outlines.outline(platform, study_id, "mary") or b"").voxels, drawn.voxels)
    [asked] = questions.claim_reviews(platform)
    shown = waiting.question(platform, questions.review_id_of(asked["shown"]))
    assert shown is not None
    assert shown.review.evidence == sha256
    assert shown.text.facts["origin"] == "submitted by a person, drawn on the MPRAGE"
    assert (waiting.picture(platform, shown.review.review_id) or b"").startswith(b"\x89PNG")
    answers.record_answer(platform, asked["shown"], "accept", "tom")
    cases.link_cases(platform)
    assert preprocessed(platform) == {(None, sha256)}
    used = read_nifti(outlines.outline(platform, study_id, "mary") or b"")
    assert np.array_equal(used.voxels, drawn.voxels)
    assert used.geometry.origin_mm == pytest.approx(drawn.geometry.origin_mm)
    with pytest.raises(RunRefusedError, match="the one in use, voxel by voxel"):
        outlines.submit(platform, study_id, written(replace(drawn, voxels=drawn.voxels * 2)), "mary")
    downloaded = outlines.outline(platform, study_id, "mary") or b""
    with pytest.raises(RunRefusedError, match=Code.E_REVIEW):
        outlines.submit(platform, study_id, downloaded, "mary")
    assert preprocessed(platform) == {(None, sha256)}, "nothing was changed"
    reopen(platform, shown.review.review_id, "tom", "half of the rim is outside")
    assert preprocessed(platform) == {(Code.W_ROI_PROPOSED, sha256)}
    assert [action for action, _ in run_sql(platform, EVENTS, study=study_id)] == [
        "images downloaded", "outline submitted", *["images downloaded"] * 3
    ]  # fmt: skip


def test_an_outline_on_the_t2_replaces_the_delivered_one_is_moved_with_it_and_stays_when_more_arrives(
    platform: Platform, folder: Path, delivered: Volume, tmp_path: Path
) -> None:
    early = tmp_path / "early"
    shutil.copytree(folder, early, ignore=shutil.ignore_patterns("01_*"))
    study_id = stored(platform, early)
    outlines.submit(platform, study_id, written(corrected(delivered)), "mary")
    stored(platform, folder)
    assert {code for code, _ in preprocessed(platform)} == {Code.W_ROI_PROPOSED}
    [row] = waiting.waiting(platform, 1).rows
    assert row.text.facts["origin"] == "submitted by a person, drawn on the T2"
    assert row.text.facts["doubts"] == "none"
    assert row.review.evidence == submitted(platform)[0][0]
    volume_ml = float(corrected(delivered).voxels.sum()) * float(np.prod(delivered.geometry.spacing_mm)) / 1000
    assert float(str(row.text.facts["volume in ml"])) == pytest.approx(volume_ml, rel=0.05)


def test_a_segmentation_on_downloaded_images_becomes_a_mask_without_names(
    platform: Platform, folder: Path, delivered: Volume
) -> None:
    study_id = stored(platform, folder)
    [(series_id,)] = run_sql(platform, "SELECT series_id FROM idh.series WHERE sequence = 'T2'")
    images = read_all(unzip(outlines.series(platform, study_id, series_id, "mary") or b"").values())
    seg = segmentation(
        [Segment(delivered.voxels > 0)], delivered.geometry,
        FrameOfReferenceUID=images[0].FrameOfReferenceUID, PatientName="Mustermann",
    )  # fmt: skip
    outlines.submit(platform, study_id, dicom(seg), "mary")
    [(sha256, key)] = submitted(platform)
    mask = read_nifti(platform.store.get_checked(key, sha256))
    assert int(mask.voxels.sum()) == int((delivered.voxels > 0).sum())
    seg.FrameOfReferenceUID = "1.2.3.4"
    with pytest.raises(StudyQuarantinedError, match="another frame of reference"):
        outlines.submit(platform, study_id, dicom(seg), "mary")
    assert [(action, detail) for action, detail in run_sql(platform, EVENTS, study=study_id)] == [
        ("images downloaded", {"series": series_id}), ("outline submitted", {"sha256": sha256})
    ]  # fmt: skip


@pytest.mark.parametrize(
    "content",
    [
        b"my outline",
        bomb((8, 8, 8), 2**24),
        bomb((512, 512, 512), 2**10),
        nifti(np.zeros(T2_GRID.shape, np.uint8), T2_GRID),
    ],
    ids=["text", "bomb", "too large", "empty"],
)
def test_what_is_not_understood_is_refused_and_stored_nowhere(platform: Platform, folder: Path, content: bytes) -> None:
    study_id, before = stored(platform, folder), list(platform.store.listed("outlines/"))
    with pytest.raises(StudyQuarantinedError, match=Code.E_ROI):
        outlines.submit(platform, study_id, content, "mary")
    assert submitted(platform) == []
    assert list(platform.store.listed("outlines/")) == before
    assert run_sql(platform, "SELECT revision FROM idh.study") == [(1,)]


def test_the_same_outline_is_submitted_once_and_an_unknown_study_has_none(
    platform: Platform, folder: Path, delivered: Volume
) -> None:
    study_id = stored(platform, folder)
    outlines.submit(platform, study_id, written(delivered), "mary")
    for wanted in (study_id, "0" * 24):
        with pytest.raises(RunRefusedError, match=Code.E_REVIEW):
            outlines.submit(platform, wanted, written(delivered), "mary")
    assert run_sql(platform, "SELECT revision FROM idh.study") == [(2,)]
    assert outlines.outline(platform, "0" * 24, "mary") is None
    assert outlines.series(platform, study_id, "0" * 24, "mary") is None
    assert [action for action, _ in run_sql(platform, EVENTS, study=study_id)] == ["outline submitted"]


def test_an_outline_that_is_submitted_again_after_another_one_is_asked_about_again(
    platform: Platform, folder: Path, delivered: Volume
) -> None:
    study_id = stored(platform, folder)
    first, second = written(delivered), written(corrected(delivered))
    outlines.submit(platform, study_id, first, "mary")
    [(sha256, _)] = submitted(platform)
    with platform.database.begin() as transaction:
        reviews.request_outline_review(transaction, ProposedOutline(study_id, sha256, 12.0, "key", "none"))
    [asked] = questions.claim_reviews(platform)
    answers.record_answer(platform, asked["shown"], "accept", "tom")
    outlines.submit(platform, study_id, second, "mary")
    outlines.submit(platform, study_id, first, "mary")
    [again] = questions.claim_reviews(platform)
    assert again["body"] == asked["body"]


def test_erasure_deletes_submitted_outlines(platform: Platform, folder: Path, delivered: Volume) -> None:
    study_id = stored(platform, folder)
    outlines.submit(platform, study_id, written(delivered), "mary")
    [(key,)] = run_sql(platform, "SELECT patient_key FROM idh.patient")
    erased = erasure.erase(platform, key, "mary")
    assert any(name.startswith("outlines/") for name in erased.objects)
    assert submitted(platform) == []
    assert list(platform.store.listed("outlines/")) == []


def test_an_answer_taken_back_is_asked_again_though_a_later_outline_was_withdrawn(
    platform: Platform, folder: Path, delivered: Volume
) -> None:
    study_id = stored(platform, folder)
    proposed = accepted(platform, asked_about(platform, study_id, "a" * 64))
    outlines.submit(platform, study_id, written(delivered), "mary")
    [(sha256, _)] = submitted(platform)
    answers.record_answer(platform, asked_about(platform, study_id, sha256), "reject", "tom")
    outlines.withdraw(platform, study_id, sha256, "the wrong study", "mary")
    reopen(platform, proposed, "tom", "half of the rim is outside")
    assert asked_again(platform) == [proposed]


def test_an_answer_taken_back_is_asked_again_if_its_outline_was_submitted_again_last(
    platform: Platform, folder: Path, delivered: Volume
) -> None:
    study_id, first, second = stored(platform, folder), written(delivered), written(corrected(delivered))
    outlines.submit(platform, study_id, first, "mary")
    [(sha256, _)] = submitted(platform)
    accepted(platform, asked_about(platform, study_id, sha256))
    outlines.submit(platform, study_id, second, "mary")
    accepted(platform, asked_about(platform, study_id, submitted(platform)[-1][0]))
    outlines.submit(platform, study_id, first, "mary")
    [asked] = questions.claim_reviews(platform)
    again = accepted(platform, asked["shown"])
    reopen(platform, again, "tom", "half of the rim is outside")
    assert asked_again(platform) == [again]


def test_an_answer_taken_back_is_not_asked_again_while_a_later_outline_is_used(
    platform: Platform, folder: Path, delivered: Volume
) -> None:
    study_id = stored(platform, folder)
    proposed = accepted(platform, asked_about(platform, study_id, "a" * 64))
    outlines.submit(platform, study_id, written(delivered), "mary")
    accepted(platform, asked_about(platform, study_id, submitted(platform)[0][0]))
    reopen(platform, proposed, "tom", "half of the rim is outside")
    assert asked_again(platform) == []


def test_a_submission_is_withdrawn_before_it_is_accepted_and_not_after(
    platform: Platform, folder: Path, delivered: Volume
) -> None:
    study_id = stored(platform, folder)
    outlines.submit(platform, study_id, written(corrected(delivered)), "mary")
    [(sha256, _)] = submitted(platform)
    shown = asked_about(platform, study_id, sha256)
    outlines.withdraw(platform, study_id, sha256, "the wrong study", "mary")
    assert not questions.is_open(platform, shown)
    with pytest.raises(RunRefusedError, match=Code.E_NOT_SHOWN):
        answers.record_answer(platform, shown, "accept", "tom")
    [(code, used)] = preprocessed(platform)
    assert code is None
    assert used not in (None, sha256), "the patches are cut with the delivered outline again"
    with pytest.raises(RunRefusedError, match=Code.E_REVIEW):
        outlines.withdraw(platform, study_id, sha256, "twice", "mary")
    outlines.submit(platform, study_id, written(corrected(delivered)), "mary")
    answers.record_answer(platform, asked_about(platform, study_id, sha256), "accept", "tom")
    with pytest.raises(RunRefusedError, match="take the answer back first"):
        outlines.withdraw(platform, study_id, sha256, "too late", "mary")
    events = [event for event in run_sql(platform, EVENTS, study=study_id) if event[0] == "outline withdrawn"]
    assert events == [("outline withdrawn", {"sha256": sha256, "why": "the wrong study"})]
