"""Measures what the gate of registration accepts and refuses: `python -m tools.registration_gate_report [PATIENTS]`.

Heads, motion, noise, contrast, voxel sizes and fields of view are drawn anew for every pair. The data are synthetic.
"""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import binomtest

from idh_tasks.domain.pathology import IdhStatus
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.domain.volume import Volume
from idh_tasks.errors import SeriesRejectedError
from idh_tasks.imaging.registration import Registration, check_registration, register
from idh_tasks.phantom.acquisition import Displacement, acquire, random_displacement
from idh_tasks.phantom.biology import draw_biology
from idh_tasks.phantom.patient import PatientPlan, draw_anatomy, draw_texture
from idh_tasks.phantom.protocol import Recipe
from idh_tasks.settings import ImagingSettings
from tools.phantom_scan import SURFACE, anatomy_of

MOVING = (MrSequence.T1, MrSequence.T2, MrSequence.FLAIR, MrSequence.DWI, MrSequence.DSC)
SEED = 171
RIGHT_MM = 2.0
"""A registration of a patient's own series counts as right up to this error at the surface of the brain."""
LARGEST_MOTION = 10.0
"""In mm along, and in degrees about every axis."""
NOISE = 0.03
"""Largest standard deviation of the added noise, relative to the peak."""


@dataclass(frozen=True)
class Series:
    """One series of a patient, and how the head lay in it."""

    volume: Volume
    displacement: Displacement


@dataclass(frozen=True)
class Outcome:
    """A pair with its largest error in mm (infinite for another patient), its figures, and why it was refused."""

    sequence: MrSequence
    error_mm: float
    figures: Mapping[str, float]
    refused: str | None

    @property
    def right(self) -> bool:
        """Return whether the images belong together and were brought together."""
        return self.error_mm <= RIGHT_MM


def varied(recipe: Recipe, rng: np.random.Generator) -> Recipe:
    """Return a recipe with another contrast, and a coarser or finer grid of about the same extent."""
    tr, te = rng.uniform(0.8, 1.25, 2)
    timing = replace(recipe.timing, tr=recipe.timing.tr * tr, te=recipe.timing.te * te)
    still = recipe.sequence is MrSequence.MPRAGE
    scale = np.array(rng.uniform(0.7, 1.1, 3)) if not still else np.full(3, rng.uniform(1.0, 1.4))
    x, y, z = (float(mm * factor) for mm, factor in zip(recipe.spacing_mm, scale, strict=True))
    slices, rows, columns = (max(8, round(n / f)) for n, f in zip(recipe.size, scale[::-1], strict=True))
    return replace(recipe, timing=timing, size=(slices, rows, columns), spacing_mm=(x, y, z))


def series_of(number: int) -> dict[MrSequence, Series]:
    """Scan a patient once with every sequence."""
    plan = PatientPlan(number, SEED, IdhStatus.WILDTYPE, None, None, LARGEST_MOTION, LARGEST_MOTION)
    anatomy, biology = draw_anatomy(plan), draw_biology(plan.rng("biology"), plan.status)
    texture, rng = draw_texture(plan, anatomy.labels.shape), plan.rng("variation")
    scanned = {}
    for sequence in (MrSequence.MPRAGE, *MOVING):
        bound = 0.0 if sequence is MrSequence.MPRAGE else LARGEST_MOTION
        displacement = random_displacement(rng, bound, bound)
        recipe = varied(plan.recipe(sequence), rng)
        volume = anatomy_of(acquire(anatomy, biology, recipe, displacement, texture, rng), sequence)
        scanned[sequence] = Series(_noisy(volume, rng), displacement)
    return scanned


def _noisy(volume: Volume, rng: np.random.Generator) -> Volume:
    level = rng.uniform(0, NOISE) * float(np.percentile(volume.voxels, 99.8))
    real, imaginary = rng.standard_normal((2, *volume.voxels.shape), dtype=np.float32) * level
    return Volume(np.hypot(volume.voxels + real, imaginary).astype(np.float32), volume.geometry)


def outcome(fixed: Volume, moving: Series, sequence: MrSequence, *, own: bool) -> Outcome:
    """Register a series to an MPRAGE, which may be another patient's."""
    try:
        registration = register(fixed, moving.volume)
    except SeriesRejectedError as error:
        return Outcome(sequence, float("inf"), {}, error.reason)
    points = np.array([registration.transform.TransformPoint(point) for point in SURFACE.tolist()])
    head = moving.displacement
    errors = np.linalg.norm(points @ head.matrix().T + head.shift_mm - SURFACE, axis=1)
    error_mm = float(errors.max()) if own else float("inf")
    return Outcome(sequence, error_mm, registration.figures(), _refusal(registration))


def _refusal(registration: Registration) -> str | None:
    try:
        check_registration(registration, ImagingSettings())
    except SeriesRejectedError as error:
        return error.reason
    return None


def outcomes(patients: int) -> Iterator[Outcome]:
    """Register every series to the patient's own MPRAGE, and one series to that of the patient before."""
    before: Volume | None = None
    for number in range(patients):
        series = series_of(number)
        fixed = series[MrSequence.MPRAGE].volume
        for sequence in MOVING:
            yield outcome(fixed, series[sequence], sequence, own=True)
        if before is not None:
            sequence = MOVING[number % len(MOVING)]
            yield outcome(before, series[sequence], sequence, own=False)
        before = fixed


def share(name: str, count: int, of: int) -> str:
    """Return a share with its exact (Clopper-Pearson) 95 % interval."""
    interval = binomtest(count, of).proportion_ci(method="exact")
    return f"{name}: {count} of {of}, {count / of:.1%} (95 % interval {interval.low:.1%} to {interval.high:.1%})"


def report(found: list[Outcome]) -> Iterator[str]:
    """Yield the lines of the report."""
    right = [one for one in found if one.right]
    wrong = [one for one in found if not one.right]
    yield share("right registrations accepted", sum(one.refused is None for one in right), len(right))
    yield share("wrong registrations refused", sum(one.refused is not None for one in wrong), len(wrong))
    for sequence in MOVING:
        errors = [one.error_mm for one in right if one.sequence is sequence]
        yield f"{sequence}: {len(errors)} right, largest error at the surface {np.median(errors):.2f} mm (median)"
    for one in found:
        if one.right == (one.refused is not None):
            yield f"mistaken: {one.sequence}, error {one.error_mm:.1f} mm, {one.refused or 'accepted'}"


def main(patients: int) -> None:
    """Print an outcome per line while they are found, then the report."""
    found = []
    for one in outcomes(patients):
        found.append(one)
        figures = " ".join(f"{name} {value:.3f}" for name, value in one.figures.items())
        sys.stderr.write(f"{one.sequence} {one.error_mm:.2f} {figures} {one.refused or 'accepted'}\n")
    sys.stdout.write("\n".join(report(found)) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 62)
