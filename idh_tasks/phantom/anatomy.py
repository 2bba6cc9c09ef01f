"""Draws the head of a synthetic patient: scalp, skull, CSF, folded grey and white matter, and a tumour."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from idh_tasks.domain.volume import Float, Geometry, triple
from idh_tasks.phantom.tissue import Labels, Tissue
from idh_tasks.phantom.variant import STANDARD, TumourForm, Variant

GRID = Geometry(shape=(116, 140, 116), spacing_mm=(1.5, 1.5, 1.5), origin_mm=(-86.25, -104.25, -86.25))
"""The grid on which a head is drawn, centred on the origin of the patient coordinates."""

BRAIN_SEMI_AXES_MM = (64.0, 80.0, 61.0)
_MEAN_SEMI_AXIS_MM = 68.0


@dataclass(frozen=True)
class Anatomy:
    """Tissue labels of a head; `images` holds the real images by sequence if the anatomy is a real one."""

    labels: Labels
    geometry: Geometry
    images: dict[str, Float] = field(default_factory=dict)


def coordinates() -> tuple[Float, Float, Float]:
    """Return the x, y and z coordinates of the grid in mm, broadcastable to (z, y, x)."""
    z, y, x = (
        (np.arange(count, dtype=np.float32) * 1.5 + start)
        for count, start in zip(GRID.shape, GRID.origin_mm[::-1], strict=True)
    )
    return x[None, None, :], y[None, :, None], z[:, None, None]


def smooth_field(rng: np.random.Generator, sigma_mm: float) -> Float:
    """Return a random field of unit variance with the given correlation length."""
    noise = rng.standard_normal(GRID.shape, dtype=np.float32)
    smooth = ndimage.gaussian_filter(noise, sigma_mm / GRID.spacing_mm[0], truncate=3)
    return (smooth / smooth.std()).astype(np.float32)


def _ellipsoid(centre: tuple[float, float, float], semi: tuple[float, float, float]) -> Float:
    """Return the squared distance from a centre in units of the semi-axes: 1 on the surface of the ellipsoid."""
    x, y, z = coordinates()
    squared = sum(((axis - c) / s) ** 2 for axis, c, s in zip((x, y, z), centre, semi, strict=True))
    return np.asarray(squared, dtype=np.float32)


def _inside(centre: tuple[float, float, float], semi: tuple[float, float, float]) -> NDArray[np.bool_]:
    return _ellipsoid(centre, semi) < 1


def _both_sides(centre: tuple[float, float, float], semi: tuple[float, float, float]) -> NDArray[np.bool_]:
    x, y, z = centre
    return _inside((x, y, z), semi) | _inside((-x, y, z), semi)


def _depth_mm(rng: np.random.Generator) -> Float:
    """Return the depth below the surface of the brain, negative outside."""
    semi = tuple(axis * rng.normal(1, 0.03) for axis in BRAIN_SEMI_AXES_MM)
    radius = np.sqrt(_ellipsoid((0.0, 0.0, 0.0), (semi[0], semi[1], semi[2])))
    return (1 - radius) * _MEAN_SEMI_AXIS_MM + 1.2 * smooth_field(rng, 15)


def _fluid(rng: np.random.Generator, depth: Float, variant: Variant) -> NDArray[np.bool_]:
    x, y, z = coordinates()
    wide = variant.ventricles
    # The zero set of a smooth random field is a folded sheet, like a sulcus.
    sulci = (np.abs(smooth_field(rng, 4.2)) < 0.16 * variant.sulci) & (depth < 15)
    fissure = (np.abs(x) < 1.1) & ((z > 18) | (np.abs(y) > 42)) & (depth < 45)
    ventricles = _both_sides((11.0, -2.0, 12.0), (6.0 * wide, 30.0 * wide, 8.0 * wide))
    horns = _both_sides((24.0, 30.0, 2.0), (6.0 * wide, 14.0 * wide, 7.0 * wide))
    third = _inside((0.0, 6.0, -2.0), (2.0 * wide, 11.0, 9.0))
    return sulci | fissure | ventricles | horns | third


def _deep_grey() -> NDArray[np.bool_]:
    thalamus = _both_sides((12.0, 10.0, -1.0), (8.0, 13.0, 8.0))
    caudate = _both_sides((17.0, -20.0, 8.0), (5.0, 11.0, 9.0))
    putamen = _both_sides((27.0, -5.0, -1.0), (5.0, 16.0, 9.0))
    return thalamus | caudate | putamen


def draw_head(rng: np.random.Generator, variant: Variant = STANDARD) -> Anatomy:
    """Draw a healthy head of the usual size (see `resized`).

    Parameters
    ----------
    rng
        Determines the individual shape and folding.
    """
    depth = _depth_mm(rng)
    fluid = _fluid(rng, depth, variant)
    to_fluid_mm = ndimage.distance_transform_edt(~(fluid | (depth < 0))) * GRID.spacing_mm[0]
    labels = np.full(GRID.shape, Tissue.AIR, dtype=np.uint8)
    for reach_mm, tissue in ((15, Tissue.SCALP), (10, Tissue.SKULL), (variant.subarachnoid_mm, Tissue.CSF)):
        labels[depth > -reach_mm] = tissue
    labels[depth > 0] = Tissue.WHITE
    cortex = (to_fluid_mm < 3.4) & (depth < 22)
    labels[(depth > 0) & (cortex | _deep_grey())] = Tissue.GREY
    labels[(depth > 0) & fluid] = Tissue.CSF
    return Anatomy(labels, GRID)


def add_tumour(anatomy: Anatomy, rng: np.random.Generator, form: TumourForm = STANDARD.tumour) -> Anatomy:
    """Add a tumour with necrotic core, solid part and oedema to one hemisphere; of several foci each has its own.

    Its position, size and shape do not depend on the IDH status.
    """
    labels = anatomy.labels.copy()
    for _ in range(form.foci):
        _add_focus(labels, _deep_in_brain(anatomy, form.margin), rng, form)
    if not form.enhancing:
        labels[labels == Tissue.RIM] = Tissue.OEDEMA
    return Anatomy(labels, anatomy.geometry)


def _add_focus(labels: Labels, deep: NDArray[np.bool_], rng: np.random.Generator, form: TumourForm) -> None:
    side = rng.choice((-1.0, 1.0))
    centre = (side * rng.uniform(*form.beside_mm), rng.uniform(*form.behind_mm), rng.uniform(*form.above_mm))
    radius = rng.uniform(*form.radius_mm)
    semi = tuple(radius * rng.uniform(0.85, 1.15) for _ in range(3))
    distance = np.sqrt(_ellipsoid(centre, (semi[0], semi[1], semi[2])))
    distance *= 1 + 0.13 * smooth_field(rng, 7)
    brain = np.isin(labels, (Tissue.WHITE, Tissue.GREY))
    cavity = labels == Tissue.CSF
    reach = rng.uniform(*form.reach)
    labels[brain & (distance < reach)] = Tissue.OEDEMA
    solid = (brain | cavity) & (distance < 1)
    labels[solid & deep] = Tissue.RIM
    labels[(labels == Tissue.RIM) & (distance < rng.uniform(*form.necrotic))] = Tissue.NECROSIS


def _deep_in_brain(anatomy: Anatomy, margin: int) -> NDArray[np.bool_]:
    return ndimage.binary_erosion(anatomy.labels >= Tissue.CSF, iterations=margin)


def resized(anatomy: Anatomy, size: tuple[float, float, float]) -> Anatomy:
    """Stretch a head about the origin along x, y and z."""
    grid = anatomy.geometry
    spacing, origin = np.multiply(grid.spacing_mm, size), np.multiply(grid.origin_mm, size)
    return Anatomy(
        anatomy.labels, Geometry(grid.shape, triple(spacing), triple(origin), grid.direction), anatomy.images
    )
