"""The contours of an RTSTRUCT become the mask that they enclose."""

import numpy as np
import pytest
from pydicom import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import RTStructureSetStorage

from idh_tasks.domain.study import PatientKey
from idh_tasks.errors import StudyQuarantinedError
from idh_tasks.imaging.structure_set import read_structure_set
from idh_tasks.intake.deidentification.deidentify import deidentify
from idh_tasks.intake.deidentification.pseudonym import Pseudonymiser
from idh_tasks.intake.gate.instance import admit
from tests.factories import dicom_bytes, geometry, instance

GRID = geometry((6, 40, 50))


def square(z: float, low: float, high: float) -> list[list[float]]:
    """Return the corners of a square in index space (x, y, z)."""
    return [[low, low, z], [high, low, z], [high, high, z], [low, high, z]]


def structures(rois: dict[str, list[list[list[float]]]]) -> Dataset:
    """Return an RTSTRUCT with these contours, given in voxels of the grid."""
    ds = instance(SOPClassUID=RTStructureSetStorage, Modality="RTSTRUCT")
    for keyword in ("PixelData", "Rows", "Columns", "PixelSpacing", "ImageOrientationPatient", "ImagePositionPatient"):
        delattr(ds, keyword)
    names, contour_sets = [], []
    for number, (name, contours) in enumerate(rois.items(), start=1):
        named, roi = Dataset(), Dataset()
        named.ROINumber, named.ROIName = number, name
        roi.ReferencedROINumber, roi.ContourSequence = number, Sequence()
        for points in contours:
            contour = Dataset()
            contour.ContourGeometricType, contour.NumberOfContourPoints = "CLOSED_PLANAR", len(points)
            positions_mm = np.array(points) @ GRID.axes().T + GRID.origin_mm
            contour.ContourData = positions_mm.round(4).ravel().tolist()
            roi.ContourSequence.append(contour)
        names.append(named)
        contour_sets.append(roi)
    ds.StructureSetROISequence, ds.ROIContourSequence = Sequence(names), Sequence(contour_sets)
    return ds


def refusal(ds: Dataset) -> str:
    with pytest.raises(StudyQuarantinedError) as caught:
        read_structure_set(ds, GRID)
    return f"{caught.value}"


def test_a_square_is_filled_and_a_square_inside_it_is_a_hole() -> None:
    ds = structures({"GTV": [square(2, 9.5, 29.5), square(2, 14.5, 19.5), square(3, 9.5, 11.5)]})
    mask = read_structure_set(ds, GRID).voxels
    assert mask[2].sum() == 20 * 20 - 5 * 5
    assert mask[2, 10, 10] == 1
    assert mask[2, 16, 16] == 0
    assert mask[3].sum() == 4
    assert mask.sum() == 375 + 4


def test_of_several_structures_those_named_as_tumour_are_used() -> None:
    both = {"Brain": [square(2, 0.5, 39.5)], "whole tumour": [square(2, 9.5, 19.5)]}
    assert read_structure_set(structures(both), GRID).voxels.sum() == 100
    unnamed = {"Brain": both["Brain"], "Brainstem": both["whole tumour"]}
    assert "E_ROI: 2 structures were delivered, none is named" in refusal(structures(unnamed))


def test_a_contour_between_slices_and_an_empty_contour_are_refused() -> None:
    assert "between slices" in refusal(structures({"x": [square(2.5, 5, 9)]}))
    assert "between slices" in refusal(structures({"x": [square(7, 5, 9)]}))
    assert "mark nothing" in refusal(structures({"x": [square(2, 5.2, 5.8)]}))


def test_a_structure_set_passes_the_gate_and_deidentification_unchanged() -> None:
    ds = admit(dicom_bytes(structures({"GTV Zebedee": [square(1, 9.5, 19.5)]}))).ds
    clean = deidentify(ds, PatientKey("p"), Pseudonymiser("k" * 32))
    assert "Zebedee" not in str(clean)
    assert np.array_equal(read_structure_set(clean, GRID).voxels, read_structure_set(ds, GRID).voxels)
