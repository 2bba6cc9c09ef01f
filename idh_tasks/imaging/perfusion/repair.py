"""Replaces single spoiled volumes of a DSC series by interpolation in time, where that can be relied upon."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from idh_tasks.codes import Code
from idh_tasks.domain.volume import Float, Series4D
from idh_tasks.errors import SeriesRejectedError
from idh_tasks.imaging.perfusion.first_pass import FirstPass
from idh_tasks.imaging.perfusion.spoiled import Volumes, repeated_volumes

MOST = 0.05
"""Part of the volumes that may be spoiled, each between sound ones."""
ANYWHERE_S = 1.2
"""With this time between volumes or less, any volume is interpolated with an error of rCBV below 3 %."""


def check_repeats(dsc: Series4D) -> Volumes:
    """Return the volume with the pixels of the one before it, if there is one.

    Raises
    ------
    SeriesRejectedError
        ``E_TIMING`` if several volumes repeat others, or one repeats another than the one before it: then the order in
        time or the time between volumes is not what it seems.
    """
    repeated = repeated_volumes(dsc)
    copies = [volume for volume in repeated if np.array_equal(dsc.voxels[volume], dsc.voxels[volume - 1])]
    if len(repeated) > 1 or len(copies) < len(repeated):
        reason = f"{len(repeated)} of {len(dsc.voxels)} volumes have the pixels of earlier ones"
        raise SeriesRejectedError(Code.E_TIMING, reason)
    return repeated


def check_repairable(spoiled: Volumes, count: int, first_pass: FirstPass, step_s: float) -> None:
    """Check that each spoiled volume lies between sound ones, and not where the bolus changes too fast.

    Raises
    ------
    SeriesRejectedError
        ``E_DSC_VOLUMES`` with the numbers of the volumes.
    """
    verb = "does" if len(spoiled) == 1 else "do"
    named = f"{_named(spoiled)} of {count} {verb} not fit those before and after"
    if len(spoiled) > max(1.0, MOST * count) or any(volume + 1 in spoiled for volume in spoiled):
        raise SeriesRejectedError(Code.E_DSC_VOLUMES, named)
    fast = range(first_pass.baseline, first_pass.peak + 1 + int(step_s / ANYWHERE_S))
    if step_s > ANYWHERE_S and spoiled.intersection(fast):
        reason = f"{named}, and at the peak of the bolus none can be interpolated from volumes {step_s:.1f} s apart"
        raise SeriesRejectedError(Code.E_DSC_VOLUMES, reason)


def repair(dsc: Series4D, spoiled: Volumes) -> Series4D:
    """Replace spoiled volumes by interpolation from sound ones; a sound series is returned unchanged."""
    if not spoiled:
        return dsc
    voxels = dsc.voxels.copy()
    for volume in spoiled:
        voxels[volume] = _interpolated(dsc.voxels, volume, spoiled)
    return replace(dsc, voxels=voxels)


def _interpolated(voxels: Float, volume: int, spoiled: Volumes) -> Float:
    """Interpolate cubically, linearly if one of the four volumes is spoiled, and repeat the nearest at the ends."""
    sound = [near for near in (volume - 2, volume - 1, volume + 1, volume + 2) if _is_sound(near, len(voxels), spoiled)]
    if len(sound) == 4:
        return (4 * (voxels[volume - 1] + voxels[volume + 1]) - voxels[volume - 2] - voxels[volume + 2]) / 6
    nearest = [near for near in sound if abs(near - volume) == 1] or sound
    return voxels[nearest].mean(axis=0) if nearest else voxels[volume]


def _is_sound(volume: int, count: int, spoiled: Volumes) -> bool:
    return 0 <= volume < count and volume not in spoiled


def _named(volumes: Sequence[int] | Volumes) -> str:
    """Return the numbers of volumes as a viewer counts them, from 1."""
    numbers = [str(volume + 1) for volume in sorted(volumes)]
    if len(numbers) > 5:
        return f"{len(numbers)} volumes"
    return f"volume{'s' * (len(numbers) > 1)} {', '.join(numbers)}"
