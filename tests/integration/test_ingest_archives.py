"""Everything in an archive or a folder is stored, held or counted, whatever its names and however it is packed."""

import gzip
from collections.abc import Callable

import pytest

from idh_tasks.db import quarantine
from idh_tasks.pipelines.ingest import night
from idh_tasks.pipelines.platform import Platform
from tests.archives import Named, tar_of, zip_of
from tests.database import run_sql
from tests.factories import dicom_bytes
from tests.hospital import drop, outcomes, quarantined, stored, study, with_instance_uid
from tests.outlines import T2_GRID, nifti, tumour

EIGHT = [dicom_bytes(ds) for ds in study(slices=8)]
SAME = ["IM1", "IM1", "A/IM1", "a/IM1", "./IM1", "a//IM1", "\u00fc", "u\u0308"]


def ingested(platform: Platform, content: bytes, name: str = "one.zip") -> dict[str, int]:
    platform.drop.put(f"drop/{name}", content)
    night.ingest(platform, ("bucket",))
    assert outcomes(platform) == {"ingested": 1}
    return quarantined(platform)


@pytest.mark.parametrize("archive", [zip_of, tar_of])
def test_eight_instances_whose_names_collide_are_eight(
    platform: Platform, archive: Callable[[list[Named]], bytes]
) -> None:
    assert ingested(platform, archive(list(zip(SAME, EIGHT, strict=True)))) == {}
    assert stored(platform).series[0].instances == 8


def test_of_two_different_files_of_one_name_and_instance_the_second_is_held(platform: Platform) -> None:
    [other] = study(slices=1)
    other.PixelData = b"\7\0" * 64
    files = [("IM1", EIGHT[0]), ("IM2", EIGHT[1]), ("IM1", dicom_bytes(other))]
    assert ingested(platform, zip_of(files)) == {"instance E_SOP_CONFLICT": 1}


def test_loose_instances_whose_names_collide_are_all_stored(platform: Platform) -> None:
    for name, content in zip(["IM1", "im1", "IM1.dcm", "\u00fc", "u\u0308"], EIGHT, strict=False):
        platform.drop.put(f"drop/a/{name}", content)
    platform.drop.put("drop/a/IM6.dcm.gz", gzip.compress(EIGHT[5]))
    night.ingest(platform, ("bucket",))
    assert (outcomes(platform), quarantined(platform)) == ({"ingested": 1}, {})
    assert stored(platform).series[0].instances == 6


def test_archives_in_an_archive_are_stored_and_deeper_ones_held(platform: Platform) -> None:
    deeper = zip_of([("IM4", EIGHT[3])])
    inner = [("b.zip", zip_of([("IM1", EIGHT[0]), ("c.zip", deeper)])), ("b.tgz", tar_of([("IM1", EIGHT[1])], "gz"))]
    assert ingested(platform, zip_of([*inner, ("IM3.dcm.gz", gzip.compress(EIGHT[2]))])) == {"instance E_ARCHIVE": 1}
    assert stored(platform).series[0].instances == 3
    with platform.database.begin() as transaction:
        [entry] = quarantine.list_entries(transaction)
    assert "within an archive within" in entry.reason
    assert platform.vault.open(platform.store.get(f"phi/quarantine/{entry.subject}")) == deeper


def test_a_medium_with_a_viewer_gives_one_note(platform: Platform) -> None:
    beside = ["AUTORUN.INF", "viewer/start.exe", "viewer/a.dll", "README.TXT", "__MACOSX/._IM1", ".DS_Store"]
    files = [("IM1", EIGHT[0]), *((name, b"x") for name in beside), ("IM2", b"damaged")]
    assert ingested(platform, zip_of(files)) == {"instance E_NOT_DICOM": 1, "study W_CLUTTER": 1}
    [(reason,)] = run_sql(platform, "SELECT reason FROM idh.quarantine WHERE code = 'W_CLUTTER'")
    assert reason.startswith("6 × files of a viewer")


def test_a_mask_in_an_archive_inside_is_the_outline(platform: Platform) -> None:
    mask = nifti(tumour().astype("u1"), T2_GRID)
    ingested(platform, zip_of([("a.zip", zip_of([("IM1", EIGHT[0]), ("roi.nii.gz", mask)]))]))
    assert stored(platform).roi_key is not None


def test_a_stored_series_keeps_its_bytes_when_another_one_grows(platform: Platform) -> None:
    first = study(slices=4)
    second = study(slices=6)
    for ds in second:
        ds.SeriesInstanceUID = "1.2.3.9"
        with_instance_uid(ds, f"{ds.SOPInstanceUID}.9")
    drop(platform, "one", [*first, *second[:5]])
    night.ingest(platform, ("bucket",))
    before = {series.instances: series.sha256 for series in stored(platform).series}
    drop(platform, "two", second[5:])
    night.ingest(platform, ("bucket",))
    after = {series.instances: series.sha256 for series in stored(platform).series}
    assert (after[4], sorted(after)) == (before[4], [4, 6])
    assert outcomes(platform) == {"ingested": 2}
