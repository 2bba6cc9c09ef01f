"""Frames of a SEG lie where the images lie on which they were drawn, each once."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from pydicom import Dataset

from idh_tasks.domain.volume import Geometry, Mask
from idh_tasks.errors import StudyQuarantinedError
from idh_tasks.imaging.outline.reference import ReferenceImage, on_grid
from idh_tasks.imaging.outline.segmentation import read_segmentation
from tests.factories import instance
from tests.outlines import FRAME, T2_GRID, Segment, rearranged, segmentation, tumour


def image(grid: Geometry, plane: int) -> Dataset:
    """Return one slice of the T2."""
    axes = np.array(grid.direction).reshape(3, 3)
    return instance(
        SOPInstanceUID=f"1.2.3.{plane + 1}",
        FrameOfReferenceUID=FRAME,
        Rows=grid.shape[1],
        Columns=grid.shape[2],
        PixelSpacing=[grid.spacing_mm[1], grid.spacing_mm[0]],
        ImageOrientationPatient=[*axes[:, 0].tolist(), *axes[:, 1].tolist()],
        ImagePositionPatient=(grid.axes() @ [0, 0, plane] + grid.origin_mm).tolist(),
    )


T2 = ReferenceImage.of_series(T2_GRID, [image(T2_GRID, plane) for plane in range(T2_GRID.shape[0])])
PLANES = [2, 3, 4]
"""The slices on which the tumour was drawn."""


def naming(seg: Dataset, planes: Sequence[int], preserved: str | None = None) -> Dataset:
    """Let each frame name a slice of the T2 as its source."""
    for groups, plane in zip(seg.PerFrameFunctionalGroupsSequence, planes, strict=True):
        source, derivation = Dataset(), Dataset()
        source.ReferencedSOPInstanceUID = f"1.2.3.{plane + 1}"
        if preserved:
            source.SpatialLocationsPreserved = preserved
        derivation.SourceImageSequence = [source]
        groups.DerivationImageSequence = [derivation]
    return seg


def drawn(grid: Geometry = T2_GRID, mask: Mask | None = None) -> Dataset:
    return segmentation([Segment(tumour() if mask is None else mask)], grid)


def read(seg: Dataset, t2: ReferenceImage = T2) -> Mask:
    return on_grid(read_segmentation(seg, t2), T2_GRID)


def refusal(seg: Dataset, t2: ReferenceImage = T2) -> str:
    with pytest.raises(StudyQuarantinedError) as caught:
        read(seg, t2)
    assert caught.value.code == "E_ROI"
    return caught.value.reason


def moved(seg: Dataset, axis: int, by_mm: float) -> Dataset:
    for groups in seg.PerFrameFunctionalGroupsSequence:
        position = groups.PlanePositionSequence[0].ImagePositionPatient
        position[axis] = float(position[axis]) + by_mm
    return seg


def without(seg: Dataset, *macros: str) -> Dataset:
    groups = [*seg.PerFrameFunctionalGroupsSequence, *seg.SharedFunctionalGroupsSequence]
    for one in groups:
        for macro in macros:
            if macro in one:
                delattr(one, macro)
    return seg


def test_frames_that_lie_on_the_images_that_they_name_are_read() -> None:
    np.testing.assert_array_equal(read(naming(drawn(), PLANES)), tumour())


@pytest.mark.parametrize("flips", [(True, False, False), (False, True, False), (True, True, True)])
def test_rows_that_run_the_other_way_are_no_contradiction(flips: tuple[bool, ...]) -> None:
    flipped = rearranged(tumour(), T2_GRID, (0, 1, 2), flips)
    seg = naming(drawn(flipped.geometry, flipped.voxels > 0), PLANES[::-1] if flips[2] else PLANES)
    np.testing.assert_array_equal(read(seg), tumour())


def test_a_program_that_reverses_the_slices_may_leave_the_names_in_the_old_order() -> None:
    reversed_names = [T2_GRID.shape[0] - 1 - plane for plane in PLANES]
    np.testing.assert_array_equal(read(naming(drawn(), reversed_names)), tumour())


@pytest.mark.parametrize(("axis", "by_mm"), [(0, 3.0), (1, -4.5), (0, 0.8)])
def test_frames_beside_the_images_that_they_name_are_refused(axis: int, by_mm: float) -> None:
    assert "pixels beside the images of the T2" in refusal(moved(naming(drawn(), PLANES), axis, by_mm))


@pytest.mark.parametrize("planes", [[3, 4, 5], [2, 4, 3], [0, 0, 0]])
def test_frames_above_the_images_that_they_name_are_refused(planes: list[int]) -> None:
    assert "mm from the images of the T2" in refusal(naming(drawn(), planes))


@pytest.mark.parametrize("preserved", ["NO", "REORIENTED_ONLY"])
def test_names_of_images_that_were_resampled_say_nothing(preserved: str) -> None:
    np.testing.assert_array_equal(read(naming(drawn(), [3, 4, 5], preserved)), tumour())


def test_a_finer_grid_may_begin_elsewhere() -> None:
    fine = Geometry((8, 40, 48), (0.5, 0.75, 4.0), (-11.25, -14.375, -13.0))
    seg = naming(drawn(fine, np.repeat(np.repeat(tumour(), 2, axis=1), 2, axis=2)), PLANES)
    np.testing.assert_array_equal(read(seg), tumour())


@pytest.mark.parametrize(
    "also", [(), ("PlaneOrientationSequence",), ("PlaneOrientationSequence", "PixelMeasuresSequence")]
)
def test_a_position_that_is_not_stated_is_that_of_the_image_that_the_frame_names(also: tuple[str, ...]) -> None:
    np.testing.assert_array_equal(read(without(naming(drawn(), PLANES), "PlanePositionSequence", *also)), tumour())


def cropped(seg: Dataset) -> Dataset:
    seg.Rows, seg.Columns = seg.Columns, seg.Rows
    return seg


@pytest.mark.parametrize("change", [lambda seg: seg, cropped, lambda seg: naming(seg, [20, 21, 22])])
def test_a_position_that_nothing_states_is_refused(change: Callable[[Dataset], Dataset]) -> None:
    seg = drawn() if change is not cropped else naming(drawn(), PLANES)
    assert "does not state where each of its frames lies" in refusal(without(change(seg), "PlanePositionSequence"))


@pytest.mark.parametrize("kind", ["BINARY", "FRACTIONAL", "LABELMAP"])
def test_two_frames_of_a_segment_in_one_place_are_refused(kind: str) -> None:
    seg = segmentation([Segment(tumour())], T2_GRID, kind)
    groups = seg.PerFrameFunctionalGroupsSequence
    groups[1].PlanePositionSequence = groups[0].PlanePositionSequence
    assert "1 places of the segmentation have several frames of one segment" in refusal(seg)


@pytest.mark.parametrize(("number", "total"), [(1, 2), (2, 2), (2, None)])
def test_a_part_of_a_segmentation_is_not_taken_for_all_of_it(number: int, total: int | None) -> None:
    seg = drawn()
    seg.ConcatenationUID, seg.InConcatenationNumber = "1.2.3.9", number
    seg.InConcatenationTotalNumber = total
    assert "(a concatenation); it must be one file" in refusal(seg)


def test_a_concatenation_of_one_file_is_read() -> None:
    seg = drawn()
    seg.ConcatenationUID, seg.InConcatenationNumber, seg.InConcatenationTotalNumber = "1.2.3.9", 1, 1
    assert np.array_equal(read(seg), tumour())


def test_two_segments_in_one_place_are_ordinary() -> None:
    parts = [Segment(tumour(), "tumour"), Segment(tumour() & (np.arange(24) < 9), "oedema")]
    np.testing.assert_array_equal(read(segmentation(parts, T2_GRID)), tumour())


def test_a_frame_of_a_segment_that_is_not_described_is_never_a_tumour() -> None:
    seg = drawn()
    for groups in seg.PerFrameFunctionalGroupsSequence:
        groups.SegmentIdentificationSequence[0].ReferencedSegmentNumber = 7
    assert "is named as a tumour" in refusal(seg)


def test_without_a_frame_of_reference_an_outline_must_name_images_of_the_t2() -> None:
    nameless, named = drawn(), naming(drawn(), PLANES)
    for seg in (nameless, named):
        del seg.FrameOfReferenceUID
    assert "does not name the T2" in refusal(nameless)
    np.testing.assert_array_equal(read(named), tumour())


def test_a_t2_with_several_frames_of_reference_places_nothing() -> None:
    images = [image(T2_GRID, plane) for plane in range(8)]
    images[5].FrameOfReferenceUID = "1.2.9"
    assert "2 frames of reference" in refusal(drawn(), ReferenceImage.of_series(T2_GRID, images))
