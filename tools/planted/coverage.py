"""Errors of coverage: images that show the tumour partly or not at all."""

import numpy as np
from numpy.typing import NDArray

from idh_tasks.domain.sequence import MrSequence
from tools.planted.case import Case, kinds
from tools.planted.judges import patch_case
from tools.planted.study import STATIC, Series, Study, pixels, put, set_pixels

Rng = np.random.Generator
ANATOMICAL = (MrSequence.T1, MrSequence.FLAIR)
MIN_SLICES = 3


def _heights(series: Series) -> NDArray[np.float64]:
    return np.array([float(ds.ImagePositionPatient[2]) for ds in series])


def _tumour_heights(study: Study) -> NDArray[np.float64]:
    """Return the height of each voxel of the tumour in mm."""
    grid = study.volume(MrSequence.T2).geometry
    return np.asarray(grid.origin_mm[2] + np.nonzero(study.tumour)[0] * grid.spacing_mm[2], dtype=np.float64)


def _slab(study: Study, series: Series, share: float, *, from_below: bool) -> Series:
    """Return the slices that cover a share of the tumour; the rest of it lies above or below them."""
    heights, sorted_mm = _heights(series), np.sort(_tumour_heights(study))
    edge = sorted_mm[min(int(len(sorted_mm) * (share if from_below else 1 - share)), len(sorted_mm) - 1)]
    half = float(series[0].SpacingBetweenSlices) / 2
    kept = heights + half <= edge if from_below else heights - half >= edge
    return [ds for ds, inside in zip(series, kept, strict=True) if inside]


def _cut(study: Study, sequence: MrSequence, share: float, rng: Rng) -> Series:
    """Return a slab that covers about this share of the tumour, or more of it if hardly a slice would be left."""
    series = study.copies(sequence)
    for covered in (share, *np.arange(share, 0.9, 0.05)):
        slabs = [_slab(study, series, float(covered), from_below=below) for below in rng.permutation([True, False])]
        for slab in slabs:
            if len({ds.ImagePositionPatient[2] for ds in slab}) >= MIN_SLICES:
                return slab
    return series


def covering(study: Study, sequence: MrSequence) -> Series:
    """Return the slices of a series that contain the tumour, and two more on each side."""
    series, heights = study.copies(sequence), _tumour_heights(study)
    margin = 2.5 * float(series[0].SpacingBetweenSlices)
    return [
        ds for ds in series if heights.min() - margin <= float(ds.ImagePositionPatient[2]) <= heights.max() + margin
    ]


def missed_wholly(study: Study, rng: Rng) -> Case:
    """Acquire a slab above or below the tumour."""
    sequence = ANATOMICAL[rng.integers(2)]
    return patch_case(study, sequence, _cut(study, sequence, 0.0, rng))


def missed_partly(study: Study, rng: Rng) -> Case:
    """Acquire a slab that ends inside the tumour."""
    sequence = ANATOMICAL[rng.integers(2)]
    return patch_case(study, sequence, _cut(study, sequence, float(rng.uniform(0.2, 0.85)), rng))


def perfusion_slab(study: Study, rng: Rng) -> Case:
    """Acquire perfusion images of a part of the tumour."""
    slab = _cut(study, MrSequence.DSC, float(rng.uniform(0.1, 0.8)), rng)
    return patch_case(study, MrSequence.RCBV, slab, MrSequence.DSC)


def diffusion_slab(study: Study, rng: Rng) -> Case:
    """Acquire diffusion images of a part of the tumour."""
    slab = _cut(study, MrSequence.DWI, float(rng.uniform(0.1, 0.8)), rng)
    return patch_case(study, MrSequence.ADC, slab, MrSequence.DWI)


def _cropped(study: Study, series: Series, share: float) -> Series:
    """Crop columns on the side of the tumour, so that this share of it stays inside."""
    grid = study.volume(MrSequence.T2).geometry
    across = np.sort(grid.origin_mm[0] + np.nonzero(study.tumour)[2] * grid.spacing_mm[0])
    left = across.mean() > 0
    edge = across[int(len(across) * (share if left else 1 - share))]
    for ds in series:
        start, spacing = float(ds.ImagePositionPatient[0]), float(ds.PixelSpacing[1])
        column = round((edge - start) / spacing)
        image = pixels(ds)
        set_pixels(ds, image[:, :column] if left else image[:, column:])
        if not left:
            put(ds, ImagePositionPatient=[start + column * spacing, *list(ds.ImagePositionPatient)[1:]])
    return series


def narrow_field(study: Study, rng: Rng) -> Case:
    """Acquire a field of view whose edge cuts the tumour."""
    sequence = ANATOMICAL[rng.integers(2)]
    return patch_case(study, sequence, _cropped(study, study.copies(sequence), float(rng.uniform(0.2, 0.85))))


def narrow_reference(study: Study, rng: Rng) -> Case:
    """Acquire an MPRAGE that covers a part of the tumour."""
    share = float(rng.uniform(0.2, 0.8))
    grid = study.volume(MrSequence.T2).geometry
    series = study.copies(MrSequence.MPRAGE)
    if abs(float(series[0].ImageOrientationPatient[0])) > 0.5:
        return patch_case(study, MrSequence.MPRAGE, _cropped(study, series, share))
    across = np.sort(grid.origin_mm[0] + np.nonzero(study.tumour)[2] * grid.spacing_mm[0])
    left = across.mean() > 0
    edge = across[int(len(across) * (share if left else 1 - share))]
    kept = [ds for ds in series if (float(ds.ImagePositionPatient[0]) < edge) == left]
    return patch_case(study, MrSequence.MPRAGE, kept)


def _zeroed(study: Study, series: Series, low: float, high: float, value: float = 0) -> Series:
    """Fill the slices between two quantiles of the tumour's height with a value."""
    bottom, top = np.quantile(_tumour_heights(study), (low, high))
    for ds in series:
        if bottom <= float(ds.ImagePositionPatient[2]) <= top:
            set_pixels(ds, np.full((ds.Rows, ds.Columns), value, dtype=np.float32))
    return series


def dark_slices(study: Study, rng: Rng) -> Case:
    """Lose the signal of the slices through a part of the tumour, as after an error of reconstruction."""
    sequence = ANATOMICAL[rng.integers(2)]
    low, high = np.sort(rng.choice((0.0, 0.4, 0.6, 1.0), 2, replace=False))
    return patch_case(study, sequence, _zeroed(study, study.copies(sequence), float(low), float(high)))


def noise_only_slices(study: Study, rng: Rng) -> Case:
    """Acquire noise in the slices through a part of the tumour."""
    sequence = ANATOMICAL[rng.integers(2)]
    low, high = np.sort(rng.choice((0.0, 0.4, 0.6, 1.0), 2, replace=False))
    series = _zeroed(study, study.copies(sequence), float(low), float(high))
    for ds in series:
        if not pixels(ds).any():
            set_pixels(ds, rng.rayleigh(10, (ds.Rows, ds.Columns)).astype(np.float32))
    return patch_case(study, sequence, series)


def padded_slab(study: Study, rng: Rng) -> Case:
    """Acquire a slab and fill the field of view with zeros, the lowest value, or stated padding."""
    sequence, value = ANATOMICAL[rng.integers(2)], int(rng.choice((0, -1, -1024, -32768)))
    kept = {ds.SOPInstanceUID for ds in _cut(study, sequence, float(rng.uniform(0.1, 0.85)), rng)}
    series, stated = study.copies(sequence), rng.random() < 0.3
    for ds in series:
        if ds.SOPInstanceUID not in kept:
            set_pixels(ds, np.full((ds.Rows, ds.Columns), value))
        if stated:
            ds.add_new("PixelPaddingValue", "SS", value)
    return patch_case(study, sequence, series)


def blank_region(study: Study, rng: Rng) -> Case:
    """Blank a region of all slices that contains a part of the tumour, for example to remove burnt-in text."""
    sequence = ANATOMICAL[rng.integers(2)]
    _, rows, columns = np.nonzero(study.tumour)
    row, column = int(np.quantile(rows, rng.uniform(0.2, 0.8))), int(np.median(columns))
    corner = rng.random() < 0.5
    series = study.copies(sequence)
    for ds in series:
        image = pixels(ds).copy()
        image[(slice(row, None) if corner else slice(row - 9, row + 9)), column - 12 : column + 12] = 0
        set_pixels(ds, image)
    return patch_case(study, sequence, series)


def dark_slices_of_maps(study: Study, rng: Rng) -> Case:
    """Lose the signal of slices through the tumour in every volume of the perfusion or diffusion series."""
    sequence, of = ((MrSequence.RCBV, MrSequence.DSC), (MrSequence.ADC, MrSequence.DWI))[rng.integers(2)]
    low, high = np.sort(rng.choice((0.0, 0.4, 0.6, 1.0), 2, replace=False))
    return patch_case(study, sequence, _zeroed(study, study.copies(of), float(low), float(high)), of)


def few_slices(study: Study, rng: Rng) -> Case:
    """Acquire one to three slices through the tumour."""
    sequence = STATIC[rng.integers(len(STATIC))]
    series, middle = study.copies(sequence), float(np.median(_tumour_heights(study)))
    nearest = np.argsort(np.abs(_heights(series) - middle))[: int(rng.integers(1, 4))]
    return patch_case(study, sequence, [series[index] for index in nearest])


PLANTS = (missed_wholly, missed_partly, perfusion_slab, diffusion_slab, narrow_field, narrow_reference, dark_slices,
          noise_only_slices, padded_slab, blank_region, dark_slices_of_maps, few_slices)  # fmt: skip
KINDS = kinds("coverage", PLANTS, costly=True)
