"""Rigid motion between the volumes of a DSC series, estimated in spite of the bolus, and corrected."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial.transform import Rotation

from idh_tasks.domain.volume import Float, Series4D, Triple
from idh_tasks.imaging.perfusion.first_pass import MAD_TO_SD, FirstPass
from idh_tasks.imaging.perfusion.relaxation import tissue_mask

Matrix = NDArray[np.float64]
Box = tuple[slice, ...]

LEVELS_MM = (8.0, 4.0)
"""Smoothing (full width at half maximum) and voxel size within the slice, from coarse to fine."""
STEPS = (4, 5)
"""Largest number of Gauss-Newton steps per level."""
SETTLED_MM = 0.02
HEAD_MM = 80.0
"""Distance at which a rotation is compared with a shift."""
HEAD_POINTS = 2000
STILL_MM = 0.5
"""Smaller displacements are within the error of the estimate; such a volume is left as it is."""
LARGEST_MM = 30.0
"""A larger displacement is a registration that failed; such a volume is left as it is."""
AROUND = 3
"""Margin around the head, in voxels."""
BEFORE = 4
"""Number of volumes before the bolus whose mean is the reference."""
REWEIGHTINGS = 3
CERTAIN_MM = 0.2
"""Largest standard error of a direction of motion that is estimated at all."""
FWHM_TO_SD = 1 / 2.3548


@dataclass(frozen=True)
class Motion:
    """Rigid motion of the head: for each volume, 4×4 matrix from reference to volume in mm about the centre, (z, y, x).

    Attributes
    ----------
    displacement_mm
        For each volume, the largest displacement of any voxel of the head.
    """

    matrices: tuple[Matrix, ...]
    displacement_mm: NDArray[np.float64]

    @property
    def largest_mm(self) -> float:
        """Return the largest displacement in the series."""
        return float(self.displacement_mm.max())

    def without(self, spoiled: Collection[int]) -> "Motion":
        """Leave out the displacements of spoiled volumes, which mean nothing."""
        return replace(self, displacement_mm=np.delete(self.displacement_mm, sorted(spoiled)))


def estimate_motion(dsc: Series4D, first_pass: FirstPass, doubtful: frozenset[int] = frozenset()) -> Motion:
    """Register every volume to the mean of the last volumes before the bolus.

    Gauss-Newton steps minimise the difference between the volume and a smooth function of the reference's intensity,
    which is fitted anew at each step (correlation ratio: Roche et al., MICCAI 1998). The bolus darkens tissues
    differently; the function follows it, and a bounded influence keeps vessels and tumours from pulling. Volumes that
    may be spoiled are registered too, but no other volume depends on them.
    """
    last = first_pass.baseline
    mask = ndimage.binary_dilation(tissue_mask(dsc), iterations=2)
    before = [volume for volume in range(first_pass.start, last + 1) if volume not in doubtful][-BEFORE:]
    reference = dsc.voxels[before]
    levels = [_Level(reference, mask, dsc.geometry.spacing_mm, width) for width in LEVELS_MM]
    # Every volume starts from its sound neighbour, outwards from the reference.
    matrices: dict[int, Matrix] = {}
    for order in (range(last, len(dsc.voxels)), range(last - 1, -1, -1)):
        start = matrices.get(last, np.eye(4))
        for volume in order:
            matrices[volume] = _register(levels, dsc.voxels[volume], start)
            start = start if volume in doubtful else matrices[volume]
    head = _points(mask, _pitch(dsc.geometry.spacing_mm))[:: max(1, int(mask.sum()) // HEAD_POINTS)]
    ordered = tuple(matrices[volume] for volume in range(len(dsc.voxels)))
    return Motion(ordered, np.array([_displacement(matrix, head) for matrix in ordered]))


def correct_motion(dsc: Series4D, motion: Motion) -> Series4D:
    """Resample the volumes that have moved to the position of the reference; a still series is returned unchanged."""
    if motion.largest_mm <= STILL_MM:
        return dsc
    voxels, head = dsc.voxels.copy(), _box(tissue_mask(dsc))
    for volume, matrix in enumerate(motion.matrices):
        if STILL_MM < motion.displacement_mm[volume] < LARGEST_MM:
            voxels[volume][head] = _resampled(dsc.voxels[volume], matrix, _pitch(dsc.geometry.spacing_mm), head)
    return replace(dsc, voxels=voxels)


class _Level:
    """One level of resolution: the reference with the gradients that rigid motion acts on."""

    def __init__(self, before: Float, mask: NDArray[np.bool_], spacing_mm: Triple, width_mm: float) -> None:
        self._sd = tuple(width_mm * FWHM_TO_SD / pitch for pitch in spacing_mm[1::-1])
        self._stride = tuple(max(1, round(width_mm / 1.2 / pitch)) for pitch in spacing_mm[1::-1])
        self._pitch = _pitch(spacing_mm) * (1, *self._stride)
        image = self._coarse(before.mean(axis=0))
        self._mask = mask[:, :: self._stride[0], :: self._stride[1]]
        self._centre = _centre(mask.shape, _pitch(spacing_mm))
        self._points = _points(self._mask, self._pitch) + self._offset(self._mask.shape)
        gradient = np.stack([g[self._mask] / p for g, p in zip(_gradient(image), self._pitch, strict=True)], axis=1)
        self._scale = float(np.percentile(image[self._mask], 95))
        self._least = self._information_of_noise(before)
        self._intensity = image[self._mask] / self._scale
        self._moment = np.concatenate([np.cross(self._points, gradient), gradient], axis=1) / self._scale

    def _information_of_noise(self, before: Float) -> float:
        """Return the information on a shift by 1 mm that noise alone may give, which is no evidence of motion."""
        steps = np.diff(np.stack([self._coarse(volume)[self._mask] for volume in before]), axis=0) / self._scale
        noise = MAD_TO_SD * float(np.median(np.abs(steps), axis=1).min()) / np.sqrt(2) + 1e-6
        return max((noise / CERTAIN_MM) ** 2, len(self._points) * (noise / float(self._pitch.min())) ** 2 / 2)

    def _offset(self, shape: tuple[int, ...]) -> NDArray[np.float64]:
        """Return the centre of the coarse grid relative to that of the fine one."""
        return _centre(shape, self._pitch) - self._centre

    def _coarse(self, volume: Float) -> Float:
        smooth = ndimage.gaussian_filter(volume, (0, *self._sd), truncate=2.5)
        return np.asarray(smooth[:, :: self._stride[0], :: self._stride[1]], dtype=np.float32)

    def register(self, volume: Float, matrix: Matrix, steps: int) -> Matrix:
        """Improve the motion of one volume."""
        image = self._coarse(volume)
        for _ in range(steps):
            at = ((self._points @ matrix[:3, :3].T + matrix[:3, 3]) + self._centre) / self._pitch
            moved = ndimage.map_coordinates(image, at.T, order=1, mode="nearest") / self._scale
            inside = np.all((at > -0.5) & (at < np.array(image.shape) - 0.5), axis=1)
            step = self._step(moved, inside)
            matrix = matrix @ np.linalg.inv(_rigid(step))
            if np.abs(step[3:]).max() < SETTLED_MM and np.abs(step[:3]).max() * HEAD_MM < SETTLED_MM:
                break
        return matrix

    def _step(self, moved: Float, inside: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return rotation vector and shift, in (z, y, x), that explain the difference from the reference."""
        basis = np.stack([self._intensity**k for k in range(4)], axis=1)
        weights = inside.astype(np.float64)
        for _ in range(REWEIGHTINGS):
            weighted = basis * weights[:, None]
            mapping = np.linalg.lstsq(weighted.T @ basis, weighted.T @ moved, rcond=1e-9)[0]
            difference = moved - basis @ mapping
            spread = MAD_TO_SD * float(np.median(np.abs(difference[inside]))) + 1e-6
            weights = inside / (1 + (difference / (2 * spread)) ** 2)
        slope = basis[:, :3] @ (mapping[1:] * (1, 2, 3))
        jacobian = self._moment * slope[:, None]
        weighted = jacobian * weights[:, None]
        return _determined(weighted.T @ jacobian, weighted.T @ difference, self._least)


def _determined(normal: Matrix, gradient: NDArray[np.float64], least: float) -> NDArray[np.float64]:
    """Solve the normal equations in those directions of motion that the images determine.

    In an image without structure along an axis, noise would move the volume along it: `least` is the information that
    a direction must have, more than the gradient of noise would give it.
    """
    unit = np.array([1 / HEAD_MM] * 3 + [1.0] * 3)
    information, directions = np.linalg.eigh(normal * np.outer(unit, unit))
    certain = information > least
    along = directions[:, certain]
    return np.asarray(unit * (along @ ((along.T @ (gradient * unit)) / information[certain])))


def _register(levels: Sequence[_Level], volume: Float, start: Matrix) -> Matrix:
    matrix = start
    for level, steps in zip(levels, STEPS, strict=True):
        matrix = level.register(volume, matrix, steps)
    return matrix if np.abs(matrix[:3, 3]).max() < LARGEST_MM else start


def _gradient(image: Float) -> list[Float]:
    if image.shape[0] > 1:
        return list(np.gradient(image))
    return [np.zeros_like(image), *np.gradient(image, axis=(1, 2))]


def _pitch(spacing_mm: Triple) -> NDArray[np.float64]:
    return np.array(spacing_mm[::-1], dtype=np.float64)


def _centre(shape: tuple[int, ...], pitch: NDArray[np.float64]) -> NDArray[np.float64]:
    return (np.array(shape) - 1) / 2 * pitch


def _points(mask: NDArray[np.bool_], pitch: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the voxels of a mask in mm about the centre of the grid, (z, y, x)."""
    return np.argwhere(mask) * pitch - _centre(mask.shape, pitch)


def _rigid(step: NDArray[np.float64]) -> Matrix:
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_rotvec(step[:3]).as_matrix()
    matrix[:3, 3] = step[3:]
    return matrix


def _displacement(matrix: Matrix, points: NDArray[np.float64]) -> float:
    return float(np.linalg.norm(points @ matrix[:3, :3].T + matrix[:3, 3] - points, axis=1).max())


def _box(mask: NDArray[np.bool_]) -> Box:
    """Return the box around a mask with a margin within the slice; the air around it need not be resampled."""
    box = []
    for axis, margin in enumerate((0, AROUND, AROUND)):
        inside = np.flatnonzero(mask.any(axis=tuple({0, 1, 2} - {axis})))
        box.append(slice(max(0, int(inside[0]) - margin), min(mask.shape[axis], int(inside[-1]) + margin + 1)))
    return tuple(box)


def _resampled(volume: Float, matrix: Matrix, pitch: NDArray[np.float64], box: Box) -> Float:
    """Resample a box with cubic splines, which keep the resolution of the volumes that did not move."""
    centre, first = _centre(volume.shape, pitch), [side.start for side in box]
    linear = matrix[:3, :3] * pitch / pitch[:, None]
    offset = (matrix[:3, 3] + centre - matrix[:3, :3] @ centre) / pitch + linear @ first
    shape = tuple(side.stop - side.start for side in box)
    moved = ndimage.affine_transform(volume, linear, offset, shape, order=3, mode="nearest")
    return np.asarray(moved, dtype=np.float32)
