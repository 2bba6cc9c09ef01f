"""A submitted outline is taken from the image on which it was drawn to the reference space, or refused."""

from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from idh_tasks.domain.sequence import MrSequence
from idh_tasks.domain.volume import Geometry, Mask, Volume
from idh_tasks.errors import StudyQuarantinedError
from idh_tasks.imaging.itk import resample
from idh_tasks.imaging.outline.reference import ReferenceImage
from idh_tasks.imaging.registration import IDENTITY
from idh_tasks.pipelines.preprocess.study_images import StudyImages
from idh_tasks.pipelines.preprocess.submitted_outline import placed
from idh_tasks.settings import ImagingSettings

MPRAGE = Geometry((40, 60, 60), (3.0, 3.0, 3.0), (-90.0, -90.0, -60.0))
T2 = Geometry((24, 90, 90), (2.0, 2.0, 5.0), (-90.0, -90.0, -60.0))
SHIFTED = replace(MPRAGE, origin_mm=(-89.0, -90.0, -60.0))


def ball(grid: Geometry, radius_mm: float) -> Mask:
    """Return a ball around the middle of the head."""
    index = np.indices(grid.shape)[::-1].reshape(3, -1)
    positions = (grid.axes() @ index).T + grid.origin_mm
    return np.asarray(np.linalg.norm(positions, axis=1) < radius_mm).reshape(grid.shape)


def images(t2: Geometry = T2) -> StudyImages:
    """Return the images of a head whose T2 needs no registration."""
    heads = {
        name: Volume(100 * ball(grid, 55).astype(np.float32), grid)
        for name, grid in ((MrSequence.MPRAGE, MPRAGE), (MrSequence.T2, t2))
    }
    sources = {
        name: SimpleNamespace(image=head, drawn_on=ReferenceImage(head.geometry)) for name, head in heads.items()
    }
    reference = SimpleNamespace(sequence=MrSequence.MPRAGE, image=heads[MrSequence.MPRAGE])
    found = SimpleNamespace(
        reference=reference, source=sources.__getitem__, registration=lambda _: IDENTITY, settings=ImagingSettings()
    )
    return cast("StudyImages", found)


def drawn(grid: Geometry) -> Volume:
    return Volume(ball(grid, 20).astype(np.float32), grid)


def test_in_the_reference_space_it_is_used_exactly() -> None:
    found = placed(drawn(MPRAGE), images())
    assert np.array_equal(found.mask, ball(MPRAGE, 20))
    assert (found.drawn_on, found.doubts) == (MrSequence.MPRAGE, ())


def test_on_the_t2_it_is_moved_with_the_t2() -> None:
    found = placed(drawn(T2), images())
    assert found.drawn_on is MrSequence.T2
    assert np.array_equal(found.mask, resample(drawn(T2), MPRAGE, IDENTITY.transform, nearest=True).voxels > 0)


def test_a_t2_with_the_same_voxels_is_named_as_a_doubt() -> None:
    assert placed(drawn(MPRAGE), images(t2=MPRAGE)).doubts == (
        "the T2 has the same voxels; the outline was taken as drawn on the MPRAGE",
    )


def test_elsewhere_it_is_refused_with_the_images_on_which_it_can_be_drawn() -> None:
    with pytest.raises(StudyQuarantinedError) as caught:
        placed(drawn(SHIFTED), images())
    assert "no image of the study: draw it on the MPRAGE (60 × 60 × 40 voxels), the T2 (90 × 90 × 24" in str(
        caught.value
    )


@pytest.mark.parametrize(("radius_mm", "reason"), [(4.0, "ml are plausible"), (52.0, "ml are plausible")])
@pytest.mark.parametrize("grid", [MPRAGE, T2], ids=["MPRAGE", "T2"])
def test_it_must_be_as_plausible_as_a_delivered_one(grid: Geometry, radius_mm: float, reason: str) -> None:
    with pytest.raises(StudyQuarantinedError, match=reason):
        placed(Volume(ball(grid, radius_mm).astype(np.float32), grid), images())
