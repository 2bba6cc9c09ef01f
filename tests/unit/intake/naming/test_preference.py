"""Of several series of one sequence the whole head comes first, then the axial one, then small voxels."""

import random
from typing import Any

import pytest

from idh_tasks.codes import Code
from idh_tasks.domain.sequence import Confidence, MrSequence
from idh_tasks.domain.study import Fault, Identification, SeriesId, SeriesRecord, SliceGeometry
from idh_tasks.intake.naming.slice_geometry import slice_geometry
from tests.factories import instance

AXIAL, SAGITTAL = [1, 0, 0, 0, 1, 0], [0, 1, 0, 0, 0, -1]


def volume(slices: int, spacing: float, pixel: float, orientation: list[int] = AXIAL) -> SliceGeometry:
    axis = 2 if orientation is AXIAL else 0
    place = [0.0, 0.0, 0.0]
    instances = []
    for number in range(slices):
        place[axis] = number * spacing
        instances.append(
            instance(ImagePositionPatient=list(place), ImageOrientationPatient=orientation, SliceThickness=spacing,
                     PixelSpacing=[pixel, pixel], Rows=256, Columns=256)
        )  # fmt: skip
    return slice_geometry(instances)


WHOLE_2D = volume(30, 5, 0.9)
WHOLE_3D = volume(160, 1, 1.0)
WHOLE_SAGITTAL = volume(170, 1, 1.0, SAGITTAL)
INNER_EAR = volume(60, 0.5, 0.4)
PITUITARY = volume(15, 2, 0.5, SAGITTAL)
UNKNOWN = SliceGeometry()


def record(geometry: SliceGeometry, **more: Any) -> SeriesRecord:
    identified = Identification(MrSequence.T2, more.pop("confidence", Confidence.HIGH), "")
    series_id = SeriesId(more.pop("series_id", "a"))
    return SeriesRecord(
        series_id, identified, "key", "hash", more.pop("instances", 30), **more, slice_geometry=geometry
    )


def test_coverage_is_the_smallest_extent() -> None:
    assert (WHOLE_2D.coverage_mm, INNER_EAR.coverage_mm, PITUITARY.coverage_mm) == (150.0, 30.0, 30.0)
    assert WHOLE_SAGITTAL.coverage_mm == 170.0


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (WHOLE_2D, INNER_EAR),
        (WHOLE_SAGITTAL, INNER_EAR),
        (WHOLE_2D, PITUITARY),
        (WHOLE_2D, WHOLE_SAGITTAL),
        (WHOLE_3D, WHOLE_2D),
        (INNER_EAR, UNKNOWN),
    ],
)
def test_the_whole_head_is_preferred_then_axial_then_fine(better: SliceGeometry, worse: SliceGeometry) -> None:
    assert record(better).preference < record(worse).preference


def test_confidence_and_faults_come_before_geometry() -> None:
    ranked = [
        record(INNER_EAR),
        record(WHOLE_3D, fault=Fault(Code.E_GEOMETRY_GAP, "")),
        record(WHOLE_3D, confidence=Confidence.LOW),
    ]
    shuffled = random.Random(1).sample(ranked, k=3)
    assert sorted(shuffled, key=lambda one: one.preference) == ranked


def test_more_instances_and_then_the_id_decide_between_equals() -> None:
    first, second, third = (
        record(WHOLE_2D, instances=40, series_id="b"),
        record(WHOLE_2D),
        record(WHOLE_2D, series_id="c"),
    )
    assert sorted([third, second, first], key=lambda one: one.preference) == [first, second, third]
