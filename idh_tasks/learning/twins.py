"""Finds patches of one patient under two pseudonyms: the same image in spite of noise, scaling, shifts and flips.

Every patch is first compared with every other one on a coarse grid, by matrix products over blocks. The most similar
ones are compared at full resolution. Two patches are twins if they are far more alike than other similar patches of the
same cohort are: a fixed limit would call tumours of one kind twins.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from idh_tasks.domain.learning import Twins
from idh_tasks.learning.images import Images, chunks, in_one_array
from idh_tasks.learning.texture import REFERENCE_SIZE, Float, Texture, textures

GRID = 16
"""Size of the coarse grid."""
COARSE_BAND = 2
"""The band that is compared on it."""
COARSE_SHIFTS = (-4.0, -2.0, 0.0, 2.0, 4.0)
"""Shifts along each axis that are tried on the coarse grid, in pixels of a patch of 64."""
CANDIDATES = 5
"""Most similar patches of each patch that are compared at full resolution."""
ZOOMS = (0.92, 1.0, 1.08)
"""Stretches along each axis that are tried."""
MAX_SHIFT = 0.12
"""Largest shift along each axis, as a share of the patch."""
MIN_OVERLAP = 0.6
"""Share of the smaller tumour that must lie inside the other one."""
MIN_PIXELS = 40
"""Pixels of overlap from which a correlation can be told."""
MIN_SIMILARITY = 0.5
"""Correlation of textures below which two patches are never twins."""
LIMIT = 8.0
"""How far above other similar pairs twins are in one band, in robust standard deviations of Fisher's z."""
IN_ALL_BANDS = 0.58
"""Share of that limit which the mean over the bands must exceed otherwise."""
MIN_SPREAD = 0.01
"""Least robust standard deviation of Fisher's z that is assumed."""
MIN_OTHERS = 10
"""Pairs from which a spread can be told; with few of them, twins must stand out further."""
BLOCK, ROWS, PAIRS = 256, 8192, 64
"""Patches, the others with which they are compared, and pairs that are compared at once."""

Spectrum = NDArray[np.complex64]
Pairs = NDArray[np.int64]
"""Indices of two patches and of the flip of the second one (pairs, 3)."""


def find_twins(patches: Mapping[str, Float]) -> list[Twins]:
    """Return the pairs of patients whose patches (size, size) are the same image, the most similar first.

    Notes
    -----
    Time grows with the square of the patients. Textures are made again where they are needed: they take four times the
    memory of the patches, which may be more than there is.
    """
    patients, images = list(patches), in_one_array(patches).images
    found = dict.fromkeys(_equal(images), 1.0)
    if len(patients) > 2:
        pairs = _candidates(images)
        similarity = _similarities(images, pairs)
        for row in np.flatnonzero(_outstanding(pairs, similarity)):
            found.setdefault((int(pairs[row, 0]), int(pairs[row, 1])), float(similarity[row].max()))
    ordered = sorted(found.items(), key=lambda item: -item[1])
    return [Twins(patients[i], patients[j], value) for (i, j), value in ordered]


def _equal(images: Images) -> list[tuple[int, int]]:
    """Return the pairs of patches with the same bytes; of several ones each with the first."""
    first: dict[bytes, int] = {}
    pairs = []
    for number, patch in enumerate(patch for some in chunks(images) for patch in some):
        known = first.setdefault(sha256(patch.tobytes()).digest(), number)
        if known != number:
            pairs.append((known, number))
    return pairs


def flipped(images: Float, flip: int) -> Float:
    """Return images (..., size, size) in one of the eight orientations of a square."""
    turned = np.swapaxes(images, -1, -2) if flip & 4 else images
    turned = turned[..., ::-1, :] if flip & 2 else turned
    return turned[..., ::-1] if flip & 1 else turned


def _candidates(images: Images) -> Pairs:
    """Return for each patch the most similar others on the coarse grid, each pair once.

    Blocks of others are turned and shifted once for all patches, of which only the nearest so far are kept.
    """
    own = np.concatenate([_unit(_pooled(_compared(some), 0, 0)) for some in chunks(images)])
    count = len(own)
    near = _Near.nobody(count, min(CANDIDATES, count - 1))
    for start in range(0, count, BLOCK):
        others = np.arange(start, min(start + BLOCK, count))
        moved = _moved(_compared(images[others]))
        for first in range(0, count, ROWS):
            near.take(first, others, *_coarse(own[first : first + ROWS], moved))
    everyone = np.broadcast_to(np.arange(count)[:, None], near.other.shape)
    found = np.stack([everyone, near.other, near.flip], axis=-1)
    unique = {pair[:2]: pair for pair in sorted(_pair(*row) for row in found.reshape(-1, 3).tolist())}
    return np.array(list(unique.values()))


def _compared(patches: Float) -> Float:
    """Return the band of patches that is compared on the coarse grid."""
    return textures(patches).values[:, COARSE_BAND]


class _Near(NamedTuple):
    """For each patch some others: how similar they are, their numbers, and the flips with which they are so."""

    similarity: Float
    other: NDArray[np.int64]
    flip: NDArray[np.int64]

    @classmethod
    def nobody(cls, count: int, kept: int) -> "_Near":
        none = np.zeros((count, kept), np.int64)
        return cls(np.full((count, kept), -np.inf, np.float32), none, none.copy())

    def take(self, first: int, others: NDArray[np.int64], similarity: Float, flips: NDArray[np.int64]) -> None:
        """Keep the most similar ones of those so far and of some others, for the patches from the first one on."""
        rows, kept = np.arange(first, first + len(similarity)), self.other.shape[1]
        similarity[rows[:, None] == others] = -np.inf  # nobody is a twin of themselves
        both = np.concatenate([self.similarity[rows], similarity], axis=1)
        nearest = np.argpartition(-both, kept - 1, axis=1)[:, :kept]
        self.similarity[rows] = np.take_along_axis(both, nearest, axis=1)
        for part, new in ((self.other, np.broadcast_to(others, similarity.shape)), (self.flip, flips)):
            part[rows] = np.take_along_axis(np.concatenate([part[rows], new], axis=1), nearest, axis=1)


def _pair(i: int, j: int, flip: int) -> tuple[int, int, int]:
    """Return a pair in ascending order; turned round, a quarter turn becomes the opposite one."""
    if i < j:
        return i, j, flip
    return j, i, {5: 6, 6: 5}.get(flip, flip)


def _moved(others: Float) -> list[tuple[int, Float]]:
    """Return some patches in all flips and shifts on the coarse grid, with the number of the flip."""
    step = others.shape[1] / REFERENCE_SIZE
    return [
        (flip, _unit(_pooled(flipped(others, flip), down * step, right * step)))
        for flip, down, right in product(range(8), COARSE_SHIFTS, COARSE_SHIFTS)
    ]


def _coarse(own: Float, moved: Sequence[tuple[int, Float]]) -> tuple[Float, NDArray[np.int64]]:
    """Return the largest correlation of pooled patches with others in all flips and shifts, and the flip of it."""
    best = np.full((len(own), len(moved[0][1])), -1, np.float32)
    flips = np.zeros(best.shape, np.int64)
    for flip, others in moved:
        similarity = own @ others.T
        better = similarity > best
        np.copyto(best, similarity, where=better)
        flips[better] = flip
    return best, flips


def _pooled(images: Float, down: float, right: float) -> Float:
    """Return the means of shifted images (n, size, size) over the cells of the coarse grid."""
    rows, columns = (_pooling(images.shape[-1], shift) for shift in (down, right))
    return np.asarray(rows @ images @ columns.T, dtype=np.float32)


def _pooling(size: int, shift: float) -> Float:
    edges = np.linspace(0, size, min(GRID, size) + 1) + shift
    pixel = np.arange(size)
    overlap = np.minimum(edges[1:, None], pixel + 1) - np.maximum(edges[:-1, None], pixel)
    return np.asarray(np.maximum(overlap, 0) / np.diff(edges)[:, None], dtype=np.float32)


def _unit(images: Float) -> Float:
    """Return images as rows of length 1."""
    flat = images.reshape(len(images), -1)
    return np.asarray(flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-6))


def _similarities(images: Images, pairs: Pairs) -> Float:
    """Return the largest correlation of each pair in each band (pairs, bands) over stretches and shifts."""
    pieces = (pairs[start : start + PAIRS] for start in range(0, len(pairs), PAIRS))
    return np.concatenate([_fine(images, piece) for piece in pieces])


def _fine(images: Images, pairs: Pairs) -> Float:
    size = images.shape[1]
    reach = max(1, round(MAX_SHIFT * size))
    length = fft.next_fast_len(size + reach, real=True)
    patches, row = np.unique(pairs[:, :2], return_inverse=True)
    texture = textures(images[patches])
    first, second = (texture.only(rows) for rows in row.reshape(-1, 2).T)
    turned = Texture(
        *(
            np.stack([flipped(image, flip) for image, flip in zip(part, pairs[:, 2].tolist(), strict=True)])
            for part in second
        )
    )
    fixed = _Spectra.of(turned, length)
    best = np.zeros((len(pairs), len(texture.values[0])), np.float32)
    for down, right in product(ZOOMS, ZOOMS):
        moving = _Spectra.of(_stretched(first, down, right), length)
        best = np.maximum(best, _peak(moving, fixed, length, reach))
    return best


class _Spectra(NamedTuple):
    """Fourier transforms of a texture, of its square, and of its inside."""

    values: Spectrum
    squares: Spectrum
    inside: Spectrum

    @classmethod
    def of(cls, texture: Texture, length: int) -> "_Spectra":
        inside = texture.inside[:, None]
        parts = (texture.values * inside, texture.values**2 * inside, inside)
        return cls(*(fft.rfft2(part, (length, length)) for part in parts))


def _peak(moving: "_Spectra", fixed: "_Spectra", length: int, reach: int) -> Float:
    """Return the largest masked correlation (pairs, bands) over shifts (Padfield, IEEE Trans Image Process 2012)."""
    overlap = _correlation(moving.inside, fixed.inside, length, reach)
    pixels = np.minimum(moving.inside[..., 0, 0].real, fixed.inside[..., 0, 0].real)[..., None, None]
    power = _correlation(moving.squares, fixed.inside, length, reach)
    power *= _correlation(moving.inside, fixed.squares, length, reach)
    similarity = _correlation(moving.values, fixed.values, length, reach) / np.sqrt(np.maximum(power, 1.0))
    enough = overlap >= np.maximum(MIN_OVERLAP * pixels, MIN_PIXELS)
    return np.asarray(np.where(enough, similarity, 0).max(axis=(2, 3)), dtype=np.float32)


def _correlation(moving: Spectrum, fixed: Spectrum, length: int, reach: int) -> Float:
    """Return the correlation of images for shifts of up to `reach` along each axis."""
    shifts = np.r_[0 : reach + 1, -reach:0]
    product_of = fft.irfft2(moving.conj() * fixed, (length, length))
    return np.asarray(product_of[..., shifts[:, None], shifts])


def _stretched(texture: Texture, down: float, right: float) -> Texture:
    """Stretch textures about their centre by linear interpolation."""
    rows, columns = (_interpolation(texture.inside.shape[1], zoom) for zoom in (down, right))
    values, inside = (np.asarray(rows @ part @ columns.T, dtype=np.float32) for part in texture)
    return Texture(values, inside)


def _interpolation(size: int, zoom: float) -> Float:
    centre = (size - 1) / 2
    at = (np.arange(size) - centre) / zoom + centre
    return np.asarray(np.maximum(1 - np.abs(at[:, None] - np.arange(size)), 0), dtype=np.float32)


def _outstanding(pairs: Pairs, similarity: Float) -> NDArray[np.bool_]:
    """Return which pairs are far more similar than other pairs of similar patches, in any band.

    The most similar pair of each patch is left out of the comparison: if everybody is in the cohort twice, it is twins.
    """
    z = np.arctanh(np.minimum(similarity, 0.9999))
    others = z[~_nearest(pairs, z.max(axis=1))]
    if len(others) < MIN_OTHERS:
        return np.zeros(len(pairs), dtype=bool)
    limit = LIMIT * (1 + MIN_OTHERS / len(others))
    centre = np.median(others, axis=0)
    spread = 1.4826 * np.median(np.abs(others - centre), axis=0)
    above = (z - centre) / np.maximum(spread, MIN_SPREAD)
    above[similarity < MIN_SIMILARITY] = 0
    return np.asarray((above.max(axis=1) > limit) | (above.mean(axis=1) > limit * IN_ALL_BANDS))


def _nearest(pairs: Pairs, z: Float) -> NDArray[np.bool_]:
    """Return which pairs are the most similar one of either patch."""
    best: dict[int, int] = {}
    for row in np.argsort(-z):
        for patch in pairs[row, :2].tolist():
            best.setdefault(patch, int(row))
    chosen = np.zeros(len(pairs), dtype=bool)
    chosen[list(best.values())] = True
    return chosen
