"""Finds the volumes of a DSC series that do not fit those before and after them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from idh_tasks.domain.volume import Float, Series4D
from idh_tasks.imaging.perfusion.first_pass import MAD_TO_SD, FirstPass
from idh_tasks.imaging.perfusion.relaxation import NOISE_FLOOR

Volumes = frozenset[int]
"""Numbers of volumes, from 0."""

SAMPLED_VOLUMES, SAMPLED_VOXELS = 15, 20_000
"""Numbers of volumes whose median shows the tissue, and of voxels that are compared; more would show the same."""
SHORTEST_PASS_S = 4.5
"""Full width at half maximum of the narrowest bolus in brain; it bounds how far one may lie below its neighbours."""
FLAT = 0.15
"""Excursion relative to the depth of the bolus in the voxel that is allowed where the curve has no peak."""
NOISES = 4.0
"""Standard deviations of noise that an excursion may have."""
STEADY_SD = 0.004
"""Smallest noise relative to the signal, so that rounding in a series without noise is no excursion."""
LATEST_S = 9.0
"""A voxel may pass its peak later than the mean of the tissue by this."""
SLICE_SHARE, VOLUME_SHARE = 0.35, 0.2
"""Part of the tissue of a slice and of a volume which, beyond its tolerance, spoils the volume."""
FEWEST_VOXELS = 30
"""Slices with fewer voxels are not judged on their own."""
STILL_DEPTH, STILL_VOXELS, STILL_CHANGE = 0.25, 100, 0.03
"""Tissue without blood: its depth of the bolus relative to the median, the fewest voxels, and their largest change."""
LOST = 0.5
"""Part of the signal that most of a slice must lose before it is compared with its other volumes and other slices."""
USUAL_PASS_S, BEYOND = 6.5, 1.3
"""Full width at half maximum of a narrow bolus in most of a slice, and how far a slice may exceed its shape."""
FEWEST_VOLUMES = 8
NEAR = 3
"""Number of volumes on each side that a volume may be compared with."""
CURVATURE_SD = 1.5**0.5
"""Standard deviation of the difference between noise and the mean of its neighbours."""


def spoiled_volumes(dsc: Series4D, step_s: float, first_pass: FirstPass | None = None) -> Volumes:
    """Return the volumes that lie outside the range of their neighbours in time in too much of the tissue.

    In every voxel a volume may lie below both neighbours by what the peak of the narrowest bolus explains, relative to
    the depth of the bolus there, and above them hardly at all, beyond noise. If any of several adjacent volumes may be
    the spoiled one, all of them are returned.

    Parameters
    ----------
    step_s
        Time between volumes in s.
    first_pass
        Where the peak of the bolus may lie; unless given, anywhere.
    """
    sample = _tissue(dsc)
    if len(dsc.voxels) < FEWEST_VOLUMES or not sample[0].size:
        return frozenset()
    curves = _Curves.of(dsc, sample, _excess(len(dsc.voxels), step_s, first_pass))
    return curves.culprits() | _with_lost_slices(curves, step_s)


def repeated_volumes(dsc: Series4D) -> Volumes:
    """Return the volumes with the pixels of an earlier one; noise never repeats itself, an image without noise may."""
    z, y, x = _tissue(dsc)
    signal = dsc.voxels[:, z, y, x]
    if not signal.size or np.median(_noise(signal)) == 0:
        return frozenset()
    digests = [blake2b(volume.tobytes()).digest() for volume in signal]
    return frozenset(
        volume for volume, digest in enumerate(digests) if digest in digests[:volume] and np.ptp(signal[volume]) > 0
    )


def _tissue(dsc: Series4D) -> tuple[NDArray[np.intp], ...]:
    """Return the indices of inner voxels with signal, whatever single volumes contain; not of all if there are many."""
    chosen = np.unique(np.linspace(0, len(dsc.voxels) - 1, SAMPLED_VOLUMES).astype(int))
    typical = np.median(dsc.voxels[chosen], axis=0)
    tissue = typical > NOISE_FLOOR * max(float(np.percentile(typical, 99)), 0.0)
    z, y, x = np.nonzero(ndimage.binary_erosion(tissue, np.ones((1, 3, 3), dtype=bool)))
    stride = max(1, len(z) // SAMPLED_VOXELS)
    return z[::stride], y[::stride], x[::stride]


@dataclass(frozen=True)
class _Curves:
    """Signal relative to its median over time, of shape (t, n), with the tolerance of its excursions.

    Attributes
    ----------
    tolerance
        Tolerated excursion by noise, shape (n,).
    slice_of, in_slice
        The slice of each voxel, and the number of voxels of each slice.
    excess
        How far each volume may lie below its neighbours relative to the depth of the bolus.
    """

    signal: Float
    tolerance: Float
    slice_of: NDArray[np.intp]
    in_slice: NDArray[np.intp]
    excess: Sequence[float]

    @classmethod
    def of(cls, dsc: Series4D, sample: tuple[NDArray[np.intp], ...], excess: Sequence[float]) -> "_Curves":
        z, y, x = sample
        stored = dsc.voxels[:, z, y, x]
        signal = np.asarray(stored / np.median(stored, axis=0), dtype=np.float32)
        tolerance = np.asarray(NOISES * np.maximum(_noise(signal), STEADY_SD), dtype=np.float32)
        return cls(signal, tolerance, z, np.bincount(z), excess)

    def culprits(self) -> Volumes:
        """Return the fewest volumes without which no volume is out of range."""
        omitted: set[int] = set()
        out = self._out_of_range(range(len(self.signal)), omitted)
        while out:
            worst = self._explaining(min(out), omitted)
            near = {volume for one in worst for volume in _around(one)}
            omitted |= worst
            out = (out - near) | self._out_of_range(near, omitted)
        return frozenset(omitted)

    def _explaining(self, volume: int, omitted: set[int]) -> set[int]:
        """Return those of a volume out of range and its neighbours whose omission leaves the fewest out of range."""
        suspects = {volume - 1, volume, volume + 1} & set(range(len(self.signal))) - omitted
        left = {one: len(self._out_of_range(_around(volume), omitted | {one})) for one in suspects}
        return {one for one, count in left.items() if count == min(left.values())}

    def _out_of_range(self, volumes: Iterable[int], omitted: set[int]) -> set[int]:
        kept = [volume for volume in range(len(self.signal)) if volume not in omitted]
        lowest = np.sort(np.partition(self.signal[kept], 1, axis=0)[:2], axis=0)
        return {volume for volume in set(volumes).intersection(kept) if self._is_out_of_range(volume, kept, lowest)}

    def _is_out_of_range(self, volume: int, kept: list[int], lowest: Float) -> bool:
        """Compare a volume with those near it; `lowest` are the two lowest values of each voxel."""
        value, excess = self.signal[volume], self.excess[volume]
        before, after = self._beside(kept, kept.index(volume), excess)
        depth = 1 - np.where(value > lowest[0], lowest[0], lowest[1]).clip(max=1)
        down, up = np.minimum(before, after) - value, value - np.maximum(before, after)
        excursion = np.maximum(down - excess * depth, up - FLAT * depth)
        return self._is_large(excursion > self.tolerance) or _still_tissue_changes(excursion, depth)

    def _beside(self, kept: list[int], at: int, excess: float) -> tuple[Float, Float]:
        """Return the signal before and after: of the nearest volume, or the median of three if there is no peak."""
        width = 1 if excess > FLAT else NEAR
        before, after = kept[max(at - width, 0) : at], kept[at + 1 : at + 1 + width]
        if not before or not after:
            before, after = (kept[1:2], kept[2:3]) if not before else (kept[-2:-1], kept[-3:-2])
        return np.median(self.signal[before], axis=0), np.median(self.signal[after], axis=0)

    def _is_large(self, beyond: NDArray[np.bool_]) -> bool:
        enough = self.in_slice >= FEWEST_VOXELS
        # The first and the last slice of a head that moves leave the field of view.
        judged = enough & np.append(False, enough[:-1]) & np.append(enough[1:], False)
        share = np.bincount(self.slice_of, beyond)[judged] / self.in_slice[judged]
        return bool(beyond.mean() > VOLUME_SHARE or share.max(initial=0) > SLICE_SHARE)


def _still_tissue_changes(excursion: Float, depth: Float) -> bool:
    """Return whether tissue without blood, such as CSF, changes too: then the whole image became darker or brighter."""
    still = depth < STILL_DEPTH * float(np.median(depth))
    return bool(still.sum() >= STILL_VOXELS and np.median(excursion[still]) > STILL_CHANGE)


def _with_lost_slices(curves: _Curves, step_s: float) -> Volumes:
    """Return the volumes, two adjacent ones too, in which some slices lose their signal and others do not.

    In such a slice most tissue loses far more than a bolus explains that is seen in the volumes beside these, and far
    more than it does in other slices, each relative to what it loses in the other volumes.
    """
    slices = np.flatnonzero(curves.in_slice >= FEWEST_VOXELS)
    limit = BEYOND / float(np.exp(-4 * np.log(2) * (2 * step_s / USUAL_PASS_S) ** 2))
    if len(slices) < 2:
        return frozenset()
    drop = 1 - np.stack([np.median(curves.signal[:, curves.slice_of == z], axis=1) for z in slices], axis=1)
    return frozenset(volume for volume in range(len(drop)) if _loses_slices(drop, volume, limit))


def _loses_slices(drop: Float, volume: int, limit: float) -> bool:
    """Judge a volume by the median drop of each slice, shape (t, slices)."""
    lost = drop[volume]
    if lost.max() < LOST:
        return False
    near = [one for one in (volume - 1, volume, volume + 1) if 0 <= one < len(drop)]
    depth = np.delete(drop, near, axis=0).max(axis=0).clip(min=FLAT * FLAT)
    relative = lost / depth
    worst = float(relative[lost >= LOST].max())
    return bool(worst > limit and relative.min() < worst / limit)


def _around(volume: int) -> range:
    return range(volume - NEAR, volume + NEAR + 1)


def _noise(signal: Float) -> Float:
    """Return the standard deviation of noise per voxel, from the volumes outside the bolus, which are most."""
    curvature = signal[1:-1] - (signal[:-2] + signal[2:]) / 2
    return np.asarray(MAD_TO_SD * np.median(np.abs(curvature), axis=0) / CURVATURE_SD)


def _excess(count: int, step_s: float, first_pass: FirstPass | None) -> list[float]:
    """Return how far each volume may lie below those beside it: at a peak by that of the narrowest bolus."""
    beside = float(np.exp(-4 * np.log(2) * (step_s / SHORTEST_PASS_S) ** 2))
    peak = FLAT + (1 - beside) / beside
    if first_pass is None:
        return [peak] * count
    last = first_pass.end + LATEST_S / step_s
    return [peak if first_pass.baseline - 1 <= volume <= last else FLAT for volume in range(count)]
