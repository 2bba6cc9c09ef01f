"""Draws semi-synthetic tumours of several classes into healed real heads, and the variation of scanners."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator
from scipy import ndimage

from idh_tasks.domain.volume import Float, Mask
from tools.outline_training.heads import Head

CLASSES = (
    "glioblastoma",
    "cystic",
    "nonenhancing",
    "multifocal",
    "ventricle",
    "surface",
    "small",
    "large",
    "haemorrhagic",
    "bilateral",
    "faint",
    "thin-walled cyst",
    "healthy",
)
ML = {"small": (1.5, 12), "large": (120, 280), "multifocal": (6, 35), "cystic": (8, 100), "thin-walled cyst": (5, 80)}
USUAL_ML = (25, 150)
CORE = {
    "glioblastoma": (0.25, 0.6),
    "cystic": (0.35, 0.85),
    "nonenhancing": (0, 0),
    "faint": (0, 0.1),
    "thin-walled cyst": (0.6, 0.92),
    "haemorrhagic": (0.3, 0.6),
}
"""Fraction of the volume inside the rim."""
OEDEMA = {"faint": (0.12, 0.35)}
USUAL_OEDEMA = (0.3, 1.0)
"""How much brighter than tissue the oedema is."""
MAY_NOT_ENHANCE = ("cystic", "thin-walled cyst", "faint")
FLUID = {"flair": (0.25, 1.1), "t2": (1.9, 2.8), "t1ce": (0.4, 0.65)}
CENTRES = {
    "glioblastoma": {"flair": (0.6, 1.5), "t2": (1.4, 2.4), "t1ce": (0.55, 0.8)},
    "cystic": FLUID,
    "thin-walled cyst": FLUID,
    "haemorrhagic": {"flair": (0.5, 1.1), "t2": (0.4, 0.9), "t1ce": (1.0, 1.6)},
}
"""Brightness inside the rim, relative to tissue."""
VOLUMETRIC = 0.8
"""Share of studies in which T1 after contrast has thin slices."""
GAMMA = (0.8, 1.25)


@dataclass(frozen=True)
class Tissues:
    """Fluid, the distance to the ventricles and the depth below the surface of the brain, in mm."""

    fluid: Mask
    from_ventricles_mm: Float
    depth_mm: Float


def draw(head: Head, tissues: Tissues, kind: str, rng: Generator) -> Head:
    """Return the head with age-related white matter changes and, unless healthy, a tumour, as a scanner sees it."""
    head = _with_white_matter_changes(head, tissues, rng)
    start = _place(head, tissues, kind, rng)
    centres = [start] + [_nearby(head, start, rng) for _ in range(rng.integers(1, 3)) if kind == "multifocal"]
    for centre in centres if kind != "healthy" else []:
        head = _with_focus(head, tissues, kind, centre, rng)
    return _scanned(head, rng)


def tissues_of(head: Head) -> Tissues:
    """Find fluid and ventricles in a head without a tumour."""
    depth = (ndimage.distance_transform_edt(head.brain) * 2).astype(np.float32)
    fluid = head.brain & (head.images["t2"] > 1.55) & (head.images["flair"] < 0.85)
    ventricles = ndimage.binary_opening(fluid & (depth > 22))
    return Tissues(fluid, np.asarray(ndimage.distance_transform_edt(~ventricles) * 2, dtype=np.float32), depth)


def _noise(shape: tuple[int, ...], width: float, rng: Generator) -> Float:
    """Return a field of unit variance that is smooth over so many voxels; a wide one is drawn on a coarse grid."""
    step = max(1.0, width / 2)
    coarse = tuple(int(np.ceil(n / step)) + 1 for n in shape)
    field = ndimage.gaussian_filter(rng.standard_normal(coarse).astype(np.float32), width / step)
    field = ndimage.affine_transform(field, [1 / step] * 3, output_shape=shape, order=1)
    return np.asarray(field / field.std())


def _brightened(head: Head, amount: Float, change: Mapping[str, float]) -> dict[str, Float]:
    return {name: image + change[name] * amount for name, image in head.images.items()}


def _with_white_matter_changes(head: Head, tissues: Tissues, rng: Generator) -> Head:
    strength = rng.uniform(0.1, 0.45) * (rng.random() < 0.6)
    caps = np.exp(-np.clip(tissues.from_ventricles_mm - 1, 0, None) / rng.uniform(2, 6)) * (head.brain & ~tissues.fluid)
    caps = np.clip(caps * np.clip(1 + 0.7 * _noise(caps.shape, 4, rng), 0, 2), 0, 1.2)
    return replace(head, images=_brightened(head, strength * caps, {"flair": 1, "t2": 0.8, "t1ce": -0.15}))


def _place(head: Head, tissues: Tissues, kind: str, rng: Generator) -> Float:
    rows = np.nonzero(head.brain.any(axis=(1, 2)))[0]
    z, _, x = np.indices(head.brain.shape)
    zone = head.brain & ~tissues.fluid & (z > np.quantile(rows, 0.3)) & (z < np.quantile(rows, 0.85))
    middle = ndimage.center_of_mass(head.brain)[2]
    zones = {
        "surface": (tissues.depth_mm < 14) & (tissues.depth_mm > 6),
        "ventricle": tissues.from_ventricles_mm < 12,
        "bilateral": (np.abs(x - middle) < 5) & (tissues.depth_mm > 25),
    }
    places = np.argwhere(zone & zones.get(kind, tissues.depth_mm > (6 if rng.random() < 0.5 else 18)))
    return places[rng.integers(len(places))]


def _nearby(head: Head, start: Float, rng: Generator) -> Float:
    places = np.argwhere(head.brain)
    distance_mm = 2 * np.linalg.norm(places - start, axis=1)
    near = places[(distance_mm > 30) & (distance_mm < 60)]
    return near[rng.integers(len(near))]


def _with_focus(head: Head, tissues: Tissues, kind: str, centre: Float, rng: Generator) -> Head:
    low, high = np.log(ML.get(kind, USUAL_ML))
    distance, edge = _ellipsoid(head, tissues, centre, float(np.exp(rng.uniform(low, high))), rng)
    inside = head.brain & (distance < edge)
    core = head.brain & (distance < edge * rng.uniform(*CORE.get(kind, (0.0, 0.5))) ** (1 / 3))
    cortex = ndimage.binary_dilation(tissues.fluid) | (tissues.depth_mm < 5)
    spared = tissues.fluid | (cortex & (rng.random() < 0.7) & (_noise(core.shape, 2, rng) > -0.3))
    oedema = inside & ~core & ~spared
    largest = _largest(core | oedema)
    core, oedema = core & largest, oedema & largest
    texture = 1 + 0.18 * _noise(core.shape, 3, rng) + 0.08 * _noise(core.shape, 1, rng)
    soft = ndimage.gaussian_filter(oedema.astype(np.float32), rng.uniform(0.5, 1.2))
    soft = np.where(core | tissues.fluid | ~head.brain, 0, soft) * texture
    bright = OEDEMA.get(kind, USUAL_OEDEMA)
    change = {"flair": rng.uniform(*bright), "t2": rng.uniform(*bright), "t1ce": -rng.uniform(0.05, 0.3)}
    images = _with_core(_brightened(head, soft, change), core, kind, texture, rng)
    return replace(head, images=images, tumour=head.tumour | core | oedema)


def _largest(mask: Mask) -> Mask:
    labels, _ = ndimage.label(mask)
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    return np.asarray(labels == sizes.argmax())


def _ellipsoid(head: Head, tissues: Tissues, centre: Float, ml: float, rng: Generator) -> tuple[Float, float]:
    """Return a rough distance from the centre, and the distance that encloses the volume."""
    axes = np.exp(rng.normal(0, rng.uniform(0.05, 0.3), 3))
    radius = (ml * 125 * 3 / 4 / np.pi) ** (1 / 3)
    grid = np.indices(head.brain.shape).astype(np.float32)
    distance = np.sqrt(sum(((grid[n] - centre[n]) / (radius * axes[n])) ** 2 for n in range(3)))
    distance = distance * (1 + rng.uniform(0.1, 0.35) * _noise(head.brain.shape, max(2.0, radius / 3), rng))
    inside = np.sort(distance[head.brain & ~tissues.fluid])
    return distance, min(float(inside[int(ml * 125)]), 1.6)


def _with_core(images: Mapping[str, Float], core: Mask, kind: str, texture: Float, rng: Generator) -> dict[str, Float]:
    """Paint a rim that may enhance, and its centre."""
    centre = ndimage.distance_transform_edt(core) > rng.uniform(1.2, 2.6)
    enhancement = 0.0 if kind in MAY_NOT_ENHANCE and rng.random() < 0.5 else rng.uniform(0.3, 1.0)
    rim = {"flair": 1 + rng.uniform(0.1, 0.5), "t2": 1 + rng.uniform(0.1, 0.6), "t1ce": 0.9 + enhancement}
    inner = {n: rng.uniform(*v) for n, v in CENTRES.get(kind, CENTRES["glioblastoma"]).items()}
    outer_share, inner_share = (
        ndimage.gaussian_filter(m.astype(np.float32), w) for m, w in ((core, 0.5), (centre, 0.6))
    )
    painted = {n: image * (1 - outer_share) + outer_share * rim[n] * texture for n, image in images.items()}
    return {n: image * (1 - inner_share) + inner_share * inner[n] for n, image in painted.items()}


def _scanned(head: Head, rng: Generator) -> Head:
    """Change the contrast, and add thick slices, an uneven field and noise."""
    thickness, images = rng.choice((0.0, 3.0, 5.0)), {}
    thin = "t1ce" if rng.random() < VOLUMETRIC else ""
    for name, image in head.images.items():
        blur = np.sqrt(max(thickness**2 - 4, 0) / 12) / 2
        contrast = np.clip(image, 0, None) ** rng.uniform(*GAMMA)
        thick = ndimage.gaussian_filter1d(contrast, blur, axis=0) if blur and name != thin else contrast
        field = np.exp(rng.uniform(0, 0.15) * np.clip(_noise(image.shape, 25, rng), -2, 2))
        noise = rng.uniform(0.005, 0.06) * rng.standard_normal(image.shape)
        images[name] = (np.abs(thick * field + noise) * head.brain).astype(np.float32)
    return replace(head, images=images)
