"""Relative cerebral blood volume from the first pass of a DSC series, corrected for motion and leakage."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from idh_tasks.codes import Code
from idh_tasks.domain.volume import Float, Mask, Series4D, Volume
from idh_tasks.errors import SeriesRejectedError
from idh_tasks.imaging.perfusion.first_pass import Curve, FirstPass, baseline_drift, find_first_pass
from idh_tasks.imaging.perfusion.leakage import blood_volume
from idh_tasks.imaging.perfusion.motion import Motion, correct_motion, estimate_motion
from idh_tasks.imaging.perfusion.reference_tissue import inner_tissue, non_enhancing
from idh_tasks.imaging.perfusion.relaxation import relaxation_change, time_step, tissue_mask
from idh_tasks.imaging.perfusion.repair import check_repairable, check_repeats, repair
from idh_tasks.imaging.perfusion.spoiled import Volumes, spoiled_volumes
from idh_tasks.settings import ImagingSettings

MAX_RCBV = 20.0


@dataclass(frozen=True)
class Perfusion:
    """What a DSC series shows.

    Attributes
    ----------
    rcbv
        Blood volume; the median of the brain without large vessels and leakage is 1.
    k2
        Leakage in 1/s, positive where it shortens T1.
    before_bolus
        Mean of the volumes of the steady state before the bolus, of the shortest echo.
    drift
        Trend of the baseline (see `baseline_drift`).
    movement_mm
        Largest displacement of the head from its position before the bolus.
    figures
        What was measured on the way, by name: ``leading_volumes`` before the steady state, ``baseline_volumes``,
        ``echoes``, ``movement_mm``, ``drift``, and ``repaired_volumes`` that were interpolated in time.
    """

    rcbv: Volume
    k2: Volume
    before_bolus: Volume
    drift: float
    movement_mm: float
    figures: Mapping[str, float]


def perfusion_flags(perfusion: Perfusion, settings: ImagingSettings) -> tuple[Code, ...]:
    """Return ``W_DSC_MOTION``, ``W_BASELINE_DRIFT`` and ``W_DSC_VOLUMES`` where they apply."""
    moved = perfusion.movement_mm > settings.movement_limit_mm
    drifts = perfusion.drift > settings.drift_limit
    repaired = perfusion.figures["repaired_volumes"] > 0
    return (Code.W_DSC_MOTION,) * moved + (Code.W_BASELINE_DRIFT,) * drifts + (Code.W_DSC_VOLUMES,) * repaired


def compute_rcbv(dsc: Series4D | Sequence[Series4D], *, leakage: bool = True) -> Perfusion:
    """Compute rCBV from the first pass.

    Parameters
    ----------
    dsc
        Voxels of shape (t, z, y, x); steps are times in s. Two echoes on one grid, the shorter first, are combined.
    leakage
        Whether to correct the curves for leakage.

    Raises
    ------
    SeriesRejectedError
        ``E_NO_BOLUS`` if there is no bolus, ``E_DSC_CONTRAST`` if the signal rises, ``E_TIMING`` if the times are
        not usable, ``E_DSC_VOLUMES`` if volumes are spoiled and cannot be interpolated, ``E_EMPTY_IMAGE``.
    """
    steadied = _steadied((dsc,) if isinstance(dsc, Series4D) else tuple(dsc))
    echoes, first_pass, motion = steadied.echoes, steadied.first_pass, steadied.motion
    mask = _tissue(echoes, first_pass)
    change = relaxation_change(echoes, mask, first_pass)
    compared = non_enhancing(change, inner_tissue(mask, echoes[0].geometry.spacing_mm)[mask], first_pass)
    if not compared.any():
        raise SeriesRejectedError(Code.E_NO_BOLUS, "no tissue of the DSC series shows the bolus")
    reference = change[:, compared].mean(axis=1, dtype=np.float64)
    blood = blood_volume(change, mask, reference, first_pass, time_step(echoes[0]), leakage=leakage)
    drift = baseline_drift(_mean_signal(echoes[-1], mask), first_pass)
    return Perfusion(
        rcbv=_as_volume(np.clip(blood.volume / np.median(blood.volume[compared]), 0, MAX_RCBV), mask, echoes[0]),
        k2=_as_volume(blood.k2, mask, echoes[0]),
        before_bolus=Volume(_baseline(echoes[0], first_pass), echoes[0].geometry),
        drift=drift,
        movement_mm=motion.largest_mm,
        figures={
            "leading_volumes": steadied.leading,
            "baseline_volumes": first_pass.baseline + 1,
            "echoes": len(echoes),
            "movement_mm": motion.largest_mm,
            "drift": drift,
            "repaired_volumes": len(steadied.repaired),
        },
    )


@dataclass(frozen=True)
class _Steadied:
    """The series from the steady state on, without motion, with the volumes that were repaired and those left out."""

    echoes: tuple[Series4D, ...]
    first_pass: FirstPass
    motion: Motion
    repaired: Volumes
    leading: int


def _steadied(echoes: tuple[Series4D, ...]) -> _Steadied:
    """Leave out the volumes before the steady state, correct motion, and replace single spoiled volumes."""
    for echo in echoes:
        time_step(echo)
        _check_content(echo)
    step_s, repeated = time_step(echoes[0]), check_repeats(echoes[-1])
    # Motion may look like a spoiled volume: which of the doubtful ones are spoiled shows only when it is corrected.
    doubtful = repeated.union(*(spoiled_volumes(echo, step_s) for echo in echoes))
    sound = repair(echoes[-1], doubtful - _leading(doubtful))
    found = find_first_pass(_mean_signal(sound, tissue_mask(sound)))
    steady = tuple(_from_volume(echo, found.start) for echo in echoes)
    first_pass = found.counted_from_start()
    motion = estimate_motion(steady[0], first_pass, _from_start(doubtful, found.start))
    corrected = tuple(correct_motion(echo, motion) for echo in steady)
    spoiled = _from_start(repeated, found.start).union(
        *(spoiled_volumes(echo, step_s, first_pass) for echo in corrected)
    )
    check_repairable(spoiled, len(steady[0].voxels), first_pass, step_s)
    still = tuple(repair(echo, spoiled) for echo in corrected)
    return _Steadied(still, first_pass, motion.without(spoiled), spoiled, found.start)


def _leading(doubtful: Volumes) -> Volumes:
    """Return the doubtful volumes with which the series begins: transients are left out, not replaced."""
    return frozenset(volume for volume in doubtful if doubtful.issuperset(range(volume)))


def _check_content(echo: Series4D) -> None:
    if not np.isfinite(echo.voxels).all() or not tissue_mask(echo).any():
        raise SeriesRejectedError(Code.E_EMPTY_IMAGE, "the volumes are empty or contain values that are not finite")


def _from_start(volumes: Volumes, start: int) -> Volumes:
    return frozenset(volume - start for volume in volumes if volume >= start)


def _mean_signal(echo: Series4D, mask: Mask) -> Curve:
    return np.asarray(echo.voxels[:, mask].mean(axis=1, dtype=np.float64))


def _from_volume(echo: Series4D, first: int) -> Series4D:
    return replace(echo, voxels=echo.voxels[first:], steps=echo.steps[first:])


def _tissue(echoes: Sequence[Series4D], first_pass: FirstPass) -> Mask:
    """Return the tissue with a positive baseline in every echo."""
    positive = [_baseline(echo, first_pass) > 0 for echo in echoes]
    return np.asarray(tissue_mask(echoes[-1]) & np.logical_and.reduce(positive))


def _baseline(echo: Series4D, first_pass: FirstPass) -> Float:
    return np.asarray(echo.voxels[first_pass.start : first_pass.baseline + 1].mean(axis=0), dtype=np.float32)


def _as_volume(values: Float, mask: Mask, dsc: Series4D) -> Volume:
    voxels = np.zeros(dsc.geometry.shape, dtype=np.float32)
    voxels[mask] = values
    return Volume(voxels, dsc.geometry)
