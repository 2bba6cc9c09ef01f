"""Varies a head as scanners and brain masks vary."""

from dataclasses import replace

import numpy as np
from numpy.random import Generator
from scipy import ndimage

from idh_tasks.domain.volume import Float
from tools.outline_training.heads import Head

VARIANTS = ("as it is", "noise", "gamma", "thick, uneven and noisy", "without t1c")


def vary(head: Head, name: str, rng: Generator) -> Head:
    """Return the variant of a head."""
    images = {key: image for key, image in head.images.items() if name != "without t1c" or key != "t1ce"}
    if name == "gamma":
        images = {key: _gamma(image, rng) for key, image in images.items()}
    if name.startswith("thick"):
        images = {key: _uneven(image if key == "t1ce" else _thick(image), rng) for key, image in images.items()}
    if "nois" in name:
        images = {key: np.abs(i + rng.uniform(0.02, 0.05) * rng.standard_normal(i.shape)) for key, i in images.items()}
    return replace(head, images={key: (image * head.brain).astype(np.float32) for key, image in images.items()})


def _gamma(image: Float, rng: Generator) -> Float:
    top = np.percentile(image[image > 0], 99)
    return np.asarray(top * np.clip(image / top, 0, None) ** rng.uniform(0.75, 1.3))


def _uneven(image: Float, rng: Generator) -> Float:
    direction = rng.normal(size=3)
    direction /= np.linalg.norm(direction)
    axes = np.meshgrid(*(np.linspace(-1, 1, n) for n in image.shape), indexing="ij", sparse=True)
    slope = sum(part * axis for part, axis in zip(direction, axes, strict=True))
    return np.asarray(image * np.exp(rng.uniform(0.2, 0.4) * slope))


def _thick(image: Float) -> Float:
    """Average 2 mm slices over 5 mm, and interpolate between every fifth half."""
    slices = ndimage.zoom(ndimage.gaussian_filter1d(image, np.sqrt((2.5**2 - 1) / 12), axis=0), (0.4, 1, 1), order=1)
    return np.asarray(ndimage.zoom(slices, np.divide(image.shape, slices.shape), order=1))
