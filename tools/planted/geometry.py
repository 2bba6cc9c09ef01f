"""Errors of geometry: positions, orientations, spacings and slices that do not belong together."""

from collections.abc import Callable

import numpy as np
from pydicom import Dataset
from pydicom.uid import generate_uid
from scipy.spatial.transform import Rotation

from idh_tasks.domain.sequence import MrSequence
from tools.planted.case import Case, Kind, Plant
from tools.planted.judges import Points, image_case, patch_case, place_case
from tools.planted.study import STATIC, Series, Study, pixels, put, set_pixels

Rng = np.random.Generator
Change = Callable[[Series, Rng], Series]


def _static(change: Change, judged: Callable[[Study, MrSequence, Series], Case] = image_case) -> Plant:
    """Return what changes one static series, drawn by the generator."""

    def plant(study: Study, rng: Rng) -> Case:
        sequence = STATIC[rng.integers(len(STATIC))]
        return judged(study, sequence, change(study.copies(sequence), rng))

    return plant


def _position(ds: Dataset) -> Points:
    return np.array(ds.ImagePositionPatient, dtype=np.float64)


def _moved(ds: Dataset, shift_mm: Points) -> None:
    put(ds, ImagePositionPatient=[round(float(c), 6) for c in _position(ds) + shift_mm])


def _inner(series: Series, rng: Rng) -> int:
    return int(rng.integers(3, len(series) - 3))


def shear(series: Series, rng: Rng) -> Series:
    """Displace each slice in its plane against the one below, as a gantry tilt does."""
    slope = rng.choice((-1, 1)) * rng.uniform(0.05, 1.0)
    axis = np.eye(3)[rng.integers(2)]
    for k, ds in enumerate(series):
        _moved(ds, axis * slope * k)
    return series


def gap(series: Series, rng: Rng) -> Series:
    """Leave out one to three slices inside the stack."""
    start = _inner(series, rng)
    return series[:start] + series[start + int(rng.integers(1, 3)) :]


def jitter(series: Series, rng: Rng) -> Series:
    """Move every slice by 10⁻⁵ to 10⁻² mm, as a scanner rounds positions."""
    size = 10 ** rng.uniform(-5, -2)
    for ds in series:
        _moved(ds, rng.uniform(-size, size, 3))
    return series


def displaced(series: Series, rng: Rng) -> Series:
    """Move one slice along the normal by a fraction of the spacing."""
    _moved(series[_inner(series, rng)], np.array([0, 0, rng.choice((-1, 1)) * rng.uniform(0.8, 2.4)]))
    return series


def duplicate(series: Series, rng: Rng) -> Series:
    """Give a slice the position of another one, as a new instance or instead of its own position."""
    source, other = series[_inner(series, rng)], series[_inner(series, rng) - 1]
    twin = Dataset()
    twin.update(other)
    twin.file_meta = other.file_meta
    put(twin, SOPInstanceUID=generate_uid(), ImagePositionPatient=list(source.ImagePositionPatient))
    return [*series, twin]


def one_spacing(series: Series, rng: Rng) -> Series:
    """State another pixel spacing for some slices."""
    factor = float(rng.uniform(1.02, 1.4))
    for ds in series[: _inner(series, rng)]:
        put(ds, PixelSpacing=[float(value) * factor for value in ds.PixelSpacing])
    return series


def localizer(series: Series, rng: Rng) -> Series:
    """Add slices of a localizer in other planes to the series, first or last."""
    planes = [[0, 1, 0, 0, 0, -1], [1, 0, 0, 0, 0, -1]]
    views = []
    for plane in planes[: int(rng.integers(1, 3))]:
        view = Dataset()
        view.update(series[0])
        view.file_meta = series[0].file_meta
        put(view, SOPInstanceUID=generate_uid(), ImageOrientationPatient=plane, ImagePositionPatient=[-100, -100, 90])
        put(view, InstanceNumber=0, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"] if rng.random() < 0.5 else None)
        set_pixels(view, pixels(series[len(series) // 2]))
        views.append(view)
    return [*views, *series] if rng.random() < 0.5 else [*series, *views]


def two_slices(series: Series, rng: Rng) -> Series:
    """Leave two slices of the stack."""
    start = _inner(series, rng)
    return series[start : start + 2]


def one_orientation(series: Series, rng: Rng) -> Series:
    """Rotate the orientation of some slices by 2 to 20 degrees."""
    turn = Rotation.from_euler("xyz"[rng.integers(3)], rng.uniform(2, 20), degrees=True)
    for ds in series[: _inner(series, rng)]:
        put(ds, ImageOrientationPatient=_turned(ds, turn))
    return series


def not_unit(series: Series, rng: Rng) -> Series:
    """State rows that are no unit vectors, or not at a right angle to the columns."""
    factor, lean = (float(rng.uniform(0.5, 0.97)), 0.0) if rng.random() < 0.5 else (1.0, float(rng.uniform(0.05, 0.5)))
    for ds in series:
        put(ds, ImageOrientationPatient=[factor, lean, 0.0, 0.0, 1.0, 0.0])
    return series


def other_matrix(series: Series, rng: Rng) -> Series:
    """Give some slices fewer columns."""
    for ds in series[: _inner(series, rng)]:
        set_pixels(ds, pixels(ds)[:, : -int(rng.integers(1, 20))])
    return series


def _turned(ds: Dataset, turn: Rotation) -> list[float]:
    return [round(float(c), 9) for c in turn.apply(np.reshape(ds.ImageOrientationPatient, (2, 3))).ravel()]


def mirrored(study: Study, rng: Rng) -> Case:
    """Exchange left and right of the pixels, or front and back, under an unchanged header."""
    sequence = STATIC[rng.integers(len(STATIC))]
    series, axis = study.copies(sequence), 1 if rng.random() < 0.7 else 0
    for ds in series:
        set_pixels(ds, np.flip(pixels(ds), axis))
    return place_case(study, sequence, series, None)


def flipped_header(study: Study, rng: Rng) -> Case:
    """State rows that run the other way, under unchanged pixels: the head is mirrored."""
    sequence = STATIC[rng.integers(len(STATIC))]
    series = study.copies(sequence)
    for ds in series:
        width = np.array([float(ds.PixelSpacing[1]) * (ds.Columns - 1), 0, 0])
        put(ds, ImageOrientationPatient=[-1, 0, 0, 0, 1, 0])
        _moved(ds, width)
    return place_case(study, sequence, series, None)


def rotated_header(study: Study, rng: Rng) -> Case:
    """Turn the whole stack in its header by 90 or 180 degrees about the axis from feet to head."""
    sequence = STATIC[rng.integers(len(STATIC))]
    turn = Rotation.from_euler("z", float(rng.choice((90, 180, -90))), degrees=True)
    series = study.copies(sequence)
    for ds in series:
        put(ds, ImageOrientationPatient=_turned(ds, turn))
        put(ds, ImagePositionPatient=[round(float(c), 6) for c in turn.apply(_position(ds))])
    return place_case(study, sequence, series, lambda points: np.asarray(turn.apply(points)))


def wrong_spacing(study: Study, rng: Rng) -> Case:
    """State a pixel spacing or slice distance that is wrong by 8 to 30 %."""
    sequence = STATIC[rng.integers(len(STATIC))]
    factor = float(rng.choice((rng.uniform(0.77, 0.92), rng.uniform(1.08, 1.3))))
    series, along_normal = study.copies(sequence), rng.random() < 0.3
    for ds in series:
        scale = np.array([1, 1, factor] if along_normal else [factor, factor, 1])
        put(ds, ImagePositionPatient=[round(float(c), 6) for c in _position(ds) * scale])
        if not along_normal:
            put(ds, PixelSpacing=[float(value) * factor for value in ds.PixelSpacing])
    return place_case(study, sequence, series, None)


CHANGES = (shear, gap, jitter, displaced, duplicate, one_spacing, localizer, two_slices, not_unit)
PARTS = (one_orientation, other_matrix)
"""The rest of such a stack may be used if it covers the tumour, which the patch shows."""
KINDS = (
    *(Kind("geometry", change.__name__.replace("_", " "), _static(change)) for change in CHANGES),
    *(
        Kind("geometry", change.__name__.replace("_", " "), _static(change, patch_case), costly=True)
        for change in PARTS
    ),
    Kind("geometry", "mirrored pixels", mirrored, costly=True),
    Kind("geometry", "flipped header", flipped_header, costly=True),
    Kind("geometry", "rotated header", rotated_header, costly=True),
    Kind("geometry", "wrong spacing", wrong_spacing, costly=True),
)
