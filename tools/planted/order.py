"""Errors of order: time points, echoes and b-values that a header states badly or not at all."""

from collections.abc import Callable, Sequence

import numpy as np
from pydicom import Dataset
from pydicom.uid import generate_uid

from idh_tasks.domain.sequence import MrSequence
from tools.planted.case import Case, Kind, Plant, kinds
from tools.planted.enhanced import enhanced
from tools.planted.judges import adc_case, order_case, rcbv_case
from tools.planted.study import Series, Study, pixels, put, set_pixels

Rng = np.random.Generator
Change = Callable[[Series, Rng], Series]
CLOCKS = ("TemporalPositionIdentifier", "NumberOfTemporalPositions", "AcquisitionTime", "AcquisitionNumber",
          "InstanceNumber", "ContentTime", "TriggerTime")  # fmt: skip


def _dynamic(change: Change) -> Plant:
    def plant(study: Study, rng: Rng) -> Case:
        return order_case(study, change(study.copies(MrSequence.DSC), rng))

    return plant


def by_volume(series: Series) -> list[Series]:
    """Return the instances by time point, as written by the phantom: volume by volume."""
    slices = len({tuple(ds.ImagePositionPatient) for ds in series})
    return [series[start : start + slices] for start in range(0, len(series), slices)]


def _tr_s(series: Series) -> float:
    return float(series[0].RepetitionTime) / 1000


def _clock(seconds: float) -> str:
    seconds %= 86_400
    return f"{int(seconds // 3600):02d}{int(seconds % 3600 // 60):02d}{seconds % 60:09.6f}"


def _shuffled(series: Sequence[Dataset], rng: Rng) -> Series:
    return [series[index] for index in rng.permutation(len(series))]


def _without_clocks(series: Series) -> Series:
    for ds in series:
        put(ds, **dict.fromkeys(CLOCKS))
    return series


def times_only(series: Series, rng: Rng) -> Series:
    """State acquisition times only, in any order of files, sometimes across midnight."""
    start = float(rng.choice((36_000.0, 86_390.0)))
    volumes, tr_s = by_volume(_without_clocks(series)), _tr_s(series)
    for t, volume in enumerate(volumes):
        for ds in volume:
            put(ds, AcquisitionTime=_clock(start + t * tr_s))
    return _shuffled(series, rng)


def trigger_times(series: Series, rng: Rng) -> Series:
    """State trigger times only."""
    tr_s = _tr_s(series)
    for t, volume in enumerate(by_volume(_without_clocks(series))):
        for ds in volume:
            put(ds, TriggerTime=str(round(t * tr_s * 1000, 3)))
    return _shuffled(series, rng)


def numbers_missing(series: Series, rng: Rng) -> Series:
    """Leave out all Instance Numbers."""
    for ds in series:
        put(ds, InstanceNumber=None)
    return _shuffled(series, rng)


def numbers_tied(series: Series, rng: Rng) -> Series:
    """Number the slices of each volume from 1, as many archives do, or give every instance the number 1."""
    one = rng.random() < 0.5
    for volume in by_volume(series):
        for k, ds in enumerate(volume, start=1):
            put(ds, InstanceNumber=1 if one else k)
    return _shuffled(series, rng)


def numbers_scrambled(series: Series, rng: Rng) -> Series:
    """Number the instances at random, against their times."""
    for number, ds in zip(rng.permutation(len(series)), series, strict=True):
        put(ds, InstanceNumber=int(number) + 1)
    return _shuffled(series, rng)


def numbers_by_slice(series: Series, rng: Rng) -> Series:
    """Number the instances slice by slice, and state nothing else."""
    volumes = by_volume(_without_clocks(series))
    for t, volume in enumerate(volumes):
        for k, ds in enumerate(volume):
            put(ds, InstanceNumber=k * len(volumes) + t + 1)
    return _shuffled(series, rng)


def times_contradict(series: Series, rng: Rng) -> Series:
    """Exchange the stated times of two volumes, against the temporal positions; without these, nobody can know."""
    volumes = by_volume(series)
    for t, volume in enumerate(volumes):
        for ds in volume:
            put(ds, TemporalPositionIdentifier=t + 1)
    one, other = rng.choice(len(volumes), 2, replace=False)
    for first, second in zip(volumes[one], volumes[other], strict=True):
        times = first.AcquisitionTime, second.AcquisitionTime
        put(first, AcquisitionTime=times[1])
        put(second, AcquisitionTime=times[0])
    return _shuffled(series, rng)


def nothing_stated(series: Series, rng: Rng) -> Series:
    """State neither times nor numbers."""
    return _shuffled(_without_clocks(series), rng)


def one_lost(series: Series, rng: Rng) -> Series:
    """Lose one instance."""
    lost = int(rng.integers(len(series) - 16))
    return _shuffled(series[:lost] + series[lost + 1 :], rng)


def volume_lost(series: Series, rng: Rng) -> Series:
    """Lose a whole volume in the middle."""
    volumes = by_volume(series)
    lost = int(rng.integers(2, len(volumes) - 2))
    return _shuffled([ds for t, volume in enumerate(volumes) if t != lost for ds in volume], rng)


def no_step(series: Series, rng: Rng) -> Series:
    """State numbers, but neither times nor a repetition time."""
    for ds in series:
        put(ds, AcquisitionTime=None, RepetitionTime=None)
    return _shuffled(series, rng)


def permuted_frames(series: Series, rng: Rng) -> Series:
    """Store the series as one enhanced image whose frames come in any order, with temporal positions."""
    frames = [(ds, {"TemporalPositionIndex": t + 1}) for t, v in enumerate(by_volume(series)) for ds in v]
    order = rng.permutation(len(frames))
    return [enhanced([frames[i][0] for i in order], [frames[i][1] for i in order])]


def frames_without_time(series: Series, rng: Rng) -> Series:
    """Store the series as one enhanced image whose frames are permuted and state no time."""
    order = rng.permutation(len(series))
    return [enhanced([series[i] for i in order], [{} for _ in order])]


def file_per_volume(series: Series, rng: Rng) -> Series:
    """Store each volume as an enhanced image, numbered in any order, with the time of each frame."""
    volumes, tr_s = by_volume(series), _tr_s(series)
    numbers = rng.permutation(len(volumes)) + 1
    stored = []
    for t, volume in enumerate(volumes):
        content: dict[str, object] = {"FrameAcquisitionDateTime": f"20180304{_clock(36_000 + t * tr_s)}"}
        stored.append(enhanced(volume, [content] * len(volume), int(numbers[t])))
    return _shuffled(stored, rng)


def leading_volumes(study: Study, rng: Rng) -> Case:
    """Brighten the first one to three volumes, as before the steady state."""
    series = study.copies(MrSequence.DSC)
    for t, volume in enumerate(by_volume(series)[: int(rng.integers(1, 4))]):
        for ds in volume:
            set_pixels(ds, pixels(ds) * (1 + rng.uniform(0.3, 1.2) * 0.4**t))
    return rcbv_case(study, series)


def dual_echo(study: Study, rng: Rng) -> Case:
    """Acquire a second, shorter echo of every volume in the same series."""
    series = study.copies(MrSequence.DSC)
    volumes, share = by_volume(series), float(rng.uniform(0.3, 0.6))
    before = [np.mean([pixels(volume[k]) for volume in volumes[:6]], axis=0) for k in range(len(volumes[0]))]
    short = study.copies(MrSequence.DSC)
    for volume in by_volume(short):
        for ds, base in zip(volume, before, strict=True):
            put(ds, EchoTime=str(round(float(ds.EchoTime) * share, 2)), SOPInstanceUID=generate_uid())
            set_pixels(ds, 1.2 * base * (np.maximum(pixels(ds), 1) / np.maximum(base, 1)) ** share)
    return rcbv_case(study, _shuffled([*series, *short], rng))


def map_among_b_values(study: Study, rng: Rng) -> Case:
    """Store the ADC map in the series of the diffusion images, as some scanners do."""
    series = study.copies(MrSequence.DWI)
    adc = study.images.source(MrSequence.ADC).image.voxels
    maps = study.copies(MrSequence.DWI)[: len(adc)]
    stated = rng.random() < 0.5
    for ds, image in zip(maps, adc, strict=True):
        put(ds, SOPInstanceUID=generate_uid(), ImageType=["DERIVED", "PRIMARY", "DIFFUSION", "ADC"])
        put(ds, DiffusionBValue=1000.0 if stated else None)
        set_pixels(ds, image)
    return adc_case(study, _shuffled([*series, *maps], rng))


def lowest_b_missing(study: Study, rng: Rng) -> Case:
    """Leave out b = 0 in the headers of its images, which is common."""
    series = study.copies(MrSequence.DWI)
    for ds in series:
        if ds.get("DiffusionBValue") == 0:
            put(ds, DiffusionBValue=None)
            for element in [one for one in ds if one.tag.is_private]:
                del ds[element.tag]
    return adc_case(study, _shuffled(series, rng))


def one_b_value(study: Study, rng: Rng) -> Case:
    """State the same b-value for all images."""
    series = study.copies(MrSequence.DWI)
    b_value = float(rng.choice((0, 500, 1000)))
    for ds in series:
        put(ds, DiffusionBValue=b_value)
    return adc_case(study, _shuffled(series, rng))


CHANGES = (times_only, trigger_times, numbers_missing, numbers_tied, numbers_scrambled, numbers_by_slice,
           times_contradict, nothing_stated, one_lost, volume_lost, no_step, permuted_frames, frames_without_time,
           file_per_volume)  # fmt: skip
WHOLE = (leading_volumes, dual_echo, map_among_b_values, lowest_b_missing, one_b_value)
KINDS = (
    *(Kind("order", change.__name__.replace("_", " "), _dynamic(change)) for change in CHANGES),
    *kinds("order", WHOLE),
)
