"""Patches keep the scale that the settings ask for."""

from types import SimpleNamespace
from typing import Any, Literal

import numpy as np
import pytest

from idh_tasks.codes import Code
from idh_tasks.domain.sequence import Confidence, MrSequence, Provenance
from idh_tasks.domain.study import Identification, SeriesId, SeriesRecord
from idh_tasks.domain.volume import Float, Volume
from idh_tasks.imaging.brain.extraction import BrainMask
from idh_tasks.imaging.outline.agreement import Agreement
from idh_tasks.imaging.perfusion.normalisation import NormalisedRcbv
from idh_tasks.imaging.registration import IDENTITY
from idh_tasks.pipelines.preprocess import cut_patches
from idh_tasks.pipelines.preprocess.cut_patches import (
    ADC_UNIT,
    OF_THE_BRAIN,
    OF_WHITE_MATTER,
    CutPatch,
    PatchCutter,
    Seen,
)
from idh_tasks.pipelines.preprocess.series_images import SourceImage
from idh_tasks.pipelines.preprocess.study_images import AlignedImage, Reference
from idh_tasks.settings import ImagingSettings
from tests.factories import ball, geometry

SHAPE = (8, 40, 40)
BRAIN, TUMOUR = ball(SHAPE, 18), ball(SHAPE, 3)
IMAGE = np.where(TUMOUR, 1200, np.random.default_rng(1).normal(800, 100, SHAPE)).astype(np.float32)
CENTRE = (32, 32)


def cut(
    sequence: MrSequence,
    scale: Literal["normalised", "absolute"],
    provenance: Provenance = Provenance.VENDOR,
    seen: Seen = lambda *_: None,
    normalisation: Literal["brain_zscore", "tumour_mean"] = "brain_zscore",
) -> CutPatch:
    """Cut a patch from an image with 1200 in the tumour, 800 around it."""
    volume = Volume(IMAGE, geometry(SHAPE))
    series = SeriesRecord(SeriesId("s"), Identification(sequence, Confidence.HIGH, ""), "s", "", 1)
    images: Any = SimpleNamespace(
        settings=ImagingSettings(adc_scale=scale, normalisation=normalisation),
        source=lambda _: SourceImage(volume, volume, provenance, series),
        aligned=lambda _: AlignedImage(IMAGE, np.ones(SHAPE, dtype=bool), IDENTITY),
        reference=Reference(MrSequence.MPRAGE, volume),
        registration=lambda _: IDENTITY,
        brain=BRAIN,
        brain_mask=BrainMask(BRAIN, "drawn", (), {}),
    )
    outline: Any = SimpleNamespace(
        mask=TUMOUR, drawn_on=(MrSequence.T2,), kind="NIfTI", sha256="", agreement=Agreement({}), figures={}
    )
    return PatchCutter(images, outline, seen).cut(sequence)


def patch_centre(sequence: MrSequence, scale: Literal["normalised", "absolute"]) -> float:
    """Return the value in the middle of a patch."""
    return float(cut(sequence, scale).patch[CENTRE])


@pytest.mark.parametrize(
    ("sequence", "provenance", "white_matter", "units"),
    [
        (MrSequence.T2, Provenance.ACQUIRED, True, [""]),
        (MrSequence.ADC, Provenance.VENDOR, True, [ADC_UNIT]),
        (MrSequence.RCBV, Provenance.COMPUTED, True, [OF_THE_BRAIN, OF_WHITE_MATTER]),
        (MrSequence.RCBV, Provenance.VENDOR, True, ["", OF_WHITE_MATTER]),
        (MrSequence.RCBV, Provenance.VENDOR, False, [""]),
    ],
)
def test_an_image_is_drawn_with_the_unit_of_its_values(
    monkeypatch: pytest.MonkeyPatch, sequence: MrSequence, provenance: Provenance, white_matter: bool, units: list[str]
) -> None:
    def relative(rcbv: Float, *_: object) -> NormalisedRcbv:
        return (
            NormalisedRcbv(np.asarray(rcbv / 800, dtype=np.float32), 5.0)
            if white_matter
            else NormalisedRcbv(rcbv, 0.1, (Code.W_RCBV_REFERENCE,))
        )

    monkeypatch.setattr(cut_patches, "normalise_rcbv", relative)
    drawn: list[tuple[float, str]] = []
    cut(sequence, "normalised", provenance, lambda _, image, unit: drawn.append((float(image.voxels.max()), unit)))
    assert [unit for _, unit in drawn] == units
    assert (drawn[-1][0] < 2) is (units[-1] == OF_WHITE_MATTER)


@pytest.mark.parametrize("normalisation", ["brain_zscore", "tumour_mean"])
def test_a_patch_of_rcbv_does_not_depend_on_the_tissue_to_which_it_is_relative(
    monkeypatch: pytest.MonkeyPatch, normalisation: Literal["brain_zscore", "tumour_mean"]
) -> None:
    patches = []
    for median in (1, 800):
        relative = NormalisedRcbv(np.asarray(IMAGE / median, dtype=np.float32), 5.0)
        monkeypatch.setattr(cut_patches, "normalise_rcbv", lambda *_, relative=relative: relative)
        patches.append(cut(MrSequence.RCBV, "normalised", normalisation=normalisation))
    assert patches[0].roi_mean == pytest.approx(800 * patches[1].roi_mean)
    assert np.allclose(patches[0].patch, patches[1].patch, atol=1e-4)


def test_an_absolute_adc_keeps_its_unit() -> None:
    assert patch_centre(MrSequence.ADC, "absolute") == pytest.approx(1.2)


@pytest.mark.parametrize(
    ("sequence", "scale"), [(MrSequence.ADC, "normalised"), (MrSequence.T2, "absolute"), (MrSequence.T2, "normalised")]
)
def test_every_other_patch_is_normalised(sequence: MrSequence, scale: Literal["normalised", "absolute"]) -> None:
    inside = IMAGE[BRAIN]
    assert patch_centre(sequence, scale) == pytest.approx((1200 - np.median(inside)) / inside.std(), rel=1e-3)
