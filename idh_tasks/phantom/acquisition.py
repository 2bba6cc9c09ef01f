"""Acquires a series: signal on the anatomy, seen through a rigid displacement, with noise."""

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


@dataclass(frozen=True)
class Displacement:
    """Rigid motion of the head during one series: Euler angles in degrees, shift in mm."""

    angles_deg: Triple = (0.0, 0.0, 0.0)
    shift_mm: Triple = (0.0, 0.0, 0.0)

    def matrix(self) -> NDArray[np.float64]:
        """Return the 3×3 rotation that maps a scanner position to the anatomy's."""
        return Rotation.from_euler("xyz", self.angles_deg, degrees=True).as_matrix()


@dataclass(frozen=True)
class Acquired:
    """Frames (steps, z, y, x) of one series on its own grid."""

    frames: NDArray[np.int16]
    geometry: Geometry


def random_displacement(rng: np.random.Generator, degrees: float, mm: float) -> Displacement:
    """Draw a displacement with each component uniform within the given bounds."""
    angles = rng.uniform(-degrees, degrees, 3)
    shift = rng.uniform(-mm, mm, 3)
    return Displacement(triple(angles), triple(shift))


def grid_of(recipe: Recipe) -> Geometry:
    """Return the grid of a recipe, centred on the patient's origin."""
    direction = SAGITTAL if recipe.plane is Plane.SAGITTAL else AXIAL
    at_zero = Geometry(recipe.size, recipe.spacing_mm, (0.0, 0.0, 0.0), direction)
    origin = -at_zero.centre()
    return Geometry(recipe.size, recipe.spacing_mm, triple(origin), direction)


def sample(image: Float, source: Geometry, target: Geometry, moved: Displacement) -> Float:
    """Sample an image of the anatomy on a grid, the head being displaced.

    Parameters
    ----------
    image
        Shape (z, y, x) on `source`.
    target
        Grid of the series.
    moved
        A point p of the grid shows the anatomy at R·p + shift.
    """
    to_source = np.linalg.inv(source.axes()) @ moved.matrix()
    matrix = to_source @ target.axes()
    start = to_source @ np.array(target.origin_mm) + np.linalg.inv(source.axes()) @ (
        np.array(moved.shift_mm) - np.array(source.origin_mm)
    )
    flipped = ndimage.affine_transform(image, matrix[::-1, ::-1], start[::-1], target.shape, order=1, mode="constant")
    return np.asarray(flipped, dtype=np.float32)


def _thick(image: Float, source: Geometry, target: Geometry) -> Float:
    """Average over the slice, so that thick slices have partial volume; the slab lies about its middle."""
    width = target.spacing_mm[2] / source.spacing_mm[2]
    if width < 2 or target.direction != AXIAL:
        return image
    reach = int(np.ceil((width - 1) / 2))
    weights = np.clip((width + 1) / 2 - np.abs(np.arange(-reach, reach + 1)), 0, 1)
    return np.asarray(ndimage.correlate1d(image, weights / weights.sum(), axis=0))


def _clean_frames(anatomy: Anatomy, biology: Biology, recipe: Recipe, texture: Float) -> list[Float]:
    tissues = biology.properties()
    if recipe.b_values:
        tables = [{t: diffusion(p, recipe.timing, b) for t, p in tissues.items()} for b in recipe.b_values]
    else:
        real = anatomy.images.get(recipe.sequence)
        if real is not None:
            return [real]
        tables = [{t: magnitude(p, recipe.timing) for t, p in tissues.items()}]
    return [lookup(anatomy.labels, table) * texture for table in tables]


def _over_time(tissues: dict[Tissue, Properties], recipe: Recipe) -> list[dict[Tissue, float]]:
    step_s = recipe.timing.tr / 1000
    concentration = bolus(np.arange(recipe.time_points, dtype=np.float64) * step_s, arrival_s=14.0)
    curves = {
        tissue: perfusion(p, recipe.timing, relaxation_change(p, concentration, step_s))
        for tissue, p in tissues.items()
    }
    return [{t: float(c[k]) for t, c in curves.items()} for k in range(recipe.time_points)]


def mixtures(anatomy: Anatomy, grid: Geometry, moved: Displacement, texture: Float) -> list[Float]:
    """Return the share of each tissue in every voxel of the grid, weighted by the texture."""
    return [
        sample(
            _thick((anatomy.labels == tissue).astype(np.float32) * texture, anatomy.geometry, grid),
            anatomy.geometry,
            grid,
            moved,
        )
        for tissue in Tissue
    ]


def acquire(
    anatomy: Anatomy,
    biology: Biology,
    recipe: Recipe,
    moved: Displacement,
    texture: Float,
    rng: np.random.Generator,
) -> Acquired:
    """Acquire one series.

    Parameters
    ----------
    texture
        Multiplies the signal voxel by voxel on the grid of the anatomy: tissue is not flat.

    Returns
    -------
    Acquired
        Frames of int16 with a peak of about 900.
    """
    grid = grid_of(recipe)
    if recipe.time_points:
        shares = mixtures(anatomy, grid, moved, texture)
        tables = _over_time(biology.properties(), recipe)
        frames = np.stack([sum(share * table[t] for t, share in zip(Tissue, shares, strict=True)) for table in tables])
    else:
        clean = _clean_frames(anatomy, biology, recipe, texture)
        frames = np.stack([sample(_thick(f, anatomy.geometry, grid), anatomy.geometry, grid, moved) for f in clean])
    return Acquired(_detect(np.asarray(frames, dtype=np.float32), rng), grid)


def _detect(frames: Float, rng: np.random.Generator) -> NDArray[np.int16]:
    """Scale to the detector's range and add Rician noise."""
    scaled = frames * (PEAK / np.percentile(frames[0], 99.8))
    real, imaginary = rng.standard_normal((2, *frames.shape), dtype=np.float32) * (NOISE * PEAK)
    return np.clip(np.hypot(scaled + real, imaginary), 0, 32767).astype(np.int16)
