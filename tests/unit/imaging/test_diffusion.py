"""From the instances of a diffusion series to the ADC: directions, motion and what is recorded."""

from collections.abc import Sequence

import numpy as np
import pytest
import SimpleITK as sitk
from pydicom import Dataset
from scipy.ndimage import gaussian_filter

from idh_tasks.codes import Code
from idh_tasks.domain.volume import Float, Series4D, Volume
from idh_tasks.imaging.diffusion import adc_of, compute_adc, direction_imbalance
from idh_tasks.imaging.dwi_motion import align_to_lowest_b
from idh_tasks.imaging.itk import from_image, to_image
from idh_tasks.settings import ImagingSettings
from tests.factories import directional_signals, directions, fibre_tensor, geometry, instance

TRACT = fibre_tensor((1, 1, 0))
SETTINGS = ImagingSettings()
SHAPE = (24, 40, 44)


def series(gradients: np.ndarray, b: float = 1000.0, stated: bool = True) -> list[Dataset]:
    """Return four slices of an aligned tract: b = 0 and one image for each gradient direction."""
    signals = [1000.0, *directional_signals(TRACT, gradients, b)]
    found = []
    for z in range(4):
        for number, signal in enumerate(signals):
            pixels = np.full((8, 8), round(10 * signal), dtype=np.uint16)
            pixels[0] = 0
            ds = instance(ImagePositionPatient=[0, 0, 3.0 * z], InstanceNumber=number, PixelData=pixels.tobytes())
            ds.DiffusionBValue, ds.InPlanePhaseEncodingDirection = b if number else 0.0, "COL"
            if number and stated:
                ds.DiffusionGradientOrientation = gradients[number - 1].tolist()
            found.append(ds)
    return found


def adc(instances: Sequence[Dataset]) -> float:
    return float(np.median(compute_adc(instances, SETTINGS).adc.voxels[:, 1:]))


@pytest.mark.parametrize("gradients", [np.eye(3), directions(12), directions(30)])
def test_the_adc_of_an_aligned_tract_is_its_mean_diffusivity(gradients: np.ndarray) -> None:
    assert adc(series(gradients)) == pytest.approx(np.trace(TRACT) / 3, rel=0.01)
    assert Code.W_DIRECTIONS not in compute_adc(series(gradients), SETTINGS).flags


@pytest.mark.parametrize("gradients", [np.eye(3)[:1], np.eye(3)[:2], directions(12, squeeze=0.01)])
def test_directions_that_miss_an_axis_are_flagged(gradients: np.ndarray) -> None:
    computed = compute_adc(series(gradients), SETTINGS)
    assert Code.W_DIRECTIONS in computed.flags
    assert computed.figures["direction_imbalance"] > 0.3


def test_images_without_a_stated_direction_count_as_traces() -> None:
    instances = series(np.eye(3), stated=False)
    assert direction_imbalance(instances) == 0
    assert adc(instances) == pytest.approx(np.trace(TRACT) / 3, rel=0.01)


def test_the_phase_encoding_axis_is_recorded_in_the_patient() -> None:
    figures = compute_adc(series(np.eye(3)), SETTINGS).figures
    assert [figures[f"phase_encoding_{axis}"] for axis in "xyz"] == [0, 1, 0]
    assert "phase_encoding_reversed" not in figures


@pytest.mark.parametrize(("stated", "backwards"), [("LINEAR", 0), ("REVERSE_LINEAR", 1)])
def test_the_polarity_is_recorded_where_it_is_stated(stated: str, backwards: float) -> None:
    instances = series(np.eye(3))
    for ds in instances:
        ds.RectilinearPhaseEncodeReordering = stated
    assert compute_adc(instances, SETTINGS).figures["phase_encoding_reversed"] == backwards


def head_over_b(seed: int = 1) -> tuple[Series4D, Float]:
    """Return an oval head with fluid and tissue over b = 0 and 1000, and its ADC."""
    z, y, x = np.indices(SHAPE)
    radius = ((z - 11.5) / 10) ** 2 + ((y - 19.5) / 16) ** 2 + ((x - 21.5) / 13) ** 2
    folds = gaussian_filter(np.random.default_rng(seed).standard_normal(SHAPE), 2.5)
    fluid = (folds > 1.2 * folds.std()) | (((y - 17) / 6) ** 2 + ((x - 21.5) / 2) ** 2 + ((z - 13) / 4) ** 2 < 1)
    s0 = np.where(radius < 1, np.where(fluid, 1800, np.where(folds > 0, 800, 650)), 0)
    adc_map = np.where(fluid, 3000.0, 800.0)
    images = np.stack([s0 * np.exp(-b * 1e-6 * adc_map) for b in (0, 1000)])
    smooth = np.stack([gaussian_filter(image, 0.6) for image in images])
    return Series4D(smooth.astype(np.float32), geometry(SHAPE, 4.0), (0.0, 1000.0), 80.0), adc_map


def moved(dwi: Series4D, degrees: Sequence[float], mm: Sequence[float]) -> Series4D:
    """Return the series with the head moved before its last volume, and Rician noise."""
    transform = sitk.Euler3DTransform()
    transform.SetCenter(dwi.geometry.centre().tolist())
    transform.SetParameters([*np.deg2rad(degrees).tolist(), *mm])
    image = to_image(Volume(dwi.voxels[-1], dwi.geometry))
    last = from_image(sitk.Resample(image, image, transform, sitk.sitkLinear, 0.0)).voxels
    clean = np.concatenate([dwi.voxels[:-1], last[None]])
    real, imaginary = 8 * np.random.default_rng(2).standard_normal((2, *clean.shape))
    return Series4D(np.hypot(clean + real, imaginary).astype(np.float32), dwi.geometry, dwi.steps, 80.0)


@pytest.mark.parametrize(("degrees", "mm"), [((0, 0, 4), (3, 4, 1)), ((3, 0, 0), (0, -5, 4))])
def test_motion_between_b_values_is_corrected_and_flagged(degrees: Sequence[float], mm: Sequence[float]) -> None:
    dwi, truth = head_over_b()
    disturbed = moved(dwi, degrees, mm)
    inside = dwi.voxels[0] > 400
    uncorrected = np.abs(adc_of(moved(dwi, (0, 0, 0), (0, 0, 0)), SETTINGS).adc.voxels - truth)[inside].mean()
    computed = adc_of(disturbed, SETTINGS)
    planted_mm = float(np.linalg.norm(mm)) + 60 * float(np.deg2rad(np.abs(degrees).sum()))
    assert Code.W_DWI_MOTION in computed.flags
    assert 0.6 * planted_mm < computed.figures["movement_mm"] < 1.2 * planted_mm
    assert np.abs(computed.adc.voxels - truth)[inside].mean() < uncorrected + 120


def test_a_head_at_rest_is_not_resampled_nor_flagged() -> None:
    dwi = moved(head_over_b()[0], (0, 0, 0), (0, 0, 0))
    aligned, movement_mm = align_to_lowest_b(dwi)
    assert movement_mm < 1.0
    assert Code.W_DWI_MOTION not in adc_of(dwi, SETTINGS).flags
    assert aligned.voxels.shape == dwi.voxels.shape


def test_a_series_too_small_to_be_registered_is_left_as_it_is() -> None:
    dwi, _ = head_over_b()
    small = Series4D(dwi.voxels[:, :3], geometry((3, 40, 44)), dwi.steps, 80.0)
    aligned, movement_mm = align_to_lowest_b(small)
    assert aligned is small
    assert np.isnan(movement_mm)
