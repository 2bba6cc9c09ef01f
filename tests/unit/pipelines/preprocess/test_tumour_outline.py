"""The nightly run reads delivered outlines as the command line does, and several must agree."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
from pydicom import Dataset

from idh_tasks.domain.sequence import Confidence, MrSequence
from idh_tasks.domain.study import SEGMENTATION, STRUCTURE_SET, Identification, SeriesId, SeriesRecord
from idh_tasks.domain.volume import Volume
from idh_tasks.errors import StudyQuarantinedError
from idh_tasks.imaging.outline.reference import ReferenceImage
from idh_tasks.pipelines.preprocess.study_images import StudyImages
from idh_tasks.pipelines.preprocess.tumour_outline import TumourOutline
from idh_tasks.settings import ImagingSettings
from tests.outlines import BRAIN, FRAME, T2_GRID, Segment, nifti, rearranged, segmentation, square, structures, tumour

T2 = SeriesRecord(SeriesId("t2"), Identification(MrSequence.T2, Confidence.HIGH, ""), "t2", "t2", 8)


@dataclass(frozen=True)
class _Reader:
    """A study with a T2 and these outlines."""

    outlines: Sequence[Dataset]
    mask: bytes | None

    @property
    def series(self) -> list[SeriesRecord]:
        kinds = [STRUCTURE_SET if ds.Modality == "RTSTRUCT" else SEGMENTATION for ds in self.outlines]
        return [T2, *(SeriesRecord(SeriesId(str(n)), kind, str(n), str(n), 1) for n, kind in enumerate(kinds))]

    def instances(self, series: SeriesRecord) -> list[Dataset]:
        return [self.outlines[int(series.object_key)]]

    def outline(self) -> bytes | None:
        return self.mask


def outline(*outlines: Dataset, mask: bytes | None = None) -> TumourOutline:
    drawn_on = ReferenceImage(T2_GRID, frozenset({FRAME}))
    source = SimpleNamespace(
        image=Volume(np.ones(T2_GRID.shape, dtype=np.float32), T2_GRID), series=T2, drawn_on=drawn_on
    )
    images = SimpleNamespace(reader=_Reader(outlines, mask), source=lambda _: source, settings=ImagingSettings())
    return TumourOutline(cast("StudyImages", images))


def seg(mask: np.ndarray, label: str = "tumour") -> Dataset:
    return segmentation([Segment(mask, label, None)], T2_GRID)


def test_without_an_outline_nothing_is_read_and_the_t2_is_not_needed() -> None:
    assert outline().delivered is None


def test_the_first_of_several_outlines_that_agree_is_used() -> None:
    flipped = rearranged(tumour(), T2_GRID, (0, 1, 2), (False, True, True))
    other = segmentation([Segment(flipped.voxels > 0)], flipped.geometry)
    brain = segmentation([Segment(~tumour(), "Brain", BRAIN)], T2_GRID)
    delivered = outline(brain, seg(tumour()), other, mask=nifti(tumour().astype(np.uint8), T2_GRID)).delivered
    assert delivered is not None
    assert (delivered.kind, delivered.sha256) == ("DICOM SEG", "1")


@pytest.mark.parametrize(
    "second", [seg(tumour()[:, :, ::-1]), structures({"GTV": [square(3, 5.5, 12.5)]}, T2_GRID)], ids=["SEG", "RTSTRUCT"]
)
def test_outlines_that_disagree_are_asked(second: Dataset) -> None:
    with pytest.raises(StudyQuarantinedError, match="disagree about the tumour"):
        _ = outline(seg(tumour()), second).delivered


def test_an_outline_of_another_frame_of_reference_is_refused() -> None:
    elsewhere = segmentation([Segment(tumour())], T2_GRID, FrameOfReferenceUID="1.2.7")
    with pytest.raises(StudyQuarantinedError, match="another frame of reference"):
        _ = outline(elsewhere).delivered
