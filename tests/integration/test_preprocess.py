"""One phantom study is ingested and preprocessed: patches, provenance, and reasons where there is no patch."""

import shutil
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from time import sleep
from typing import NamedTuple

import numpy as np
import psutil
import pytest
import SimpleITK as sitk
from PIL import Image
from pydicom import dcmread
from pydicom.uid import generate_uid

from idh_tasks.domain.pathology import IdhStatus
from idh_tasks.domain.sequence import MODEL_SEQUENCES
from idh_tasks.domain.study import StudyId
from idh_tasks.intake.transport.archive import pack
from idh_tasks.phantom.patient import PatientPlan, write_patient
from idh_tasks.pipelines.ingest.store_study import store_studies
from idh_tasks.pipelines.link import cases
from idh_tasks.pipelines.operate import erasure
from idh_tasks.pipelines.pages import study as pages
from idh_tasks.pipelines.pages.pictures import picture
from idh_tasks.pipelines.platform import Platform
from idh_tasks.pipelines.preprocess import batch, isolation
from idh_tasks.pipelines.review import answers, questions
from tests.database import run_sql
from tests.deliveries import fetched
from tests.due import plan_all


class PatchRow(NamedTuple):
    """What a test looks at in a row of idh.patch."""

    sequence: str
    provenance: str | None
    sha256: str | None
    code: str | None
    rectangle: list[int] | None
    overlap: float | None


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("study") / "studies"
    write_patient(root, PatientPlan(1, 3, IdhStatus.WILDTYPE, None, None, motion_mm=3, motion_degrees=2))
    return root / "001"


def stored(platform: Platform, folder: Path) -> StudyId:
    [study_id] = store_studies(platform, fetched({path.name: path.read_bytes() for path in folder.iterdir()}))
    return study_id


def patches(platform: Platform) -> dict[str, PatchRow]:
    """Preprocess what is due and return the rows by sequence."""
    batch.preprocess(platform)
    rows = run_sql(platform, f"SELECT {', '.join(PatchRow._fields)} FROM idh.patch")
    return {row.sequence: row for row in map(PatchRow._make, rows)}


def codes(platform: Platform) -> set[str | None]:
    """Preprocess what is due and return the codes that occur."""
    return {row.code for row in patches(platform).values()}


def test_a_study_gives_six_patches_with_the_same_rectangle_and_missing_maps_are_computed(
    platform: Platform, study: Path
) -> None:
    stored(platform, study)
    rows = patches(platform)
    assert {s: row.provenance for s, row in rows.items()} == {
        "T1": "acquired", "T2": "acquired", "FLAIR": "acquired", "MPRAGE": "acquired",
        "RCBV": "computed", "ADC": "computed",
    }  # fmt: skip
    assert len({tuple(row.rectangle or ()) for row in rows.values()}) == 1
    assert min(row.overlap or 0 for row in rows.values()) > 0.8


def test_x05_preprocessing_again_gives_the_same_patches(platform: Platform, study: Path) -> None:
    study_id = stored(platform, study)
    before = {s: row.sha256 for s, row in patches(platform).items()}
    run_sql(platform, "DELETE FROM idh.patch")
    batch.preprocess_study(platform, study_id)
    assert {s: row.sha256 for s, row in patches(platform).items()} == before


def test_x06_patches_of_other_settings_are_stored_beside_the_old_ones(platform: Platform, study: Path) -> None:
    stored(platform, study)
    assert len(patches(platform)) == 6
    settings = platform.settings.imaging.model_copy(update={"resample": "pad_square"})
    other = Platform(platform.settings.model_copy(update={"imaging": settings}))
    assert batch.due(other) == []
    plan_all(platform)
    assert len(batch.due(other)) == 1
    batch.preprocess(other)
    rows = run_sql(platform, "SELECT object_key, origin FROM idh.patch")
    assert len({key for key, _ in rows}) == 12
    assert {origin["settings"]["resample"] for _, origin in rows} == {"stretch", "pad_square"}
    assert batch.due(platform) == batch.due(other) == []


def kill_child(times: int) -> Iterator[None]:
    """Kill the process that works on a study this many times, and leave the next one alone."""
    killed: set[int] = set()
    own = psutil.Process()
    while len(killed) < times:
        for child in own.children():
            with suppress(psutil.Error):
                if child.pid not in killed and isolation.__name__ in child.cmdline() and child.cpu_times().user > 2.5:
                    child.kill()
                    killed.add(child.pid)
        sleep(0.05)
        yield


def preprocess_while_killing(platform: Platform, times: int) -> None:
    with ThreadPoolExecutor(1) as pool:
        work = pool.submit(batch.preprocess, platform)
        for _ in kill_child(times):
            if work.done():
                break
        work.result()


def test_x01_a_study_whose_process_is_killed_once_is_preprocessed_again(platform: Platform, study: Path) -> None:
    stored(platform, study)
    preprocess_while_killing(platform, 1)
    assert codes(platform) == {None}


def test_x01_a_study_whose_process_is_killed_each_time_has_a_code_and_the_other_studies_have_patches(
    platform: Platform, study: Path, tmp_path: Path
) -> None:
    stored(platform, study)
    write_patient(tmp_path, PatientPlan(2, 3, IdhStatus.WILDTYPE, None, None, motion_mm=3, motion_degrees=2))
    stored(platform, tmp_path / "002")
    preprocess_while_killing(platform, 2)
    rows = run_sql(platform, "SELECT code, object_key FROM idh.patch")
    assert Counter(code for code, _ in rows) == {None: 6, "E_PREPROC": 6}
    assert all((object_key is None) == (code is not None) for code, object_key in rows)


@pytest.mark.parametrize("first", ["bad", "good"])
def test_a_study_with_an_unforeseen_fault_costs_itself_only_and_once(
    platform: Platform, study: Path, tmp_path: Path, first: str
) -> None:
    good = stored(platform, study)
    write_patient(tmp_path, PatientPlan(2, 3, IdhStatus.WILDTYPE, None, None, motion_mm=3, motion_degrees=2))
    bad = stored(platform, tmp_path / "002")
    [(key,)] = run_sql(platform, "SELECT object_key FROM idh.series WHERE sequence = 'MPRAGE' AND study_id = :s", s=bad)
    damaged = platform.store.put(f"{key}.damaged", pack({"1.dcm": b"no DICOM"}))
    run_sql(
        platform,
        "UPDATE idh.series SET object_key = :key, sha256 = :sha256 WHERE object_key = :old",
        key=f"{key}.damaged", sha256=damaged, old=key,
    )  # fmt: skip
    last = [good, bad] if first == "bad" else [bad, good]  # what was noted last comes first
    run_sql(platform, "SELECT idh.note_work('prepare', :studies)", studies=last)
    assert batch.preprocess_batch(platform, "task") == {"studies": 2, "patches": 6, "E_PREPROC": 6}
    rows = run_sql(platform, "SELECT study_id, code FROM idh.patch")
    assert Counter(rows) == {(good, None): 6, (bad, "E_PREPROC"): 6}
    assert batch.due(platform) == []


def test_a_quality_sheet_is_drawn_for_a_study(platform: Platform, study: Path) -> None:
    study_id = stored(platform, study)
    patches(platform)
    assert (picture(platform, study_id, "sheet") or b"").startswith(b"\x89PNG")


def test_the_slices_of_every_image_are_stored_shown_and_erased(platform: Platform, study: Path) -> None:
    study_id = stored(platform, study)
    task = "preprocess_studies/run/preprocess_batch/0"
    batch.preprocess(Platform(platform.settings.model_copy(update={"task": task})))
    shown = pages.study(platform, study_id)
    assert shown is not None
    assert shown.view is not None
    assert set(shown.view.object_keys) == {*MODEL_SEQUENCES, "outline"}
    layout = shown.view.layout
    for name in shown.view.object_keys:
        image = Image.open(BytesIO(picture(platform, study_id, f"slices-{name}") or b""))
        assert image.size == (layout.columns, layout.rows * layout.slices)
    assert {patch.made_by for patch in shown.patches} == {shown.view.made_by} == {task}
    assert all(patch.quality["normalised_sd"] > 0 for patch in shown.patches)
    erasure.erase(platform, shown.overview.patient_key, "mary")
    assert list(platform.store.listed(f"patches/{study_id}/")) == []
    assert run_sql(platform, "SELECT 1 FROM idh.study_view") == []


def test_an_outline_outside_the_head_is_refused(platform: Platform, study: Path, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    shutil.copytree(study, folder)
    image = sitk.ReadImage(str(folder / "roi.nii.gz"))
    image.SetOrigin([coordinate + 120 for coordinate in image.GetOrigin()])
    sitk.WriteImage(image, str(folder / "roi.nii.gz"))
    stored(platform, folder)
    assert codes(platform) == {"E_ROI"}


def test_a_noisy_series_is_rejected_and_the_others_are_used(platform: Platform, study: Path, tmp_path: Path) -> None:
    folder = tmp_path / "noisy"
    shutil.copytree(study, folder)
    rng = np.random.default_rng(1)
    for path in folder.glob("03_*.dcm"):
        ds = dcmread(path)
        noise = rng.normal(0, ds.pixel_array.max() / 3, ds.pixel_array.shape)
        ds.PixelData = np.abs(ds.pixel_array + noise).astype(np.int16).tobytes()
        ds.save_as(path)
    stored(platform, folder)
    rows = patches(platform)
    assert rows["FLAIR"].code == "E_QUALITY"
    assert {rows[s].code for s in ("T1", "T2", "MPRAGE", "ADC", "RCBV")} == {None}


def test_a_delivered_adc_map_is_used_instead_of_a_computed_one(platform: Platform, study: Path, tmp_path: Path) -> None:
    folder = tmp_path / "with map"
    shutil.copytree(study, folder)
    for path in sorted(study.glob("05_00*.dcm"))[:20]:
        ds = dcmread(path)
        ds.SeriesInstanceUID = generate_uid(entropy_srcs=["map"])
        ds.SOPInstanceUID = generate_uid(entropy_srcs=["map", path.name])
        ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
        ds.ImageType, ds.SeriesDescription = ["DERIVED", "PRIMARY", "ADC"], "ADC map"
        # The values of an ADC in brain, with the texture of the image.
        ds.PixelData = np.where(ds.pixel_array > 60, 700 + ds.pixel_array // 4, 1).astype(np.int16).tobytes()
        ds.save_as(folder / f"map_{path.name}")
    stored(platform, folder)
    assert patches(platform)["ADC"].provenance == "vendor"


def test_x02_a_registration_below_the_floor_rejects_its_series_only(platform: Platform, study: Path) -> None:
    settings = platform.settings.imaging.model_copy(update={"overlap_floor": 1.0})
    strict = Platform(platform.settings.model_copy(update={"imaging": settings}))
    stored(strict, study)
    rows = patches(strict)
    assert {rows[s].code for s in ("T1", "FLAIR", "ADC", "RCBV")} == {"E_REG_QC"}


@pytest.fixture
def without_outline(study: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "no roi"
    shutil.copytree(study, folder)
    (folder / "roi.nii.gz").unlink()
    return folder


@pytest.mark.parametrize("option", ["accept", "reject"])
def test_without_an_outline_one_is_proposed_and_used_once_a_reviewer_has_accepted_it(
    platform: Platform, without_outline: Path, option: str
) -> None:
    study_id = stored(platform, without_outline)
    assert codes(platform) == {"W_ROI_PROPOSED"}
    [asked] = questions.claim_reviews(platform)
    assert asked["options"] == ["accept", "reject", "leave open"]
    assert f"/idh/review/{questions.review_id_of(asked['shown'])}/picture.png" in asked["body"]
    assert "**doubts**: " in asked["body"]
    assert (picture(platform, study_id, "proposal") or b"").startswith(b"\x89PNG")
    assert batch.due(platform) == []
    answers.record_answer(platform, asked["shown"], option, "mary")
    cases.link_cases(platform)
    assert codes(platform) == ({None} if option == "accept" else {"W_ROI_PROPOSED"})
    recorded = run_sql(platform, "SELECT 1 FROM idh.patch WHERE quality ? 'outline_confidence'")
    assert len(recorded) == (6 if option == "accept" else 0)
    assert batch.due(platform) == []


def test_without_flair_no_outline_can_be_proposed(platform: Platform, without_outline: Path) -> None:
    for path in without_outline.glob("*.dcm"):
        if "flair" in str(dcmread(path, stop_before_pixels=True).SeriesDescription).lower():
            path.unlink()
    stored(platform, without_outline)
    assert codes(platform) == {"E_NO_ROI", "W_MISSING_SEQUENCE"}


def test_d12_a_missing_slice_rejects_its_series_only(platform: Platform, study: Path, tmp_path: Path) -> None:
    folder = tmp_path / "gap"
    shutil.copytree(study, folder)
    (folder / "03_0010.dcm").unlink()
    stored(platform, folder)
    rows = patches(platform)
    assert rows["FLAIR"].code == "E_GEOMETRY_GAP"
    assert rows["T1"].code is None


def test_without_mprage_no_sequence_has_a_patch(platform: Platform, study: Path, tmp_path: Path) -> None:
    folder = tmp_path / "no mprage"
    folder.mkdir()
    for path in study.iterdir():
        if not path.name.startswith("04_"):
            shutil.copy(path, folder)
    stored(platform, folder)
    assert codes(platform) == {"W_MISSING_SEQUENCE"}
