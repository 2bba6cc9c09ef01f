"""Series with faults are stored with a code and not used; the best of several candidates comes first."""

from collections.abc import Callable

import pytest
from pydicom import Dataset
from pydicom.uid import EnhancedMRImageStorage

from idh_tasks.pipelines.ingest import night
from idh_tasks.pipelines.platform import Platform
from tests.factories import instance, stack
from tests.hospital import SE_T1, drop, stored, study, with_instance_uid


def _blank(instances: list[Dataset]) -> None:
    for ds in instances:
        ds.PixelData = b"\0" * 128


def _rotate_one(instances: list[Dataset]) -> None:
    instances[1].ImageOrientationPatient = [0, 1, 0, 0, 0, -1]


@pytest.mark.parametrize(
    ("damage", "codes"),
    [
        (lambda ds: ds.pop(2), {"E_GEOMETRY_GAP"}),
        (_rotate_one, {"E_GEOMETRY_GAP", "E_GEOMETRY_SLICES"}),
        (lambda ds: setattr(ds[1], "PixelSpacing", [2.0, 2.0]), {"E_GEOMETRY_MATRIX"}),
        (_blank, {"E_EMPTY_IMAGE"}),
        (lambda ds: setattr(ds[1], "ImagePositionPatient", [0, 0, 0]), {"E_GEOMETRY_DUP"}),
        (lambda ds: setattr(ds[1], "FrameOfReferenceUID", "1.2.9"), {"E_GEOMETRY_FRAME"}),
        (lambda ds: ds.__delitem__(slice(3, None)), {"E_GEOMETRY_SLICES"}),
    ],
    ids=["D12 gap", "D13 rotated", "D15 spacing", "D23 empty", "D14 duplicated", "two frames of reference", "a slab"],
)
def test_a_series_with_a_fault_is_stored_with_its_code(
    platform: Platform, damage: Callable[[list[Dataset]], object], codes: set[str]
) -> None:
    instances = study(slices=6)
    damage(instances)
    drop(platform, "one", [*instances, *_other_series()])
    night.ingest(platform, ("bucket",))
    faults = {s.fault.code if s.fault else None for s in stored(platform).series}
    assert faults == {*codes, None}


def _other_series() -> list[Dataset]:
    good = stack([0.0, 5.0, 10.0, 15.0], StudyInstanceUID="1.2.3", SeriesInstanceUID="1.2.3.7", **SE_T1)
    return [with_instance_uid(ds, f"1.2.3.7.{number}") for number, ds in enumerate(good)]


def test_a_series_that_arrives_in_two_parts_has_one_frame_of_reference(platform: Platform) -> None:
    instances = study(slices=6)
    for ds in instances:
        ds.FrameOfReferenceUID = "1.2.8"
    for name, part in (("one", instances[::2]), ("two", instances[1::2])):
        drop(platform, name, part)
        night.ingest(platform, ("bucket",))
    assert [(s.instances, s.fault) for s in stored(platform).series] == [(6, None)]


def test_d14_two_acquisitions_at_the_same_positions_become_two_series(platform: Platform) -> None:
    first = study(slices=4)
    second = [with_instance_uid(ds, f"1.2.3.8.{number}") for number, ds in enumerate(study(slices=4))]
    for instances, acquisition in ((first, 1), (second, 2)):
        for ds in instances:
            ds.AcquisitionNumber = acquisition
    drop(platform, "one", [*first, *second])
    night.ingest(platform, ("bucket",))
    assert [(s.instances, s.fault) for s in stored(platform).series] == [(4, None), (4, None)]


def test_d18_an_enhanced_series_is_stored_and_flagged(platform: Platform) -> None:
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
    assert [s.slice_geometry.voxel_mm3 for s in stored(platform).series] == [1.0, 5.0]
