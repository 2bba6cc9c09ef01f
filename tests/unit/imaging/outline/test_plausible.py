"""An outline must have the size of a tumour and lie in the head."""

import numpy as np
import pytest

from idh_tasks.errors import StudyQuarantinedError
from idh_tasks.imaging.outline.plausible import check_plausible
from idh_tasks.settings import ImagingSettings
from tests.factories import ball, geometry

SHAPE = (60, 70, 60)
GRID, HEAD = geometry(SHAPE), ball(SHAPE, 28)


def test_a_tumour_in_the_head_is_plausible() -> None:
    check_plausible(ball(SHAPE, 10), HEAD, GRID, ImagingSettings())


@pytest.mark.parametrize(
    ("mask", "reason"),
    [
        (ball(SHAPE, 1), "ml are plausible"),
        (np.ones(SHAPE, dtype=bool), "ml are plausible"),
        (ball(SHAPE, 10, (29.5, 4.0, 4.0)), "is inside the head"),
    ],
)
def test_a_wrong_size_or_place_is_refused_with_its_figure(mask: np.ndarray, reason: str) -> None:
    with pytest.raises(StudyQuarantinedError, match=reason):
        check_plausible(mask, HEAD, GRID, ImagingSettings())
