"""An outline that the reference image does not contain is refused with the share that it contains."""

import numpy as np
import pytest
import SimpleITK as sitk

from idh_tasks.domain.volume import Mask, Volume
from idh_tasks.errors import StudyQuarantinedError
from idh_tasks.imaging.outline.contained import check_contained
from tests.factories import ball, geometry

SHAPE = (40, 50, 60)
LESION = ball(SHAPE, 10, (20, 25, 18))
MIRRORED = LESION[:, :, ::-1]
HERE = sitk.Transform(3, sitk.sitkIdentity)


def drawn(mask: Mask) -> Volume:
    return Volume(mask.astype(np.float32), geometry(SHAPE))


def test_a_reference_that_contains_the_outline_is_used() -> None:
    check_contained(drawn(LESION), geometry(SHAPE), HERE, 0.95)


def test_a_reference_that_ends_in_the_outline_is_refused_with_the_share() -> None:
    moved = sitk.TranslationTransform(3, (84.0, 0.0, 0.0))
    with pytest.raises(StudyQuarantinedError, match=r"contains 4\d% of the outline, 95% is needed"):
        check_contained(drawn(MIRRORED), geometry(SHAPE), moved, 0.95)
