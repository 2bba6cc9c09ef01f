"""The contours of an RTSTRUCT become the mask that they enclose, and only the tumour's count."""

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset

from idh_tasks.domain.study import PatientKey
from idh_tasks.domain.volume import Geometry, Mask
from idh_tasks.errors import StudyQuarantinedError
from idh_tasks.imaging.outline.between import check_no_gaps
from idh_tasks.imaging.outline.reference import ReferenceImage, on_grid
from idh_tasks.imaging.outline.structure_set import read_structure_set
from idh_tasks.intake.deidentification.deidentify import deidentify
from idh_tasks.intake.deidentification.pseudonym import Pseudonymiser
from idh_tasks.intake.gate.instance import admit
from tests.factories import ball, dicom_bytes, geometry
from tests.outlines import FRAME, square, structures
from tools.overlap import dice

GRID = geometry((6, 40, 50))
T2 = ReferenceImage(GRID, frozenset({FRAME}))
SQUARE, AROUND = [square(2, 9.5, 19.5)], [square(2, 0.5, 39.5)]
Rois = Mapping[str, Sequence[Sequence[Sequence[float]]]]


def on_t2(ds: Dataset, t2: ReferenceImage = T2) -> Mask:
    return on_grid(read_structure_set(ds, t2), t2.grid)


def refusal(ds: Dataset, t2: ReferenceImage = T2) -> str:
    with pytest.raises(StudyQuarantinedError) as caught:
        on_t2(ds, t2)
    assert caught.value.code == "E_ROI"
    return caught.value.reason


def test_a_square_is_filled_and_a_square_inside_it_is_a_hole() -> None:
    mask = on_t2(structures({"GTV": [square(2, 9.5, 29.5), square(2, 14.5, 19.5), square(3, 9.5, 11.5)]}, GRID))
    assert mask[2].sum() == 20 * 20 - 5 * 5
    assert mask[2, 10, 10]
    assert not mask[2, 16, 16]
    assert mask.sum() == 375 + 4


def test_contours_on_an_oblique_t2_are_filled_on_its_slices() -> None:
    oblique = Geometry((6, 40, 50), (1.0, 1.5, 4.0), (10.0, -20.0, 30.0), (0.8, 0, 0.6, 0, 1, 0, -0.6, 0, 0.8))
    mask = on_t2(
        structures({"GTV": [square(z, 9.5, 19.5) for z in (2, 3)]}, oblique),
        ReferenceImage(oblique, frozenset({FRAME})),
    )
    assert np.argwhere(mask).min(axis=0).tolist() == [2, 10, 10]
    assert mask.sum() == 200


def test_overlapping_contours_add_up_and_empty_ones_are_passed_over() -> None:
    overlapping = [square(2, 9.5, 19.5), square(2, 14.5, 24.5), []]
    assert on_t2(structures({"GTV": overlapping}, GRID)).sum() == 100 + 100 - 25


@pytest.mark.parametrize(
    "others", [{"zRing_GTV_3cm": AROUND}, {"PTV minus GTV": AROUND}, {"Brain": AROUND, "CTV": AROUND}, {"x7": AROUND}]
)
def test_other_structures_are_not_united_with_the_tumour(others: Rois) -> None:
    assert on_t2(structures({"GTV": SQUARE} | dict(others), GRID)).sum() == 100


def test_parts_of_the_tumour_are_united() -> None:
    parts = {"oedema": [square(2, 9.5, 19.5)], "enhancing": [square(3, 9.5, 19.5)], "brain": AROUND}
    assert on_t2(structures(parts, GRID)).sum() == 200


@pytest.mark.parametrize(
    ("rois", "reason"),
    [
        ({"Brain": AROUND, "Brainstem": SQUARE}, "is named as a tumour (2 found)"),
        ({"GTV": [], "Structure 2": SQUARE}, "is named as a tumour"),
        ({"GTV1": SQUARE, "GTV2": SQUARE}, "several tumours"),
        ({"PTV": SQUARE}, "is named as a tumour"),
    ],
)
def test_an_uncertain_choice_is_asked(rois: Rois, reason: str) -> None:
    assert reason in refusal(structures(rois, GRID))


def test_the_contours_of_a_structure_may_lie_in_several_items() -> None:
    one = structures({"GTV": [square(z, 9.5, 19.5) for z in (1, 2, 3, 4)]}, GRID)
    several = structures({"GTV": [square(z, 9.5, 19.5) for z in (1, 2)]}, GRID)
    further = structures({"GTV": [square(z, 9.5, 19.5) for z in (3, 4)]}, GRID)
    several.ROIContourSequence.extend(further.ROIContourSequence)
    assert np.array_equal(on_t2(several), on_t2(one))


def test_the_interpreted_type_counts_beside_the_name() -> None:
    two = {"A7": SQUARE, "B2": AROUND}
    assert on_t2(structures(two, GRID, interpreted={"A7": "GTV", "B2": "ORGAN"})).sum() == 100
    assert "contradict" in refusal(structures({"Tumour": SQUARE}, GRID, interpreted={"Tumour": "PTV"}))
    assert on_t2(structures({"Tumour": SQUARE}, GRID, interpreted={"Tumour": "ORGAN"})).sum() == 100


def test_the_date_of_the_study_in_a_name_says_nothing_and_another_one_is_asked() -> None:
    ds = structures({"GTV_2019": SQUARE}, GRID)
    ds.StudyDate = "20190214"
    assert on_t2(ds).sum() == 100
    ds.StudyDate = "20210214"
    assert "not understood" in refusal(ds)


@pytest.mark.parametrize("kind", ["POINT", "OPEN_PLANAR", "OPEN_NONPLANAR", ""])
def test_points_and_open_lines_are_refused(kind: str) -> None:
    both = [square(2, 9.5, 19.5), square(3, 9.5, 19.5)]
    assert "enclose nothing" in refusal(structures({"Tumour": both}, GRID, kinds=["CLOSED_PLANAR", kind]))


def test_points_of_other_structures_cost_nothing() -> None:
    rois = {"Isocentre": [[[5, 5, 2.5]]], "Tumour": SQUARE}
    assert on_t2(structures(rois, GRID, kinds=["POINT"])).sum() == 100


def test_xor_contours_cancel_where_they_overlap() -> None:
    overlapping = [square(2, 9.5, 19.5), square(2, 14.5, 24.5)]
    assert on_t2(structures({"GTV": overlapping}, GRID, kinds=["CLOSEDPLANAR_XOR"] * 2)).sum() == 150
    assert "two different ways" in refusal(structures({"GTV": overlapping}, GRID, kinds=["CLOSEDPLANAR_XOR"]))


def test_the_frame_of_reference_of_the_structure_is_compared() -> None:
    ds = structures({"GTV": SQUARE}, GRID)
    ds.FrameOfReferenceUID = "1.2.7"
    assert on_t2(ds).sum() == 100
    ds.StructureSetROISequence[0].ReferencedFrameOfReferenceUID = "1.2.7"
    assert "another frame of reference" in refusal(ds)


def test_contours_on_planes_between_the_slices_are_filled_on_their_own_planes() -> None:
    thick = Geometry((5, 40, 50), (2.0, 2.0, 6.0), (GRID.origin_mm[0], GRID.origin_mm[1], -7.0))
    drawn = structures({"GTV": [square(z, 9.5, 19.5) for z in (1, 2, 3)]}, GRID)
    mask = on_t2(drawn, ReferenceImage(thick, frozenset({FRAME})))
    assert set(mask.sum(axis=(1, 2))) == {0, 100}


def circle(z: float, radius: float) -> list[list[float]]:
    """Return the corners of a polygon that is nearly a circle, in index space (x, y, z)."""
    angles = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    return [[24.5 + radius * np.cos(angle), 19.5 + radius * np.sin(angle), z] for angle in angles.tolist()]


COARSE = Geometry((24, 40, 50), (2.0, 2.0, 2.0), GRID.origin_mm)
COARSE_T2 = ReferenceImage(COARSE, frozenset({FRAME}))


@pytest.mark.parametrize("every", [2, 3, 5])
def test_planes_between_evenly_spaced_contours_are_interpolated(every: int) -> None:
    planes = [4 + every * n for n in range(4)]
    mask = on_t2(structures({"GTV": [square(z, 9.5, 19.5 + z) for z in planes]}, COARSE), COARSE_T2)
    areas = mask.sum(axis=(1, 2))
    assert areas[planes[0] : planes[-1] + 1].all()
    assert (np.diff(areas[planes[0] : planes[-1] + 1]) >= 0).all()
    assert areas[planes].tolist() == [(10 + z) ** 2 for z in planes]


@given(st.integers(2, 5), st.floats(0.3, 0.7))
def test_contours_between_the_slices_leave_no_slice_out(every: int, shift: float) -> None:
    planes = [3 + shift + every * n for n in range(4)]
    mask = on_t2(structures({"GTV": [square(z, 9.5, 19.5) for z in planes]}, COARSE), COARSE_T2)
    areas = mask.sum(axis=(1, 2))
    assert set(np.diff(np.flatnonzero(areas))) == {1}
    assert abs(areas.sum() / 100 - (planes[-1] - planes[0])) <= every


def test_parts_of_the_tumour_that_lie_apart_stay_apart() -> None:
    apart = [square(z, 5.5, 9.5) for z in (2, 3, 4)] + [square(z, 25.5, 29.5) for z in (8, 9, 10)]
    assert on_t2(structures({"GTV": apart}, COARSE), COARSE_T2).sum() == 6 * 16
    coarse = [square(z, 5.5 + z, 15.5 + z) for z in (2, 4, 6)] + [square(z, 30.5, 34.5) for z in (12, 14)]
    areas = on_t2(structures({"GTV": coarse}, COARSE), COARSE_T2).sum(axis=(1, 2))
    assert np.flatnonzero(areas).tolist() == [1, 2, 3, 4, 5, 6, 12, 13, 14, 15]


@pytest.mark.parametrize(("every", "first"), [(2, 0), (2, 1), (3, 0), (3, 1), (3, 2), (4, 2)])
def test_the_ends_of_a_tumour_lie_beyond_the_first_and_the_last_contour(every: int, first: int) -> None:
    whole = ball(COARSE.shape, 9.0, (11.5, 19.5, 24.5))
    marked = np.flatnonzero(whole.any(axis=(1, 2)))[first::every].tolist()
    drawn = [circle(z, float(np.sqrt(81 - (z - 11.5) ** 2))) for z in marked]
    mask = on_t2(structures({"GTV": drawn}, COARSE), COARSE_T2)
    planes = np.flatnonzero(mask.any(axis=(1, 2)))
    assert marked[0] - every < planes[0] < marked[0] < marked[-1] < planes[-1] < marked[-1] + every
    assert dice(mask, whole) > 0.95


@pytest.mark.parametrize("shift", [0.0, 0.5])
def test_a_tumour_that_reaches_the_edge_of_the_t2_is_not_continued_beyond_it(shift: float) -> None:
    planes = [z + shift for z in (1, 4, 7)]
    mask = on_t2(structures({"GTV": [square(z, 9.5, 29.5) for z in planes]}, COARSE), COARSE_T2)
    areas = mask.sum(axis=(1, 2))
    assert areas[0] < areas[1] == areas[7] == 400 > areas[8] > areas[9] > areas[10] == 0 or shift


def test_only_the_ends_of_the_whole_outline_are_continued() -> None:
    gap = [square(z, 9.5, 19.5) for z in (3, 6, 12, 15)]
    volume = read_structure_set(structures({"GTV": gap}, COARSE), COARSE_T2)
    with pytest.raises(StudyQuarantinedError, match="leaves out 5 of its planes"):
        check_no_gaps(volume.voxels > 0)


@pytest.mark.parametrize("sizes", [(4, 20, 4, 2), (20, 6, 20, 6)])
def test_a_shape_that_contours_on_few_planes_do_not_tell_is_refused_with_the_figure(sizes: Sequence[int]) -> None:
    drawn = [square(4 + 4 * n, 24.5 - size / 2, 24.5 + size / 2) for n, size in enumerate(sizes)]
    assert "changes too much between its contours" in refusal(structures({"GTV": drawn}, COARSE), COARSE_T2)


def test_contours_far_apart_are_refused_with_the_distance() -> None:
    far = structures({"GTV": [square(z, 9.5, 19.5) for z in (2, 8, 14)]}, COARSE)
    with pytest.raises(StudyQuarantinedError, match="12 mm apart; at most 10 mm"):
        on_t2(far, COARSE_T2)


def test_contours_drawn_on_sagittal_slices_give_the_same_box() -> None:
    corners = ((9.5, 0.5), (19.5, 0.5), (19.5, 4.5), (9.5, 4.5))
    sagittal = [[[x, y, z] for y, z in corners] for x in np.arange(9.75, 19.5, 0.5).tolist()]
    mask = on_t2(structures({"GTV": sagittal}, GRID))
    expected = np.zeros(GRID.shape, dtype=bool)
    expected[1:5, 10:20, 10:20] = True
    np.testing.assert_array_equal(mask, expected)


@pytest.mark.parametrize(
    ("contours", "reason"),
    [
        ([square(2.5, 5, 9)], "thickness is not stated"),
        ([square(9, 5, 9)], "outside the T2"),
        ([square(2, 25, 75)], "only 15% of the outline lies inside the T2"),
        ([square(2, 5, 9), square(90, 5, 9)], "176 mm apart"),
        ([square(8, 5, 9), square(9, 5, 9)], "outside the T2"),
        ([square(2, 5.2, 5.8)], "marks nothing"),
        ([square(0.5, 5, 9), square(1.5, 5, 9), square(3.1, 5, 9)], "unevenly spaced"),
        ([square(2.5, 5, 900), square(3.5, 5, 900)], "extend over"),
        ([[[5, 5, 0.4], [15, 5, 2.4], [15, 9, 0.4], [5, 9, 2.4]]], "not flat"),
        ([[]], "mark nothing"),
        ([], "mark nothing"),
    ],
)
def test_contours_without_an_even_stack_in_the_image_are_refused_by_name(
    contours: Sequence[Sequence[Sequence[float]]], reason: str
) -> None:
    assert reason in refusal(structures({"GTV": contours}, GRID))


def test_contours_that_are_moved_by_an_offset_are_refused_by_name() -> None:
    ds = structures({"GTV": SQUARE}, GRID)
    ds.ROIContourSequence[0].ContourSequence[0].ContourOffsetVector = [0.0, 0.0, 0.0]
    assert on_t2(ds).any()
    ds.ROIContourSequence[0].ContourSequence[0].ContourOffsetVector = [4.0, 0.0, 0.0]
    assert "ContourOffsetVector" in refusal(ds)


def test_contour_data_that_are_no_positions_are_refused() -> None:
    ds = structures({"GTV": SQUARE}, GRID)
    ds.ROIContourSequence[0].ContourSequence[0].ContourData = [1.0, 2.0, 3.0, 4.0]
    assert "cannot be read (ValueError)" in refusal(ds)


@pytest.mark.parametrize(
    ("names", "voxels"), [(("GTV",), 100), (("GTV 1",), 100), (("Zebedee brain", "zRing_GTV", "GTV"), 100)]
)
def test_the_choice_is_the_same_after_deidentification(names: tuple[str, ...], voxels: int) -> None:
    drawn = {name: SQUARE if name == names[-1] else AROUND for name in names}
    ds = structures(drawn, GRID)
    ds.RTROIObservationsSequence[0].ROIObservationLabel = "Zebedee"
    admitted, pseudonymiser = admit(dicom_bytes(ds)).ds, Pseudonymiser("k" * 32)
    clean = admit(dicom_bytes(deidentify(admitted, PatientKey("p"), pseudonymiser))).ds
    assert "Zebedee" not in str(clean)
    assert all(roi.ROIName.startswith("ROLE ") for roi in clean.StructureSetROISequence)
    assert on_t2(admitted).sum() == voxels
    assert on_t2(clean, ReferenceImage(GRID, frozenset({pseudonymiser.uid(FRAME)}))).sum() == voxels
