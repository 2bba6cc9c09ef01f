"""Patches keep the scale that the settings ask for."""

from types import SimpleNamespace
from typing import Any, Literal

import numpy as np
import pytest

from idh_tasks.domain.sequence import Confidence, MrSequence, Provenance
from idh_tasks.domain.study import Identification, SeriesId, SeriesRecord
from idh_tasks.domain.volume import Volume
from idh_tasks.imaging.brain.extraction import BrainMask
from idh_tasks.imaging.outline.agreement import Agreement
from idh_tasks.imaging.registration import IDENTITY
from idh_tasks.pipelines.preprocess.cut_patches import PatchCutter
from idh_tasks.pipelines.preprocess.series_images import SourceImage
from idh_tasks.pipelines.preprocess.study_images import AlignedImage, Reference
from idh_tasks.settings import ImagingSettings
from tests.factories import ball, geometry

SHAPE = (8, 40, 40)
BRAIN, TUMOUR = ball(SHAPE, 18), ball(SHAPE, 3)
IMAGE = np.where(TUMOUR, 1200, np.random.default_rng(1).normal(800, 100, SHAPE)).astype(np.float32)
CENTRE = (32, 32)


def patch_centre(sequence: MrSequence, scale: Literal["normalised", "absolute"]) -> float:
    """Return the value in the middle of the patch that is cut from an image with 1200 in the tumour, 800 around it."""
    volume = Volume(IMAGE, geometry(SHAPE))
    series = SeriesRecord(SeriesId("s"), Identification(sequence, Confidence.HIGH, ""), "s", "", 1)
    images: Any = SimpleNamespace(
        settings=ImagingSettings(adc_scale=scale),
        source=lambda _: SourceImage(volume, volume, Provenance.VENDOR, series),
        aligned=lambda _: AlignedImage(IMAGE, np.ones(SHAPE, dtype=bool), IDENTITY),
        reference=Reference(MrSequence.MPRAGE, volume),
        registration=lambda _: IDENTITY,
        brain=BRAIN,
        brain_mask=BrainMask(BRAIN, "drawn", (), {}),
    )
    outline: Any = SimpleNamespace(
        mask=TUMOUR, drawn_on=(MrSequence.T2,), kind="NIfTI", sha256="", agreement=Agreement({}), figures={}
    )
    cut = PatchCutter(images, outline).cut(sequence)
    return float(cut.patch[CENTRE])


def test_an_absolute_adc_keeps_its_unit() -> None:
    assert patch_centre(MrSequence.ADC, "absolute") == pytest.approx(1.2)


@pytest.mark.parametrize(
    ("sequence", "scale"), [(MrSequence.ADC, "normalised"), (MrSequence.T2, "absolute"), (MrSequence.T2, "normalised")]
)
def test_every_other_patch_is_normalised(sequence: MrSequence, scale: Literal["normalised", "absolute"]) -> None:
    inside = IMAGE[BRAIN]
    assert patch_centre(sequence, scale) == pytest.approx((1200 - np.median(inside)) / inside.std(), rel=1e-3)
