"""Measures what the gate of registration accepts: `python -m tools.registration_gate_report HEADS SEED [FOLDER]`.

Every head is scanned anew, with its own motion, noise, contrast, voxel sizes and distortion. With a folder in BraTS
layout, every third head is a real one. Take a seed that nothing was tuned on. Interrupted, it counts what it has.
"""

import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from scipy.stats import binomtest

from idh_tasks.domain.sequence import MrSequence
from idh_tasks.domain.volume import Geometry, Volume, triple
from idh_tasks.errors import SeriesRejectedError
from idh_tasks.imaging.pyramid import pyramid
from idh_tasks.imaging.registration import Registration, check_registration, register
from idh_tasks.imaging.registration_controls import measure_controls
from idh_tasks.settings import ImagingSettings
from tools.phantom_scan import SURFACE
from tools.registration_pairs import MOVING, Head, Series, phantom, real

RIGHT_MM, RIGHT_DISTORTED_MM = 2.0, 3.0
"""Up to this error at the surface of the brain a registration is right; a distorted image has no exact place."""
WRONG_MM = 4.0
"""From this error on it is wrong; between the two it counts as neither."""
OTHERS = 2
"""Each head is compared with so many heads before it."""
OFFSETS_MM = (4.0, 15.0)
"""A transform that is off by a distance between these bounds is judged as if the descent had ended there."""
FLIPS = {"mirrored": (2,), "upside down": (0,), "back to front": (1,), "rotated by 180 degrees": (1, 2)}
STRETCH = (0.06, 0.2)
"""Relative errors of a wrong spacing along one axis."""


@dataclass(frozen=True)
class Outcome:
    """A pair: what was done to it, its error in mm (infinite if it is wrong), its figures, and why it was refused."""

    case: str
    head: str
    sequence: MrSequence
    error_mm: float
    right_mm: float
    figures: Mapping[str, float]
    refused: str | None

    @property
    def right(self) -> bool:
        """Return whether the images belong together and were brought together."""
        return self.error_mm <= self.right_mm

    @property
    def wrong(self) -> bool:
        """Return whether they do not belong together or were not brought together."""
        return self.error_mm >= WRONG_MM


def heads(count: int, seed: int, folder: Path | None) -> Iterator[Head]:
    """Scan heads; every third one is real if there is a folder of them."""
    for number in range(count):
        is_real = folder is not None and number % 3 == 2
        yield real(number // 3, seed, folder) if is_real and folder else phantom(number, seed)


def outcomes(count: int, seed: int, folder: Path | None) -> Iterator[Outcome]:
    """Judge the pairs of every head: its own, its own spoilt, and those with heads before it."""
    before: deque[Head] = deque(maxlen=3 * OTHERS)
    for number, head in enumerate(heads(count, seed, folder)):
        rng = np.random.default_rng([seed, number, 1])
        yield from _own(head, rng)
        yield from _spoilt(head, rng)
        strangers = [one for one in before if one.name != head.name]
        for other in sorted(strangers, key=lambda one: one.kind != head.kind)[:OTHERS]:
            sequence = _any_sequence(rng)
            yield _outcome("another patient", head, sequence, _attempt(other, head.series[sequence].volume))
        before.appendleft(head)


def _own(head: Head, rng: np.random.Generator) -> Iterator[Outcome]:
    """Register each series to the MPRAGE of its own head; half of the transforms are then moved off."""
    for sequence in MOVING:
        series = head.series[sequence]
        found = _attempt(head, series.volume)
        right_mm = RIGHT_DISTORTED_MM if series.distortion_mm else RIGHT_MM
        one = _outcome("own", head, sequence, found)
        if isinstance(found, Registration):
            one = replace(one, error_mm=_error_mm(found.transform, series), right_mm=right_mm)
        yield one
        if one.right and isinstance(found, Registration) and rng.random() < 0.5:
            yield _outcome("off by 4 to 15 mm", head, sequence, _moved_off(head, series, found, rng))


def _spoilt(head: Head, rng: np.random.Generator) -> Iterator[Outcome]:
    """Flip one series of a head, and state a wrong spacing of another one."""
    case, sequence = str(rng.choice(list(FLIPS))), _any_sequence(rng)
    volume = head.series[sequence].volume
    flipped = Volume(np.ascontiguousarray(np.flip(volume.voxels, FLIPS[case])), volume.geometry)
    yield _outcome(case, head, sequence, _attempt(head, flipped))
    sequence = _any_sequence(rng)
    stretched = _stretched(head.series[sequence].volume, rng)
    yield _outcome("wrong spacing", head, sequence, _attempt(head, stretched))


def _any_sequence(rng: np.random.Generator) -> MrSequence:
    return MOVING[int(rng.integers(len(MOVING)))]


def _stretched(volume: Volume, rng: np.random.Generator) -> Volume:
    factors = np.ones(3)
    factors[rng.integers(3)] += rng.choice((-1, 1)) * rng.uniform(*STRETCH)
    grid = volume.geometry
    spacing, origin = np.multiply(grid.spacing_mm, factors), np.multiply(grid.origin_mm, factors)
    return Volume(volume.voxels, Geometry(grid.shape, triple(spacing), triple(origin), grid.direction))


def _attempt(fixed: Head, moving: Volume) -> Registration | str:
    """Register; return the reason if that fails."""
    try:
        return register(fixed.series[MrSequence.MPRAGE].volume, moving)
    except SeriesRejectedError as error:
        return str(error.reason)


def _moved_off(head: Head, series: Series, right: Registration, rng: np.random.Generator) -> Registration | str:
    """Return a registration whose transform is a right one after a motion of 4 to 15 mm."""
    back = np.linalg.inv(right.matrix())
    transform = sitk.Euler3DTransform()
    transform.SetMatrix(back[:3, :3].ravel().tolist(), 1e-6)
    transform.SetTranslation(back[:3, 3].tolist())
    off = _motion(rng, float(rng.uniform(*OFFSETS_MM)))
    transform.SetParameters(np.add(transform.GetParameters(), off).tolist())
    pairs = pyramid(series.volume, head.series[MrSequence.MPRAGE].volume)
    try:
        return replace(right, transform=transform.GetInverse(), controls=measure_controls(pairs, transform))
    except RuntimeError:
        return "too little of one image lies inside the other"


def _motion(rng: np.random.Generator, largest_mm: float) -> np.ndarray:
    """Draw small angles and a shift that move the surface of the brain by at most a distance."""
    angles, shift = rng.standard_normal(3) / 68, rng.standard_normal(3)
    moved = np.linalg.norm(np.cross(angles, SURFACE) + shift, axis=1).max()
    return np.concatenate([angles, shift]) * largest_mm / moved


def _error_mm(transform: sitk.Transform, series: Series) -> float:
    points = np.array([transform.TransformPoint(point) for point in SURFACE.tolist()])
    head = series.displacement
    errors = np.linalg.norm(points @ head.matrix().T + head.shift_mm - SURFACE, axis=1)
    return float(errors.max())


def _outcome(case: str, head: Head, sequence: MrSequence, found: Registration | str) -> Outcome:
    """Judge what was found; it is wrong unless shown otherwise."""
    if isinstance(found, str):
        return Outcome(case, head.kind, sequence, float("inf"), RIGHT_MM, {}, found)
    return Outcome(case, head.kind, sequence, float("inf"), RIGHT_MM, found.figures(), _refusal(found))


def _refusal(found: Registration) -> str | None:
    try:
        check_registration(found, ImagingSettings())
    except SeriesRejectedError as error:
        return error.reason
    return None


def share(name: str, count: int, of: int) -> str:
    """Return a share with its exact (Clopper-Pearson) 95 % interval."""
    if not of:
        return f"{name}: none"
    interval = binomtest(count, of).proportion_ci(method="exact")
    return f"{name}: {count} of {of}, {count / of:.1%} (95 % interval {interval.low:.1%} to {interval.high:.1%})"


def report(found: Sequence[Outcome]) -> Iterator[str]:
    """Yield the lines of the report."""
    right, wrong = [one for one in found if one.right], [one for one in found if one.wrong]
    yield from _shares("right registrations accepted", right, accepted=True)
    yield from _shares("wrong registrations refused", wrong, accepted=False)
    yield f"neither right nor wrong: {len(found) - len(right) - len(wrong)}"
    for one in found:
        if (one.right and one.refused) or (one.wrong and not one.refused):
            yield f"mistaken: {line(one)}"


def _shares(name: str, found: Sequence[Outcome], *, accepted: bool) -> Iterator[str]:
    yield share(name, _count(found, accepted=accepted), len(found))
    groups: tuple[Callable[[Outcome], str], ...] = (
        lambda one: one.case,
        lambda one: one.head,
        lambda one: one.sequence,
    )
    for group in groups:
        for value in dict.fromkeys(map(group, found)):
            of = [one for one in found if group(one) == value]
            yield share(f"  {value}", _count(of, accepted=accepted), len(of))


def _count(found: Sequence[Outcome], *, accepted: bool) -> int:
    return sum((one.refused is None) == accepted for one in found)


def line(one: Outcome) -> str:
    """Return an outcome in one line."""
    figures = " ".join(f"{name} {value:.3f}" for name, value in one.figures.items())
    return (
        f"{one.case}, {one.head}, {one.sequence}, error {one.error_mm:.2f} mm, {figures}: {one.refused or 'accepted'}"
    )


def main(count: int, seed: int, folder: Path | None) -> None:
    """Print an outcome per line while they are found, then the report."""
    found = []
    # Ctrl-C, or SIGINT, ends it early.
    with suppress(KeyboardInterrupt):
        for one in outcomes(count, seed, folder):
            found.append(one)
            sys.stderr.write(line(one) + "\n")
    sys.stdout.write("\n".join(report(found)) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]) if len(sys.argv) > 3 else None)
