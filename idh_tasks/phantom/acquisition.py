"""Acquires a series: the signal of a rigidly displaced anatomy, with noise."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial.transform import Rotation

from idh_tasks.domain.volume import Float, Geometry, Triple, triple
from idh_tasks.phantom.anatomy import Anatomy
from idh_tasks.phantom.protocol import Plane, Recipe
from idh_tasks.phantom.signal import bolus, diffusion, magnitude, perfusion, relaxation_change
from idh_tasks.phantom.tissue import Biology, Properties, Tissue, lookup

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
SAGITTAL = (0.0, 0.0, -1.0, 1.0, 0.0, 0.0, 0.0, -1.0, 0.0)
PEAK = 900.0
NOISE = 0.012
"""Standard deviation of the noise, as a fraction of the peak."""


@dataclass(frozen=True)
class Displacement:
    """Rigid displacement of the head during one series: Euler angles in degrees, shift in mm."""

    angles_deg: Triple = (0.0, 0.0, 0.0)
    shift_mm: Triple = (0.0, 0.0, 0.0)

    def matrix(self) -> NDArray[np.float64]:
        """Return the 3×3 rotation from scanner to anatomy coordinates."""
        return Rotation.from_euler("xyz", self.angles_deg, degrees=True).as_matrix()


@dataclass(frozen=True)
class AcquiredSeries:
    """Frames (steps, z, y, x) of one series on its own grid."""

    frames: NDArray[np.int16]
    geometry: Geometry


def random_displacement(rng: np.random.Generator, degrees: float, mm: float) -> Displacement:
    """Draw a displacement whose components are uniform within the given bounds."""
    angles = rng.uniform(-degrees, degrees, 3)
    shift = rng.uniform(-mm, mm, 3)
    return Displacement(triple(angles), triple(shift))


def grid_of(recipe: Recipe) -> Geometry:
    """Return the grid of a recipe, centred on the patient's origin."""
    direction = SAGITTAL if recipe.plane is Plane.SAGITTAL else AXIAL
    at_zero = Geometry(recipe.size, recipe.spacing_mm, (0.0, 0.0, 0.0), direction)
    origin = -at_zero.centre()
    return Geometry(recipe.size, recipe.spacing_mm, triple(origin), direction)


def sample(image: Float, source: Geometry, target: Geometry, displacement: Displacement) -> Float:
    """Sample an image of the anatomy on a grid, with the head displaced.

    Parameters
    ----------
    image
        Shape (z, y, x) on `source`.
    target
        Grid of the series.
    displacement
        A point p of the grid shows the anatomy at R·p + shift.
    """
    to_source = np.linalg.inv(source.axes()) @ displacement.matrix()
    matrix = to_source @ target.axes()
    start = to_source @ np.array(target.origin_mm) + np.linalg.inv(source.axes()) @ (
        np.array(displacement.shift_mm) - np.array(source.origin_mm)
    )
    # ndimage counts axes as (z, y, x).
    sampled = ndimage.affine_transform(image, matrix[::-1, ::-1], start[::-1], target.shape, order=1, mode="constant")
    return np.asarray(sampled, dtype=np.float32)


def _averaged(image: Float, source: Geometry, target: Geometry) -> Float:
    """Average over a slab of the slice thickness around each voxel, which gives thick slices partial volume."""
    width = target.spacing_mm[2] / source.spacing_mm[2]
    if width < 2 or target.direction != AXIAL:
        return image
    reach = int(np.ceil((width - 1) / 2))
    weights = np.clip((width + 1) / 2 - np.abs(np.arange(-reach, reach + 1)), 0, 1)
    return np.asarray(ndimage.correlate1d(image, weights / weights.sum(), axis=0))


def _noise_free(anatomy: Anatomy, biology: Biology, recipe: Recipe, texture: Float) -> list[Float]:
    """Return the frames of a static or diffusion series on the grid of the anatomy."""
    tissues = biology.properties()
    if recipe.b_values:
        tables = [{t: diffusion(p, recipe.timing, b) for t, p in tissues.items()} for b in recipe.b_values]
    else:
        real_image = anatomy.images.get(recipe.sequence)
        if real_image is not None:
            return [real_image]
        tables = [{t: magnitude(p, recipe.timing) for t, p in tissues.items()}]
    return [lookup(anatomy.labels, table) * texture for table in tables]


def _signals_over_time(tissues: dict[Tissue, Properties], recipe: Recipe) -> list[dict[Tissue, float]]:
    """Return the signal of each tissue at every time point of a perfusion series."""
    step_s = recipe.timing.tr / 1000
    concentration = bolus(np.arange(recipe.time_points, dtype=np.float64) * step_s, arrival_s=14.0)
    curves = {
        tissue: perfusion(p, recipe.timing, relaxation_change(p, concentration, step_s))
        for tissue, p in tissues.items()
    }
    return [{t: float(c[k]) for t, c in curves.items()} for k in range(recipe.time_points)]


def mixtures(anatomy: Anatomy, grid: Geometry, displacement: Displacement, texture: Float) -> list[Float]:
    """Return the fraction of each tissue in every voxel of the grid, weighted by the texture."""
    return [
        sample(
            _averaged((anatomy.labels == tissue).astype(np.float32) * texture, anatomy.geometry, grid),
            anatomy.geometry,
            grid,
            displacement,
        )
        for tissue in Tissue
    ]


def acquire(
    anatomy: Anatomy,
    biology: Biology,
    recipe: Recipe,
    displacement: Displacement,
    texture: Float,
    rng: np.random.Generator,
) -> AcquiredSeries:
    """Acquire one series.

    Parameters
    ----------
    texture
        Multiplies the signal of every voxel on the grid of the anatomy, since tissue is not homogeneous.

    Returns
    -------
    AcquiredSeries
        Frames of int16 with a peak of about 900.
    """
    grid = grid_of(recipe)
    if recipe.time_points:
        fractions = mixtures(anatomy, grid, displacement, texture)
        tables = _signals_over_time(biology.properties(), recipe)
        frames = np.stack([sum(part * table[t] for t, part in zip(Tissue, fractions, strict=True)) for table in tables])
    else:
        images = _noise_free(anatomy, biology, recipe, texture)
        frames = np.stack(
            [sample(_averaged(one, anatomy.geometry, grid), anatomy.geometry, grid, displacement) for one in images]
        )
    return AcquiredSeries(_detect(np.asarray(frames, dtype=np.float32), rng), grid)


def _detect(frames: Float, rng: np.random.Generator) -> NDArray[np.int16]:
    """Scale to the detector's range and add Rician noise."""
    scaled = frames * (PEAK / np.percentile(frames[0], 99.8))
    real, imaginary = rng.standard_normal((2, *frames.shape), dtype=np.float32) * (NOISE * PEAK)
    return np.clip(np.hypot(scaled + real, imaginary), 0, 32767).astype(np.int16)
