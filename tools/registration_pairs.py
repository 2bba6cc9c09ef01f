"""Draws heads and scans them, to measure the gate of registration: every series has its own motion, grid and noise."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy import ndimage

from idh_tasks.domain.pathology import IdhStatus
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.domain.volume import Float, Volume, triple
from idh_tasks.phantom.acquisition import Displacement, acquire, grid_of, random_displacement, sample
from idh_tasks.phantom.anatomy import Anatomy
from idh_tasks.phantom.patient import PatientPlan, draw_anatomy, draw_properties, draw_texture
from idh_tasks.phantom.protocol import Recipe
from idh_tasks.phantom.tissue import Tissue
from idh_tasks.phantom.variant import VARIANTS, Variant
from tools.phantom_scan import anatomy_of

ECHO_PLANAR = (MrSequence.DWI, MrSequence.DSC, MrSequence.ADC)
MOVING = (MrSequence.T1, MrSequence.T2, MrSequence.FLAIR, *ECHO_PLANAR)
MOTIONS = (3.0, 10.0, 15.0)
"""Bounds of the motion in mm along, and in degrees about every axis."""
DISTORTIONS_MM = (0.0, 2.0, 4.0, 7.0)
"""Largest shifts of echo-planar images along their phase-encoding axis."""
NOISE = 0.03
"""Largest standard deviation of the added noise, relative to the peak."""
TIME_POINTS = 5
"""Volumes of a DSC series before the bolus; the others do not take part in registration."""
MARROW_MM = 2.5
"""Depth in the skull below which there is fatty marrow."""


@dataclass(frozen=True)
class Series:
    """One series of a patient, how the head lay in it, and the largest shift by distortion."""

    volume: Volume
    displacement: Displacement
    distortion_mm: float = 0.0


@dataclass(frozen=True)
class Head:
    """The scans of one head; `kind` says where its anatomy is from, `name` is the same for its mirror image."""

    kind: str
    name: str
    series: dict[MrSequence, Series]


def phantom(number: int, seed: int) -> Head:
    """Scan a synthetic head of any size, age and tumour; every second one has marrow in its skull."""
    variant = _individual(np.random.default_rng([seed, number]))
    plan = PatientPlan(number, seed, IdhStatus.WILDTYPE, None, None, 0.0, 0.0, variant)
    anatomy = draw_anatomy(plan)
    if number % 2:
        return Head("phantom", f"phantom {number}", _scan(plan, anatomy))
    return Head("phantom with marrow", f"phantom {number}", _scan(plan, with_marrow(anatomy)))


def real(number: int, seed: int, folder: Path) -> Head:
    """Scan a real, skull-stripped head of a folder in BraTS layout, or its mirror image."""
    plan = PatientPlan(number, seed, IdhStatus.WILDTYPE, None, folder, 0.0, 0.0)
    cases = sorted({file.parent.name for file in folder.rglob("*_seg.nii.gz")})
    return Head("real head", cases[number % len(cases)], _scan(plan, draw_anatomy(plan)))


def with_marrow(anatomy: Anatomy) -> Anatomy:
    """Return a head whose skull is fatty, and as bright as the scalp, between its two tables."""
    skull = anatomy.labels == Tissue.SKULL
    deep = ndimage.distance_transform_edt(skull, anatomy.geometry.spacing_mm[::-1]) > MARROW_MM
    return replace(anatomy, labels=np.where(deep, Tissue.SCALP, anatomy.labels).astype(np.uint8))


def varied(recipe: Recipe, rng: np.random.Generator) -> Recipe:
    """Return a recipe with another contrast, and a coarser or finer grid of about the same extent."""
    tr, te = rng.uniform(0.8, 1.25, 2)
    timing = replace(recipe.timing, tr=recipe.timing.tr * tr, te=recipe.timing.te * te)
    still = recipe.sequence is MrSequence.MPRAGE
    scale = np.array(rng.uniform(0.7, 1.1, 3)) if not still else np.full(3, rng.uniform(1.0, 1.4))
    x, y, z = (float(mm * factor) for mm, factor in zip(recipe.spacing_mm, scale, strict=True))
    slices, rows, columns = (max(8, round(n / f)) for n, f in zip(recipe.size, scale[::-1], strict=True))
    shortened = replace(recipe, b_values=recipe.b_values[:1], time_points=min(TIME_POINTS, recipe.time_points))
    return replace(shortened, timing=timing, size=(slices, rows, columns), spacing_mm=(x, y, z))


def distorted(volume: Volume, largest_mm: float, rng: np.random.Generator) -> Volume:
    """Shift an axial image along its rows, most of all above the sinuses and the petrous bones."""
    grid = volume.geometry
    axes = [(np.arange(n) - (n - 1) / 2) * s for n, s in zip(grid.shape, grid.spacing_mm[::-1], strict=True)]
    z, y, x = np.meshgrid(*axes, indexing="ij")
    places = (((0, -60, -35), 22.0, 1.0), ((45, 0, -40), 18.0, 0.6), ((-45, 0, -40), 18.0, 0.6))
    bumps = (w * np.exp(-((x - a) ** 2 + (y - b) ** 2 + (z - c) ** 2) / (2 * mm**2)) for (a, b, c), mm, w in places)
    smooth = ndimage.gaussian_filter(rng.standard_normal(grid.shape), [25 / s for s in grid.spacing_mm[::-1]])
    field = sum(bumps) + 0.12 * smooth / smooth.std()
    shift = largest_mm * field * rng.choice((-1, 1)) / grid.spacing_mm[1]
    places_of = np.indices(grid.shape).astype(float)
    places_of[1] += shift
    denser = np.clip(1 + np.gradient(shift, axis=1), 0.2, 3)
    moved = ndimage.map_coordinates(volume.voxels, places_of, order=1, mode="nearest")
    return Volume((moved * denser).astype(np.float32), grid)


def _individual(rng: np.random.Generator) -> Variant:
    return replace(
        VARIANTS[int(rng.integers(len(VARIANTS)))],
        size=triple(rng.normal(1, 0.035, 3) * rng.normal(1, 0.02)),
        ventricles=float(np.exp(rng.normal(0, 0.25))),
        sulci=float(np.exp(rng.normal(0, 0.3))),
        subarachnoid_mm=float(rng.uniform(1, 2.4)),
        thick_slices=False,
    )


def _scan(plan: PatientPlan, anatomy: Anatomy) -> dict[MrSequence, Series]:
    rng, texture = plan.rng("scan"), draw_texture(plan, anatomy.labels.shape)
    return {sequence: _series(plan, anatomy, texture, sequence, rng) for sequence in (MrSequence.MPRAGE, *MOVING)}


def _series(
    plan: PatientPlan, anatomy: Anatomy, texture: Float, sequence: MrSequence, rng: np.random.Generator
) -> Series:
    bound = 0.0 if sequence is MrSequence.MPRAGE else float(rng.choice(MOTIONS))
    displacement = random_displacement(rng, bound, bound)
    volume = _acquired(plan, anatomy, texture, sequence, displacement, rng)
    largest_mm = float(rng.choice(DISTORTIONS_MM)) if sequence in ECHO_PLANAR else 0.0
    if largest_mm:
        volume = distorted(volume, largest_mm, rng)
    return Series(_biased(_noisy(volume, rng), rng), displacement, largest_mm)


def _acquired(
    plan: PatientPlan,
    anatomy: Anatomy,
    texture: Float,
    sequence: MrSequence,
    displacement: Displacement,
    rng: np.random.Generator,
) -> Volume:
    """Acquire the volume by which a series is registered; an ADC map is delivered without its DWI."""
    biology = draw_properties(plan)
    if sequence is not MrSequence.ADC:
        recipe = varied(plan.recipe(sequence), rng)
        return anatomy_of(acquire(anatomy, biology, recipe, displacement, texture, rng), sequence)
    grid = grid_of(varied(plan.recipe(MrSequence.DWI), rng))
    table = np.array([biology.properties()[tissue].adc for tissue in Tissue], dtype=np.float32)
    slices = round(grid.spacing_mm[2] / anatomy.geometry.spacing_mm[2])
    thick = ndimage.uniform_filter1d(table[anatomy.labels] * texture, slices, axis=0)
    return Volume(sample(thick, anatomy.geometry, grid, displacement), grid)


def _noisy(volume: Volume, rng: np.random.Generator) -> Volume:
    level = rng.uniform(0, NOISE) * float(np.percentile(volume.voxels, 99.8))
    real_part, imaginary = rng.standard_normal((2, *volume.voxels.shape), dtype=np.float32) * level
    return Volume(np.hypot(volume.voxels + real_part, imaginary).astype(np.float32), volume.geometry)


def _biased(volume: Volume, rng: np.random.Generator) -> Volume:
    """Make two images of five brighter on one side."""
    if rng.random() > 0.4:
        return volume
    left, right = rng.permutation((rng.uniform(0.6, 1), rng.uniform(1, 1.3))).tolist()
    bias = np.linspace(left, right, volume.voxels.shape[2], dtype=np.float32)
    return Volume(np.asarray(volume.voxels * bias, dtype=np.float32), volume.geometry)
