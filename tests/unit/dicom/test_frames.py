"""Frames of an enhanced image behave like classic instances."""

import numpy as np
import pytest
from pydicom import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import EnhancedMRImageStorage

from idh_tasks.dicom.classic import frames
from idh_tasks.dicom.diffusivity import Mapping, stated_mappings
from idh_tasks.dicom.mosaic import write_slice_normal
from idh_tasks.domain.study import PatientKey
from idh_tasks.errors import SeriesRejectedError
from idh_tasks.imaging.assembly import assemble_volume
from idh_tasks.intake.deidentification.deidentify import deidentify
from idh_tasks.intake.deidentification.pseudonym import Pseudonymiser
from idh_tasks.intake.naming.slice_groups import check_geometry
from tests.factories import instance, stack


def enhanced(positions: list[float]) -> Dataset:
    ds = instance(SOPClassUID=EnhancedMRImageStorage, NumberOfFrames=len(positions))
    voxels = np.arange(len(positions) * ds.Rows * ds.Columns, dtype=np.uint16)
    ds.PixelData = voxels.tobytes()
    orientation, spacing = Dataset(), Dataset()
    orientation.ImageOrientationPatient, spacing.PixelSpacing = ds.ImageOrientationPatient, ds.PixelSpacing
    shared = Dataset()
    shared.PlaneOrientationSequence, shared.PixelMeasuresSequence = Sequence([orientation]), Sequence([spacing])
    ds.SharedFunctionalGroupsSequence = Sequence([shared])
    groups = []
    for z in positions:
        position, group = Dataset(), Dataset()
        position.ImagePositionPatient = [0, 0, z]
        group.PlanePositionSequence = Sequence([position])
        groups.append(group)
    ds.PerFrameFunctionalGroupsSequence = Sequence(groups)
    for keyword in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"):
        delattr(ds, keyword)
    return ds


def test_a_classic_instance_is_not_changed() -> None:
    instances = stack([0.0, 1.0])
    assert frames(instances) == list(instances)


def test_d18_each_frame_has_its_position_and_its_pixels() -> None:
    ds = enhanced([0.0, 3.0, 6.0, 9.0])
    split = frames([ds])
    assert [float(frame.ImagePositionPatient[2]) for frame in split] == [0.0, 3.0, 6.0, 9.0]
    assert np.array_equal(np.stack([frame.pixel_array for frame in split]), ds.pixel_array)
    volume = assemble_volume(split)
    assert volume.geometry.spacing_mm[2] == 3.0
    assert "ImagePositionPatient" not in ds


def real_world(slope: float, unit: str) -> Sequence:
    code, item = Dataset(), Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = unit, "UCUM", unit
    item.RealWorldValueSlope, item.RealWorldValueIntercept, item.LUTLabel = slope, 0.0, "ADC"
    item.RealWorldValueFirstValueMapped, item.RealWorldValueLastValueMapped = 0, 65535
    item.MeasurementUnitsCodeSequence = Sequence([code])
    return Sequence([item])


def adc_map(*, shared: bool, mappings: list[Sequence]) -> Dataset:
    """Return an enhanced map of two frames of which the unit stands in functional groups."""
    ds = enhanced([0.0, 3.0])
    groups = ds.SharedFunctionalGroupsSequence if shared else ds.PerFrameFunctionalGroupsSequence
    for group, mapping in zip(groups, mappings, strict=True):
        group.RealWorldValueMappingSequence = mapping
    return ds


@pytest.mark.parametrize("shared", [True, False], ids=["shared", "per frame"])
@pytest.mark.parametrize("clean", [True, False], ids=["de-identified", "as sent"])
def test_each_frame_of_a_map_states_its_unit_as_a_classic_instance_does(*, shared: bool, clean: bool) -> None:
    ds = adc_map(shared=shared, mappings=[real_world(1e-6, "mm2/s")] * (1 if shared else 2))
    if clean:
        ds = deidentify(ds, PatientKey("p"), Pseudonymiser("k" * 32))
    classic = stack([0.0], RealWorldValueMappingSequence=real_world(1e-6, "mm2/s"))[0]
    for frame in frames([ds]):
        assert list(stated_mappings(frame)) == list(stated_mappings(classic)) == [Mapping(1.0, 0.0)]


def test_frames_that_state_different_units_keep_theirs() -> None:
    ds = adc_map(shared=False, mappings=[real_world(1, "um2/s"), real_world(2, "um2/s")])
    assert [list(stated_mappings(frame)) for frame in frames([ds])] == [[Mapping(1.0, 0.0)], [Mapping(2.0, 0.0)]]


def test_every_mapping_of_a_frame_is_read() -> None:
    both = Sequence([*real_world(1, "um2/s"), *real_world(2, "um2/s")])
    ds = adc_map(shared=True, mappings=[both])
    assert list(stated_mappings(frames([ds])[0])) == [Mapping(1.0, 0.0), Mapping(2.0, 0.0)]


def test_d18_without_functional_groups_the_series_is_rejected() -> None:
    ds = enhanced([0.0, 3.0])
    del ds.PerFrameFunctionalGroupsSequence
    with pytest.raises(SeriesRejectedError, match="E_UNSUPPORTED_SOP"):
        frames([ds])


def test_a_mosaic_without_a_stated_position_is_a_fault_of_its_series_not_a_crash() -> None:
    ds = instance(ImageType=["ORIGINAL", "PRIMARY", "M", "MOSAIC"])
    ds.private_block(0x0019, "SIEMENS MR HEADER", create=True).add_new(0x0A, "US", 4)
    write_slice_normal(np.array([0.0, 0.0, 1.0]), ds)
    for stated in ("SliceThickness", "ImagePositionPatient"):
        if stated in ds:
            delattr(ds, stated)
        with pytest.raises(SeriesRejectedError, match="E_GEOMETRY_MISSING"):
            check_geometry([ds])
