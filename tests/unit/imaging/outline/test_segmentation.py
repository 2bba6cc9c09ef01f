"""A DICOM SEG is read on its own grid, whatever its layout, and only its tumour is used."""

from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Any

import highdicom as hd
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset, dcmread
from pydicom.sr.codedict import codes
from scipy import ndimage

from idh_tasks.domain.study import PatientKey
from idh_tasks.domain.volume import Geometry, Mask
from idh_tasks.errors import StudyQuarantinedError
from idh_tasks.imaging.outline.reference import ReferenceImage, on_grid
from idh_tasks.imaging.outline.segmentation import read_segmentation
from idh_tasks.intake.deidentification.deidentify import deidentify
from idh_tasks.intake.deidentification.pseudonym import Pseudonymiser
from idh_tasks.intake.gate.instance import admit
from idh_tasks.phantom.roi import SegmentationUids, write_segmentation
from tests.factories import dicom_bytes, stack
from tests.outlines import (
    BRAIN,
    FRAME,
    GLIOMA,
    HAEMATOMA,
    NEOPLASM,
    OEDEMA,
    T2_GRID,
    TISSUE,
    Code,
    Segment,
    rearranged,
    segmentation,
    tumour,
)

T2 = ReferenceImage(T2_GRID, frozenset({FRAME}))
EVERYTHING = np.ones(T2_GRID.shape, dtype=bool)


def on_t2(seg: Dataset) -> Mask:
    return on_grid(read_segmentation(seg, T2), T2_GRID)


def refusal(seg: Dataset) -> str:
    with pytest.raises(StudyQuarantinedError) as caught:
        on_t2(seg)
    assert caught.value.code == "E_ROI"
    return caught.value.reason


@given(st.sampled_from(list(permutations(range(3)))), st.tuples(st.booleans(), st.booleans(), st.booleans()))
def test_axes_in_any_order_and_direction_give_the_same_tumour(order: tuple[int, ...], flips: tuple[bool, ...]) -> None:
    moved = rearranged(tumour(), T2_GRID, order, flips)
    np.testing.assert_array_equal(on_t2(segmentation([Segment(moved.voxels > 0)], moved.geometry)), tumour())


@pytest.mark.parametrize("kind", ["BINARY", "FRACTIONAL", "LABELMAP"])
def test_each_type_of_segmentation_gives_the_same_tumour(kind: str) -> None:
    brain = Segment(~tumour(), "Brain", BRAIN)
    np.testing.assert_array_equal(on_t2(segmentation([brain, Segment(tumour())], T2_GRID, kind)), tumour())


def test_a_fraction_counts_from_half_of_the_maximum() -> None:
    blurred = ndimage.gaussian_filter(tumour().astype(float), 1)
    read = on_t2(segmentation([Segment(blurred)], T2_GRID, "FRACTIONAL"))
    np.testing.assert_array_equal(read, (blurred * 200).round() >= 100)


def test_a_finer_grid_with_another_origin_is_resampled() -> None:
    fine = Geometry((18, 62, 50), (0.5, 0.5, 2.0), (-11.25, -14.5, -14.0))
    expected = np.repeat(np.repeat(np.repeat(tumour(), 2, axis=0), 3, axis=1), 2, axis=2)
    drawn = np.zeros(fine.shape, dtype=bool)
    drawn[: expected.shape[0], : expected.shape[1], : expected.shape[2]] = expected
    np.testing.assert_array_equal(on_t2(segmentation([Segment(drawn)], fine)), tumour())


def test_a_segmentation_drawn_on_a_sagittal_series_is_rotated_into_place() -> None:
    sagittal = Geometry((24, 32, 30), (1.0, 1.0, 1.0), (-11.5, -14.5, 17.5), (0, 0, 1, 1, 0, 0, 0, -1, 0))
    index = np.indices(sagittal.shape).reshape(3, -1)[::-1]
    positions = (sagittal.axes() @ index).T + sagittal.origin_mm
    ball = (np.linalg.norm(positions - [-2.0, 1.0, 3.0], axis=1) < 7).reshape(sagittal.shape)
    read = on_t2(segmentation([Segment(ball)], sagittal))
    centre = T2_GRID.axes() @ np.argwhere(read).mean(axis=0)[::-1] + T2_GRID.origin_mm
    np.testing.assert_allclose(centre, [-2.0, 1.0, 3.0], atol=0.6)


def test_highdicom_reads_the_same_geometry() -> None:
    moved = rearranged(tumour(), T2_GRID, (1, 0, 2), (True, False, True))
    ds = segmentation([Segment(moved.voxels > 0, category=("49755003", "SCT", "Abnormal"))], moved.geometry)
    ds.DimensionIndexSequence = [Dataset(), Dataset()]
    read = read_segmentation(ds, T2)
    ours = read.geometry.axes() @ np.argwhere(read.voxels)[:, ::-1].T + np.array(read.geometry.origin_mm)[:, None]
    frames = [f.PlanePositionSequence[0].ImagePositionPatient for f in ds.PerFrameFunctionalGroupsSequence]
    shared = ds.SharedFunctionalGroupsSequence[0]
    orientation = shared.PlaneOrientationSequence[0].ImageOrientationPatient
    spacing = shared.PixelMeasuresSequence[0].PixelSpacing
    theirs = [
        hd.spatial.PixelToReferenceTransformer(list(map(float, position)), list(map(float, orientation)), spacing)(
            np.argwhere(image)[:, ::-1]
        )
        for position, image in zip(frames, ds.pixel_array, strict=True)
    ]
    np.testing.assert_allclose(sorted(ours.T.round(3).tolist()), sorted(np.vstack(theirs).round(3).tolist()))


def test_parts_are_united_and_other_structures_left_out_even_if_coded_alike() -> None:
    oedema, core = tumour() & (np.arange(24) < 9), tumour() & (np.arange(24) >= 9)
    segments = [
        Segment(EVERYTHING, "Brain", NEOPLASM),
        Segment(oedema, "Segment 2", OEDEMA),
        Segment(core, "Enhancing tumour", TISSUE),
        Segment(EVERYTHING, "Ventricles", None),
    ]
    np.testing.assert_array_equal(on_t2(segmentation(segments, T2_GRID)), tumour())


@pytest.mark.parametrize(
    ("label", "code"), [("Segment_1", NEOPLASM), ("", NEOPLASM), ("Lesion", None), ("Segment_1", GLIOMA)]
)
def test_a_single_segment_is_the_tumour_by_its_name_or_its_type(label: str, code: Code | None) -> None:
    np.testing.assert_array_equal(on_t2(segmentation([Segment(tumour(), label, code)], T2_GRID)), tumour())


@pytest.mark.parametrize(
    ("label", "code"),
    [
        ("Segment_1", None), ("", TISSUE), ("Segment_1", HAEMATOMA), ("Tumour Zebedee", NEOPLASM), ("Zebedee", None),
        ("Zebedee", NEOPLASM), ("Resektionsdefekt", NEOPLASM), ("kein Tumor", NEOPLASM), ("Tumour", HAEMATOMA),
        ("Segment_1", ("108369006", "SCT", "Resection cavity")),
    ],
)  # fmt: skip
def test_a_single_segment_that_is_not_said_to_be_a_tumour_is_asked(label: str, code: Code | None) -> None:
    assert "Zebedee" not in refusal(segmentation([Segment(tumour(), label, code)], T2_GRID))


@pytest.mark.parametrize("date", ["2019", "20190214", "2019-02-14", "2019.02.14"])
@pytest.mark.parametrize("studied", ["20190214", "20210214", ""])
def test_a_label_may_hold_the_date_of_its_own_study(date: str, studied: str) -> None:
    dated = segmentation([Segment(tumour(), f"GTV_{date}", None)], T2_GRID, StudyDate=studied)
    if studied == "20190214":
        np.testing.assert_array_equal(on_t2(dated), tumour())
    else:
        assert "not understood" in refusal(dated)


@pytest.mark.parametrize("label", ["GTV_12019", "GTV 2019.5", "GTV_20190301", "GTV_2018", "ring_2019"])
def test_a_number_that_is_not_the_date_of_the_study_is_asked(label: str) -> None:
    assert refusal(segmentation([Segment(tumour(), label, None)], T2_GRID, StudyDate="20190214"))


@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        (("Tumor 1", "Tumor 2"), "several tumours"),
        (("Segment_1", "Segment_2"), "none of the segments is named"),
        (("Brain", "Ventricle"), "none of the segments is named"),
        (("Tumour", "Tumour Zebedee"), "not understood"),
    ],
)
def test_several_tumours_or_none_are_asked_without_quoting_a_label(labels: tuple[str, ...], reason: str) -> None:
    message = refusal(segmentation([Segment(tumour(), label, None) for label in labels], T2_GRID))
    assert reason in message
    assert "Zebedee" not in message


def shift_planes(seg: Dataset, axis: int, steps: list[float]) -> Dataset:
    for groups, step in zip(seg.PerFrameFunctionalGroupsSequence, steps, strict=True):
        position = groups.PlanePositionSequence[0].ImagePositionPatient
        position[axis] = float(position[axis]) + step
    return seg


@pytest.mark.parametrize(
    ("axis", "steps", "reason"),
    [(2, [0, 1.7, 1.9], "unevenly spaced"), (0, [0, 0.4, 0.8], "shifted against one another")],
)
def test_uneven_and_sheared_stacks_are_refused_by_name(axis: int, steps: list[float], reason: str) -> None:
    assert reason in refusal(shift_planes(segmentation([Segment(tumour())], T2_GRID), axis, steps))


def test_positions_that_jitter_are_one_stack() -> None:
    jittered = shift_planes(segmentation([Segment(tumour())], T2_GRID), 2, [0.004, -0.006, 0.003])
    np.testing.assert_array_equal(on_t2(jittered), tumour())


def test_a_wrong_stated_spacing_is_not_believed() -> None:
    seg = segmentation([Segment(tumour())], T2_GRID)
    measures = seg.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    measures.SpacingBetweenSlices = measures.SliceThickness = 1.0
    assert "4.00 mm apart, but 1.00 mm" in refusal(seg)
    measures.SpacingBetweenSlices = measures.SliceThickness = 9.0
    np.testing.assert_array_equal(on_t2(seg), tumour())


def test_a_single_plane_needs_a_stated_thickness() -> None:
    alone = tumour() & (np.arange(8) == 3)[:, None, None]
    seg = segmentation([Segment(alone)], T2_GRID)
    np.testing.assert_array_equal(on_t2(seg), alone)
    del seg.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].SpacingBetweenSlices
    del seg.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].SliceThickness
    assert "thickness is not stated" in refusal(seg)


def changed(seg: Dataset, **attributes: Any) -> Dataset:
    for keyword, value in attributes.items():
        setattr(seg, keyword, value)
    return seg


def without(seg: Dataset, macro: str) -> Dataset:
    for groups in seg.PerFrameFunctionalGroupsSequence:
        delattr(groups, f"{macro}Sequence")
    return seg


def test_another_frame_of_reference_another_place_and_broken_headers_are_refused() -> None:
    drawn = [Segment(tumour())]
    assert "another frame of reference" in refusal(segmentation(drawn, T2_GRID, FrameOfReferenceUID="1.2.7"))
    away = replace(T2_GRID, origin_mm=(500.0, 0.0, 0.0))
    assert "lies outside the T2" in refusal(segmentation(drawn, away))
    partly = replace(T2_GRID, origin_mm=(-11.0, -14.0, -25.0))
    assert "of the outline lies inside" in refusal(segmentation(drawn, partly))
    assert "where each of its frames" in refusal(changed(segmentation(drawn, T2_GRID), NumberOfFrames=2))
    assert "neither binary" in refusal(changed(segmentation(drawn, T2_GRID), SegmentationType="SURFACE"))
    assert "where each of its frames" in refusal(
        changed(segmentation(drawn, T2_GRID), SharedFunctionalGroupsSequence=[Dataset()])
    )
    assert "which segment each of its frames" in refusal(without(segmentation(drawn, T2_GRID), "SegmentIdentification"))
    assert "marks nothing" in refusal(segmentation([Segment(tumour() * 0.4)], T2_GRID, "FRACTIONAL"))
    assert "mark nothing" in refusal(segmentation([Segment(tumour() * 0.001)], T2_GRID, "FRACTIONAL"))


@pytest.mark.parametrize("kind", ["BINARY", "LABELMAP"])
def test_roles_replace_the_names_at_deidentification(kind: str) -> None:
    labels = ("Brain of Zebedee", "Tumour", "Zebedee 7")
    roles = ["ROLE OTHER STRUCTURE", "ROLE TUMOUR", "ROLE NOT UNDERSTOOD"]
    regions = (~tumour() & (np.arange(24) < 20), tumour(), ~tumour() & (np.arange(24) >= 20))
    segments = [Segment(region, label, None) for region, label in zip(regions, labels, strict=True)]
    seg = segmentation(segments, T2_GRID, kind)
    seg.SegmentSequence[1].SegmentDescription = seg.SegmentSequence[1].TrackingID = "tumour of Dr. Miller"
    admitted = admit(dicom_bytes(seg)).ds
    pseudonymiser = Pseudonymiser("s" * 32)
    clean = admit(dicom_bytes(deidentify(admitted, PatientKey("p"), pseudonymiser))).ds
    assert [s.SegmentLabel for s in clean.SegmentSequence] == roles
    assert "Zebedee" not in str(clean)
    assert "iller" not in str(clean)
    read = read_segmentation(clean, ReferenceImage(T2_GRID, frozenset({pseudonymiser.uid(FRAME)})))
    np.testing.assert_array_equal(on_grid(read, T2_GRID), tumour())


@pytest.mark.parametrize("marked", [[1], [1, 2], [0, 3]])
def test_a_segmentation_by_highdicom_survives_deidentification(tmp_path: Path, marked: list[int]) -> None:
    files = []
    images = stack([0.0, 5.0, 10.0, 15.0], FrameOfReferenceUID="1.2.9", SeriesDate="20180304")
    for number, ds in enumerate(images, start=1):
        ds.StudyID, ds.SeriesNumber, ds.StudyTime, ds.AccessionNumber = "1", 1, "100000", "1"
        ds.SliceThickness, ds.Manufacturer, ds.PositionReferenceIndicator = 5, "none", ""
        files.append(tmp_path / f"{number}.dcm")
        ds.save_as(files[-1], enforce_file_format=True)
    mask = np.zeros((4, 8, 8), dtype=bool)
    mask[marked, 2:5, 3:7] = True
    write_segmentation(tmp_path / "seg.dcm", mask, files, SegmentationUids("1.2.5", "1.2.6", "1.2.7"))
    clean = deidentify(dcmread(tmp_path / "seg.dcm"), PatientKey("p"), Pseudonymiser("s" * 32))
    grid = Geometry((4, 8, 8), (1.0, 1.0, 5.0), (0.0, 0.0, 0.0))
    np.testing.assert_array_equal(on_grid(read_segmentation(clean, ReferenceImage(grid)), grid), mask)


@pytest.mark.parametrize("kind", ["BINARY", "FRACTIONAL", "LABELMAP"])
def test_what_highdicom_writes_is_read_as_highdicom_reads_it(kind: str) -> None:
    images = stack([0.0, 5.0, 10.0, 15.0], FrameOfReferenceUID=FRAME, SeriesDate="20180304")
    for ds in images:
        ds.StudyID, ds.SeriesNumber, ds.StudyTime, ds.AccessionNumber = "1", 1, "100000", "1"
        ds.SliceThickness, ds.Manufacturer, ds.PositionReferenceIndicator = 5, "none", ""
    labels = np.zeros((4, 8, 8), dtype=np.uint8)
    labels[1:3, 2:5, 3:7], labels[2:, 6:, :2] = 2, 1
    pixels = labels if kind != "FRACTIONAL" else np.stack([labels == 1, labels == 2], axis=-1).astype(np.float32)
    described = [
        hd.seg.SegmentDescription(number, label, codes.SCT.MorphologicallyAbnormalStructure, code, "MANUAL")
        for number, (label, code) in enumerate((("Brain", codes.SCT.Brain), ("Tumour", codes.SCT.Neoplasm)), start=1)
    ]
    written = hd.seg.Segmentation(
        images, pixels, kind, described, hd.UID(), 90, hd.UID(), 1, "none", "none", "1", "1", omit_empty_frames=True
    )
    seg = admit(dicom_bytes(written)).ds
    grid = Geometry((4, 8, 8), (1.0, 1.0, 5.0), (0.0, 0.0, 0.0))
    np.testing.assert_array_equal(
        on_grid(read_segmentation(seg, ReferenceImage(grid, frozenset({FRAME}))), grid), labels == 2
    )
    theirs = written.get_volume(segment_numbers=[2], combine_segments=True, allow_missing_positions=True)
    assert int((theirs.array == 2).sum()) == int((labels == 2).sum())
