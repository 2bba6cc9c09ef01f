"""Series with faults are kept, named and not used; the best of several candidates comes first."""

from collections.abc import Callable

import pytest
from pydicom import Dataset
from pydicom.uid import EnhancedMRImageStorage

from idh_tasks.pipelines.ingest import night
from idh_tasks.pipelines.platform import Platform
from tests.factories import instance, stack
from tests.hospital import SE_T1, drop, stored, study


@pytest.mark.parametrize(
    ("hurt", "code"),
    [
        (lambda found: found.pop(2), "E_GEOMETRY_GAP"),
        (lambda found: setattr(found[1], "ImageOrientationPatient", [0, 1, 0, 0, 0, -1]), "E_GEOMETRY_ORIENT"),
        (lambda found: setattr(found[1], "PixelSpacing", [2.0, 2.0]), "E_GEOMETRY_MATRIX"),
        (lambda found: [setattr(ds, "PixelData", b"\0" * 128) for ds in found], "E_EMPTY_IMAGE"),
        (lambda found: setattr(found[1], "ImagePositionPatient", [0, 0, 0]), "E_GEOMETRY_DUP"),
    ],
    ids=["D12 gap", "D13 rotated", "D15 spacing", "D23 empty", "D14 doubled"],
)
def test_a_series_with_a_fault_is_kept_named_and_not_used(
    platform: Platform, hurt: Callable[[list[Dataset]], object], code: str
) -> None:
    found = study(slices=6)
    hurt(found)
    drop(platform, "one", [*found, *_other_series()])
    night.ingest(platform, ("bucket",))
    faults = {s.fault.code if s.fault else None for s in stored(platform).series}
    assert faults == {code, None}


def _other_series() -> list[Dataset]:
    good = stack([0.0, 5.0, 10.0], StudyInstanceUID="1.2.3", SeriesInstanceUID="1.2.3.7", **SE_T1)
    for number, ds in enumerate(good):
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.7.{number}"
    return good


def test_d14_two_acquisitions_at_the_same_places_become_two_series(platform: Platform) -> None:
    first, second = study(slices=4), study(slices=4)
    for number, ds in enumerate(second):
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.8.{number}"
    for found, acquisition in ((first, 1), (second, 2)):
        for ds in found:
            ds.AcquisitionNumber = acquisition
    drop(platform, "one", [*first, *second])
    night.ingest(platform, ("bucket",))
    assert [(s.instances, s.fault) for s in stored(platform).series] == [(4, None), (4, None)]


def test_d18_an_enhanced_series_is_kept_and_flagged(platform: Platform) -> None:
    enhanced = instance(SOPClassUID=EnhancedMRImageStorage, StudyInstanceUID="1.2.3", SeriesInstanceUID="1.2.3.5",
                        NumberOfFrames=2, PixelData=b"\1\2" * 128, **SE_T1)  # fmt: skip
    drop(platform, "one", [*study(), enhanced])
    night.ingest(platform, ("bucket",))
    assert {s.fault.code if s.fault else None for s in stored(platform).series} == {None, "E_UNSUPPORTED_SOP"}


def test_of_two_candidates_the_axial_and_finer_comes_first(platform: Platform) -> None:
    coarse, fine = study(slices=4), _other_series()
    for ds in coarse:
        ds.SliceThickness = 5
    for ds in fine:
        ds.SliceThickness = 1
    drop(platform, "one", [*coarse, *fine])
    night.ingest(platform, ("bucket",))
    assert [s.fineness.voxel_mm3 for s in stored(platform).series] == [1.0, 5.0]
