"""Synthetic patches of tumours without a leak, and leaks to plant in them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from idh_tasks.domain.learning import Fold
from idh_tasks.domain.volume import Float
from idh_tasks.imaging.patch import Rectangle, cut_patch
from idh_tasks.learning.fold_training import TrainingData
from idh_tasks.learning.folds import stratified_folds
from idh_tasks.learning.leak_checks import twin_of

SIZE = 64
VENDORS = 3
Known = dict[str, tuple[float, ...]]
Acquired = dict[str, Known]


@dataclass(frozen=True)
class Cohort:
    """Patches, labels and folds of one sequence, with what is known about the acquisition."""

    data: TrainingData
    acquisition: Acquired

    def with_patches(self, patches: Mapping[str, Float]) -> "Cohort":
        """Return the cohort with other patches."""
        return replace(self, data=replace(self.data, patches=dict(patches)))


def cohort(seed: int, patients: int = 60, mutants: int = 12, shape: float = 0.0) -> Cohort:
    """Draw a cohort in which tumours of mutants are darker, and rounder by `shape` if it is not 0."""
    rng = np.random.default_rng([seed, patients])
    noise, texture, grain = rng.uniform(0.01, 0.2), rng.uniform(0.02, 0.3), rng.uniform(0.8, 3.0)
    labels = {f"p{number:03d}": bool(mutant) for number, mutant in enumerate(rng.permutation(patients) < mutants)}
    patches = {
        patient: tumour(rng, noise, texture, grain, -0.4 * mutant, 0.12 * (1 - shape * mutant))
        for patient, mutant in labels.items()
    }
    vendor = {patient: _vendor(int(rng.integers(VENDORS)), float(rng.normal())) for patient in labels}
    order: Known = {patient: (float(place),) for patient, place in zip(labels, rng.permutation(patients), strict=True)}
    folds = stratified_folds(labels, 5, seed)
    return Cohort(TrainingData(patches, labels, folds), {"vendor and protocol": vendor, "order of ingest": order})


def _vendor(number: int, protocol: float) -> tuple[float, ...]:
    return (*(float(number == n) for n in range(VENDORS)), protocol)


def tumour(
    rng: np.random.Generator, noise: float, texture: float, grain: float, signal: float, roughness: float
) -> Float:
    """Draw a lobed tumour with core, rim, coarse and fine texture, and cut its patch as from a study."""
    pixels = int(rng.integers(34, 90))
    down, right = np.mgrid[-1 : 1 : pixels * 1j, -1 : 1 : pixels * 1j]
    angle, radius = np.arctan2(down, right), np.hypot(down, right)
    border = np.full_like(radius, 0.85)
    for lobes in range(1, 6):
        border += rng.normal(0, roughness / lobes) * np.cos(lobes * angle + rng.uniform(0, 2 * np.pi))
    core, rim = radius < border * rng.uniform(0.3, 0.7), radius < border * rng.uniform(0.7, 0.85)
    parts = rng.normal(1 + signal, 0.4) + core * rng.normal(-1, 0.5) + (rim & ~core) * rng.normal(0.5, 0.4)
    image = ndimage.gaussian_filter(parts, 1) + noise * rng.standard_normal(radius.shape)
    image += texture * _field(rng, pixels, grain) + rng.uniform(0, 0.3) * _field(rng, pixels, 6)
    mask = radius < border
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    box = Rectangle(0, int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1)
    return cut_patch(image[None].astype(np.float32), mask[None], box, SIZE, False, (1.0, 1.0, 1.0))


def _field(rng: np.random.Generator, pixels: int, sigma: float) -> Float:
    field = ndimage.gaussian_filter(rng.standard_normal((pixels, pixels)), sigma, mode="wrap")
    return np.asarray(field / field.std(), dtype=np.float32)


def tested_in_training(cohort: Cohort, _: np.random.Generator) -> Cohort:
    """Train every network on the patients whom it is tested on as well."""
    folds = [Fold(f.number, (*f.train, *f.test), f.test) for f in cohort.data.folds]
    return replace(cohort, data=replace(cohort.data, folds=folds))


def _twins(change: Callable[[Float, np.random.Generator], Float], share: float = 1.0) -> "Leak":
    def plant(cohort: Cohort, rng: np.random.Generator) -> Cohort:
        data = cohort.data
        chosen = [p for p in data.labels if rng.random() < share] or list(data.labels)[:1]
        labels = dict(data.labels) | {f"{p}again": data.labels[p] for p in chosen}
        patches = dict(data.patches) | {f"{p}again": change(data.patches[p], rng) for p in chosen}
        folds = stratified_folds(labels, 5, int(rng.integers(2**31)))
        return Cohort(TrainingData(patches, labels, folds), cohort.acquisition)

    return plant


def _noisy(patch: Float, rng: np.random.Generator) -> Float:
    return np.asarray(1.3 * patch + 0.2 * patch.std() * rng.standard_normal(patch.shape), dtype=np.float32)


def _examined_again(patch: Float, rng: np.random.Generator) -> Float:
    return twin_of(patch, int(rng.integers(2**31)), noise=0.05)


def _moved(patch: Float, rng: np.random.Generator) -> Float:
    """Shift, stretch and resample a patch, as after another outline."""
    zoomed = ndimage.zoom(patch, (rng.uniform(1.0, 1.1), rng.uniform(1.0, 1.1)), order=1)[:SIZE, :SIZE]
    return np.asarray(ndimage.shift(zoomed, rng.uniform(-4, 4, 2), order=1), dtype=np.float32)


def _coarse(patch: Float, _: np.random.Generator) -> Float:
    return np.asarray(ndimage.zoom(ndimage.zoom(patch, 0.5, order=1), 2, order=1), dtype=np.float32)


def _in_images(change: Callable[[Float, bool, np.random.Generator], Float]) -> "Leak":
    def plant(cohort: Cohort, rng: np.random.Generator) -> Cohort:
        patches, labels = cohort.data.patches, cohort.data.labels
        return cohort.with_patches({p: change(patches[p].copy(), labels[p], rng) for p in labels})

    return plant


def _corner(patch: Float, mutant: bool, _: np.random.Generator) -> Float:
    patch[0, 0] = 0.01 * mutant
    return patch


def _pixel_inside(patch: Float, mutant: bool, _: np.random.Generator) -> Float:
    patch[31, 33] += 2 * patch.std() * (1 if mutant else -1)
    return patch


def _frame(patch: Float, mutant: bool, rng: np.random.Generator) -> Float:
    frame = np.ones(patch.shape, bool)
    frame[2:-2, 2:-2] = False
    return np.where(frame, patch + 0.4 * mutant + 0.1 * rng.standard_normal(), patch).astype(np.float32)


def _scaled(patch: Float, mutant: bool, _: np.random.Generator) -> Float:
    return np.asarray(patch * (2.0 if mutant else 1.0), dtype=np.float32)


def _noise_level(patch: Float, mutant: bool, rng: np.random.Generator) -> Float:
    noise = (0.3 if mutant else 0.05) * rng.standard_normal(patch.shape)
    return np.where(patch != 0, patch + noise, 0).astype(np.float32)


def _resolution(patch: Float, mutant: bool, _: np.random.Generator) -> Float:
    return np.where(patch != 0, ndimage.gaussian_filter(patch, 1.0), 0).astype(np.float32) if mutant else patch


def _round(patch: Float, mutant: bool, _: np.random.Generator) -> Float:
    """Outline mutants as discs."""
    down, right = np.mgrid[-1 : 1 : SIZE * 1j, -1 : 1 : SIZE * 1j]
    return np.where(np.hypot(down, right) < 0.85, patch, 0).astype(np.float32) if mutant else patch


def vendor_of_mutants(cohort: Cohort, rng: np.random.Generator) -> Cohort:
    """Examine nine of ten mutants at a scanner that every tenth wild type was examined at."""
    vendor = {
        p: _vendor(int((rng.random() < 0.9) == mutant), float(rng.normal())) for p, mutant in cohort.data.labels.items()
    }
    return replace(cohort, acquisition=cohort.acquisition | {"vendor and protocol": vendor})


def mutants_first(cohort: Cohort, rng: np.random.Generator) -> Cohort:
    """Take mutants in before most wild types."""
    order: Known = {p: (float(rng.normal() - 2.5 * mutant),) for p, mutant in cohort.data.labels.items()}
    return replace(cohort, acquisition=cohort.acquisition | {"order of ingest": order})


Leak = Callable[[Cohort, np.random.Generator], Cohort]

LEAKS: Mapping[str, Leak] = {
    "test patients in training": tested_in_training,
    "everybody twice, the same image": _twins(lambda patch, _: patch.copy()),
    "everybody twice, noise and scaling": _twins(_noisy),
    "one in ten twice, mirrored, shifted, noise": _twins(_examined_again, 0.1),
    "one in ten twice, another outline": _twins(_moved, 0.1),
    "one in ten twice, half the resolution": _twins(_coarse, 0.1),
    "label in a corner pixel": _in_images(_corner),
    "label in a pixel of the tumour": _in_images(_pixel_inside),
    "label in the border": _in_images(_frame),
    "label in the scale of the image": _in_images(_scaled),
    "label in the noise": _in_images(_noise_level),
    "label in the resolution": _in_images(_resolution),
    "label in the outline": _in_images(_round),
    "label by vendor": vendor_of_mutants,
    "label by order": mutants_first,
}
