"""Pictures of a study's slices: drawn also of what gets no patch, and never at the cost of one."""

from dataclasses import replace
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from idh_tasks.codes import Code
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.domain.volume import Geometry, Mask
from idh_tasks.errors import IdhError, RunRefusedError, SeriesRejectedError, StudyQuarantinedError, TransientError
from idh_tasks.imaging.registration import IDENTITY
from idh_tasks.pipelines.preprocess.study_images import AlignedImage
from idh_tasks.pipelines.preprocess.study_views import StudyViews

GRID = Geometry((30, 40, 50), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
BRAIN = np.zeros(GRID.shape, dtype=bool)
BRAIN[8:22, 10:30, 12:38] = True
TUMOUR = np.zeros(GRID.shape, dtype=bool)
TUMOUR[14:17, 15:20, 18:24] = True
EVERYWHERE = np.ones(GRID.shape, dtype=bool)
T1 = AlignedImage(np.random.default_rng(1).uniform(1, 9, GRID.shape).astype(np.float32), EVERYWHERE, IDENTITY)


class Raises:
    """Has neither a brain nor an outline, and says why."""

    def __init__(self, error: Exception) -> None:
        self._error = error
        self.reference = SimpleNamespace(image=SimpleNamespace(geometry=GRID))

    @property
    def brain(self) -> Mask:
        raise self._error

    mask = brain


def views(brain: Mask | Exception = BRAIN, tumour: Mask | Exception = TUMOUR) -> StudyViews:
    """Return the pictures of a study with a T1."""
    reference = SimpleNamespace(image=SimpleNamespace(geometry=GRID))
    images: Any = Raises(brain) if isinstance(brain, Exception) else SimpleNamespace(brain=brain, reference=reference)
    outline: Any = Raises(tumour) if isinstance(tumour, Exception) else SimpleNamespace(mask=tumour)
    made = StudyViews(images, outline)
    made.add(MrSequence.T1, T1)
    return made


def test_an_image_and_the_outline_are_drawn_in_the_same_place() -> None:
    made = views()
    assert set(made.pictures) == {"T1", "outline"}
    assert len({Image.open(BytesIO(picture)).size for picture in made.pictures.values()}) == 1
    assert made.plan.layout.shown == list(range(30)[made.plan.steps[0]]).index(14)


def test_an_image_without_an_outline_is_drawn_through_the_middle_of_the_brain() -> None:
    made = views(tumour=StudyQuarantinedError(Code.E_NO_ROI, ""))
    assert set(made.pictures) == {"T1"}
    layout = made.plan.layout
    assert layout.first_mm + layout.shown * layout.step_mm == pytest.approx(14, abs=1)


@pytest.mark.parametrize(
    "brain", [SeriesRejectedError(Code.E_BRAIN_MASK, ""), np.zeros(GRID.shape, dtype=bool), IndexError("Zebedee")]
)
def test_without_a_brain_mask_nothing_is_drawn(brain: Mask | Exception) -> None:
    assert views(brain=brain).pictures == {}


@pytest.mark.parametrize("error", [TransientError, RunRefusedError])
def test_outages_are_not_hidden(error: type[IdhError]) -> None:
    with pytest.raises(error):
        views(brain=error(Code.E_DATABASE, ""))


def test_the_window_of_an_image_whose_values_have_a_unit_is_kept() -> None:
    made = views()
    assert made.layout.windows == {}
    made.add(MrSequence.ADC, T1, "10⁻⁶ mm²/s")
    made.add(MrSequence.RCBV, T1, "× median of the brain")
    made.add(MrSequence.RCBV, replace(T1, voxels=T1.voxels / np.float32(2)), "× normal-appearing white matter")
    adc, rcbv = made.layout.windows["ADC"], made.layout.windows["RCBV"]
    assert (adc.unit, rcbv.unit) == ("10⁻⁶ mm²/s", "× normal-appearing white matter")
    assert (rcbv.black, rcbv.white) == pytest.approx((adc.black / 2, adc.white / 2), rel=1e-5)
