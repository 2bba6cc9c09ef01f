"""Grows tumours along the white matter of healed real heads: a second generator, by which no classifier is trained."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import SimpleITK as sitk
from numpy.random import Generator
from scipy import ndimage

from idh_tasks.domain.volume import Float, Mask
from tools.outline_training.heads import Head

KINDS = ("ring", "low-grade", "cyst", "two foci", "butterfly", "small", "temporal", "large")
ML = {"small": (3, 10), "two foci": (20, 60), "large": (120, 220)}
USUAL_ML = (20, 120)
CORE = {"low-grade": (0.0, 0.0), "cyst": (0.3, 0.6)}
USUAL_CORE = (0.08, 0.35)
"""Fraction of the tumour within its rim."""
NEVER = 1e-6
"""Speed outside the brain, where nothing grows; other speeds are about 1."""
VOXELS_PER_ML = 125


@dataclass(frozen=True)
class Site:
    """Where a tumour may grow: tissue without fluid, its speed of growth, depth and distance from the midline in mm."""

    tissue: Mask
    speed: Float
    depth_mm: Float
    lateral_mm: Float
    height: Float


def grow(head: Head, kind: str, rng: Generator) -> Head:
    """Return the head with a tumour, thick slices, a slope of intensity and Rician noise."""
    site = _site(head, rng)
    seeds = _seeds(site, kind, rng)
    time = _arrival(site, seeds)
    count = int(np.exp(rng.uniform(*np.log(ML.get(kind, USUAL_ML)))) * VOXELS_PER_ML)
    end = float(np.partition(time[site.tissue], count)[count])
    tumour = ndimage.binary_closing(time <= end) & site.tissue
    images = _infiltrated(head, tumour, np.clip((end - time) / (end * rng.uniform(0.04, 0.25)), 0, 1), rng)
    core = _core(tumour, seeds, rng.uniform(*CORE.get(kind, USUAL_CORE)), rng)
    images = _with_core(images, core, kind, rng) if core.any() else images
    return _scanned(replace(head, images=images, tumour=tumour), rng)


def _field(shape: tuple[int, ...], width: float, rng: Generator) -> Float:
    field = ndimage.gaussian_filter(rng.standard_normal(shape).astype(np.float32), width)
    return np.asarray(field / field.std())


def _site(head: Head, rng: Generator) -> Site:
    t2, flair, t1c = (head.images[name] for name in ("t2", "flair", "t1ce"))
    tissue = head.brain & ~((t2 > 1.6) & (flair < 0.85))
    whiteness = ndimage.gaussian_filter(t1c / np.maximum(t2, 0.2), 0.7)
    low, high = np.quantile(whiteness[tissue], (0.3, 0.7))
    white = np.clip((whiteness - low) / (high - low), 0, 1)
    varied = np.exp(0.5 * _field(t2.shape, 5, rng) + 0.25 * _field(t2.shape, 2, rng))
    speed = np.where(head.brain, np.where(tissue, 0.15 + white, 0.005) * varied, NEVER).astype(np.float32)
    heights, _, columns = np.indices(t2.shape)
    rows = np.nonzero(head.brain.any(axis=(1, 2)))[0]
    lateral_mm = 2 * np.abs(columns - ndimage.center_of_mass(head.brain)[2])
    depth_mm = (2 * ndimage.distance_transform_edt(head.brain)).astype(np.float32)
    return Site(tissue, speed, depth_mm, lateral_mm, (heights - rows[0]) / (rows[-1] - rows[0]))


def _seeds(site: Site, kind: str, rng: Generator) -> Float:
    """Return the voxels, of shape (foci, 3), from which the tumour grows."""
    middle = (site.height > 0.25) & (site.height < 0.8) & (site.depth_mm > 8)
    zones = {
        "butterfly": middle & (site.lateral_mm < 10) & (site.depth_mm > 22),
        "temporal": (site.height > 0.12) & (site.height < 0.35) & (site.depth_mm > 8) & (site.lateral_mm > 28),
    }
    places = np.argwhere(site.tissue & zones.get(kind, middle & (site.lateral_mm > 16)))
    first = places[rng.integers(len(places))]
    distance_mm = 2 * np.linalg.norm(places - first, axis=1)
    others = places[(distance_mm > 28) & (distance_mm < 70)]
    return np.stack([first, others[rng.integers(len(others))]][: 1 + (kind == "two foci")])


def _arrival(site: Site, seeds: Float) -> Float:
    """Return when a front that starts at the seeds reaches each voxel."""
    marching = sitk.FastMarchingImageFilter()
    marching.SetTrialPoints([tuple(int(x) for x in seed[::-1]) for seed in seeds])
    return sitk.GetArrayFromImage(marching.Execute(sitk.GetImageFromArray(site.speed.astype(np.float64))))


def _infiltrated(head: Head, tumour: Mask, front: Float, rng: Generator) -> dict[str, Float]:
    texture = 1 + 0.2 * _field(front.shape, 1.5, rng)
    amount = ndimage.gaussian_filter(front * tumour, 0.6) * texture
    change = {"flair": rng.uniform(0.35, 1.1), "t2": rng.uniform(0.35, 1.2), "t1ce": -rng.uniform(0.08, 0.3)}
    return {name: (image * (1 + change[name] * amount)).astype(np.float32) for name, image in head.images.items()}


def _core(tumour: Mask, seeds: Float, share: float, rng: Generator) -> Mask:
    """Return the part of the tumour near the seeds."""
    grid = np.moveaxis(np.indices(tumour.shape), 0, -1)
    distance = np.min([np.linalg.norm(grid - seed, axis=-1) for seed in seeds], axis=0)
    distance = distance * (1 + 0.2 * _field(tumour.shape, 4, rng))
    return np.asarray(tumour & (distance < np.quantile(distance[tumour], share)))


def _with_core(images: Mapping[str, Float], core: Mask, kind: str, rng: Generator) -> dict[str, Float]:
    """Paint a rim and what it contains."""
    inner = ndimage.distance_transform_edt(core) > rng.uniform(0.8, 2.5)
    inside = ndimage.gaussian_filter(inner.astype(np.float32), 0.5)
    rim = np.clip(ndimage.gaussian_filter(core.astype(np.float32), 0.5) - inside, 0, 1)
    dull = kind == "cyst" and rng.random() < 0.5
    outer = {
        "flair": rng.uniform(1.1, 1.6),
        "t2": rng.uniform(1.0, 1.7),
        "t1ce": 0.9 if dull else rng.uniform(1.2, 2.1),
    }
    fluid = {"flair": rng.uniform(0.25, 1.0), "t2": rng.uniform(2.0, 3.0), "t1ce": rng.uniform(0.35, 0.6)}
    necrosis = {"flair": rng.uniform(0.5, 1.6), "t2": rng.uniform(1.2, 2.4), "t1ce": rng.uniform(0.5, 0.9)}
    filling = fluid if kind == "cyst" else necrosis
    return {n: image * (1 - rim - inside) + rim * outer[n] + inside * filling[n] for n, image in images.items()}


def _scanned(head: Head, rng: Generator) -> Head:
    thickness, direction = int(rng.choice((1, 2, 3))), rng.normal(size=3)
    axes = np.meshgrid(*(np.linspace(-1, 1, n) for n in head.brain.shape), indexing="ij", sparse=True)
    slope = sum(part * axis for part, axis in zip(direction / np.linalg.norm(direction), axes, strict=True))
    images = {}
    for name, image in head.images.items():
        thick = image if name == "t1ce" else _thick(image, thickness)
        noise = rng.uniform(0.01, 0.06) * rng.standard_normal((2, *image.shape))
        seen = np.hypot(thick * np.exp(rng.uniform(0, 0.35) * slope) + noise[0], noise[1])
        images[name] = (seen * head.brain * rng.uniform(30, 2000)).astype(np.float32)
    return replace(head, images=images)


def _thick(image: Float, count: int) -> Float:
    """Average so many slices, keep each such average once, and interpolate between them."""
    slices = ndimage.uniform_filter1d(image, count, axis=0)[::count]
    where = np.arange(image.shape[0]) / count
    below = np.minimum(where.astype(int), len(slices) - 1)
    above, share = np.minimum(below + 1, len(slices) - 1), (where % 1)[:, None, None]
    return np.asarray(slices[below] * (1 - share) + slices[above] * share, dtype=np.float32)
