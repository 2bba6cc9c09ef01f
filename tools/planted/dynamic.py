"""Errors in the volumes of a perfusion series: spoiled ones, maps among them, and boluses that are not one bolus."""

from collections.abc import Callable

import numpy as np
from pydicom.uid import generate_uid

from idh_tasks.domain.sequence import MrSequence
from idh_tasks.domain.volume import Float
from tools.planted.case import Case, Kind, Plant
from tools.planted.judges import rcbv_case
from tools.planted.order import by_volume
from tools.planted.study import Series, Study, pixels, put, set_pixels

Rng = np.random.Generator
Change = Callable[[Study, Float, Rng], Float]
ARRIVAL_S, BOLUS_S = 14.0, 12.0
"""When the bolus of the phantom arrives, and how long its first pass takes."""


def _bolus(study: Study) -> tuple[int, int]:
    tr_s = float(study.series[MrSequence.DSC][0].RepetitionTime) / 1000
    return round(ARRIVAL_S / tr_s) + 1, round((ARRIVAL_S + BOLUS_S) / tr_s)


def _written(series: Series, frames: Float) -> Series:
    """Return the series with other pixels."""
    volumes = by_volume(series)
    for volume, images in zip(volumes, frames, strict=True):
        for ds, image in zip(volume, images, strict=True):
            set_pixels(ds, image)
    return series


def _frames(series: Series) -> Float:
    return np.stack([np.stack([pixels(ds) for ds in volume]) for volume in by_volume(series)])


def _plant(change: Change) -> Plant:
    def plant(study: Study, rng: Rng) -> Case:
        series = study.copies(MrSequence.DSC)
        changed = _written(series, change(study, _frames(series), rng))
        return rcbv_case(study, [changed[index] for index in rng.permutation(len(changed))])

    return plant


def volume_spoiled_in_the_bolus(study: Study, frames: Float, rng: Rng) -> Float:
    """Spoil one volume of the first pass: flat, at another gain, displaced, or noise."""
    at = int(rng.integers(*_bolus(study)))
    head = frames[0] > 200
    spoiled = (
        np.where(head, 300.0, 0.0),
        frames[at] * rng.uniform(0.1, 0.6),
        np.roll(frames[at], int(rng.integers(4, 9)), axis=2),
        rng.rayleigh(12, frames[at].shape),
    )
    frames[at] = spoiled[rng.integers(len(spoiled))]
    return frames


def slices_spoiled_in_the_bolus(study: Study, frames: Float, rng: Rng) -> Float:
    """Lose the signal of most slices in two volumes of the first pass."""
    start = int(rng.integers(*_bolus(study)))
    frames[start : start + 2, 2:-2] *= rng.uniform(0, 0.3)
    return frames


def time_runs_backwards(_study: Study, frames: Float, _rng: Rng) -> Float:
    """Store the volumes from last to first, under clocks that run forwards."""
    return frames[::-1].copy()


def bolus_brightens(_study: Study, frames: Float, _rng: Rng) -> Float:
    """Acquire a T1-weighted dynamic series, in which the bolus brightens the tissue."""
    return np.maximum(2 * frames[:1] - frames, 0)


def no_bolus(_study: Study, frames: Float, rng: Rng) -> Float:
    """Miss the injection."""
    return np.maximum(frames[:1] + rng.normal(0, 8, frames.shape), 0).astype(np.float32)


def volumes_exchanged(study: Study, frames: Float, rng: Rng) -> Float:
    """Exchange the pixels of a volume of the first pass and one long before or after it."""
    at = int(rng.integers(*_bolus(study)))
    other = int(rng.choice((2, len(frames) - 3)))
    frames[[at, other]] = frames[[other, at]]
    return frames


def map_as_last_volume(study: Study, rng: Rng) -> Case:
    """Append a map to the series as one more volume, which may say that it is derived."""
    series = study.copies(MrSequence.DSC)
    tr_s, last = float(series[0].RepetitionTime) / 1000, by_volume(series)[-1]
    extra = by_volume(study.copies(MrSequence.DSC))[-1]
    for ds in extra:
        put(ds, SOPInstanceUID=generate_uid(), InstanceNumber=int(ds.InstanceNumber) + len(last))
        put(ds, AcquisitionTime=f"{float(ds.AcquisitionTime) + tr_s:013.6f}")
        put(ds, AcquisitionNumber=int(ds.AcquisitionNumber) + 1)
        if "TemporalPositionIdentifier" in ds:
            put(ds, TemporalPositionIdentifier=int(ds.TemporalPositionIdentifier) + 1)
        put(ds, ImageType=["DERIVED", "SECONDARY", str(rng.choice(("M", "TTP", "MTT", "RCBV")))])
        set_pixels(ds, np.where(pixels(ds) > 200, rng.uniform(50, 400), 0))
    return rcbv_case(study, [*series, *extra])


SPOILED = (volume_spoiled_in_the_bolus, slices_spoiled_in_the_bolus, time_runs_backwards, bolus_brightens, no_bolus,
           volumes_exchanged)  # fmt: skip
KINDS = (
    *(Kind("order", change.__name__.replace("_", " "), _plant(change)) for change in SPOILED),
    Kind("order", "map as last volume", map_as_last_volume),
)
