"""Controls of a registration that are made from the pair of images itself.

Mutual information alone cannot tell a right registration: heads of other patients and mirrored ones share much of it.
"""

from dataclasses import asdict, dataclass
from itertools import product

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from idh_tasks.imaging.head import bright_region, near_head
from idh_tasks.imaging.local_agreement import local_agreement
from idh_tasks.imaging.metric import Descent, descend, information
from idh_tasks.imaging.pyramid import ImagePair

Point = NDArray[np.float64]
Signs = tuple[int, ...]

START = (0.03, -0.03, 0.03, 1.5, -1.5, 1.5)
"""Displacement of the second start: rotations in rad, shifts in mm."""
BRAIN_SEMI_AXES_MM = (64.0, 80.0, 61.0)
POINTS = np.array(list(product((-1.0, 1.0), repeat=3))) / np.sqrt(3) * BRAIN_SEMI_AXES_MM
"""Eight points on the surface of a brain, relative to its centre, at which two transforms are compared."""
SECOND = Descent(2.0, 0.02, 40, 10_000, seed=7)
AFFINE = Descent(0.5, 0.02, 40, 15_000, seed=11)
FLIPPED_COARSE, FLIPPED = Descent(4.0, 0.2, 40, 4_000, seed=7), Descent(2.0, 0.05, 30, 10_000, seed=7)
LEAST = 0.003
"""Smaller changes of size and smaller gains are numerical noise."""
FLIP_WEIGHT, AGREEMENT_WEIGHT, MISFIT_WEIGHT, START_WEIGHT, OTHERS_MEAN = 9.0, 1.25, 1.1, 3.0, 0.5
"""Fisher's discriminant of 53 right pairs and 164 of two patients; the resemblance of the latter is 0 ± 1."""
WIDEST_MARGIN, START_RANGE_MM = 0.3, (0.5, 4.0)
"""Beyond these, flip margin and distance of the second start say no more."""
FLIPS = tuple(signs for signs in product((1, -1), repeat=3) if signs.count(-1) in (1, 2))
"""Signs of the axes: mirrored, upside down, back to front, and rotated by 180 degrees about each axis."""


@dataclass(frozen=True)
class Controls:
    """What the images themselves say against a registration.

    Attributes
    ----------
    local_agreement
        Similarity of blocks at their own place, relative to their best within 8 mm; low for another patient.
    second_start_mm
        Largest distance to the registration found from another start with other samples.
    scaling
        Largest change of size that an affine refinement wants, as the absolute logarithm of a singular value.
    affine_gain
        How much more information the images share after this refinement, relative to what they share without it.
    flip_margin
        How much more information the images share than with one of them mirrored, upside down or back to front,
        relative to what they share. A wrong image fits no better than its mirror image.
    """

    local_agreement: float
    second_start_mm: float
    scaling: float
    affine_gain: float
    flip_margin: float

    @property
    def misfit(self) -> float:
        """Return the geometric mean of the change of size and of what is gained by it.

        Distortion and noise cause one of them; another head, or a wrong spacing, causes both.
        """
        return float(np.sqrt(max(self.scaling, LEAST) * max(self.affine_gain, LEAST)))

    @property
    def resemblance(self) -> float:
        """Return how much all controls together speak for one head, in standard deviations of images of two."""
        return (
            FLIP_WEIGHT * min(self.flip_margin, WIDEST_MARGIN)
            + AGREEMENT_WEIGHT * max(self.local_agreement, 0.0)
            - MISFIT_WEIGHT * float(np.log10(self.misfit))
            - START_WEIGHT * float(np.log10(np.clip(self.second_start_mm, *START_RANGE_MM)))
            - OTHERS_MEAN
        )

    def figures(self) -> dict[str, float]:
        """Return all figures by name."""
        return asdict(self) | {"misfit": self.misfit, "resemblance": self.resemblance}


FLAWLESS = Controls(local_agreement=1.0, second_start_mm=0.0, scaling=0.0, affine_gain=0.0, flip_margin=1.0)
"""Nothing speaks against an image that is not moved at all."""


def measure_controls(pairs: list[ImagePair], transform: sitk.Euler3DTransform) -> Controls:
    """Measure all controls on the coarse levels of the pyramid.

    Parameters
    ----------
    transform
        From points of the sampled image to points of the other one.

    Raises
    ------
    RuntimeError
        If too little of one image lies inside the other.
    """
    pair = pairs[1]
    inside = bright_region(pair.sampled)
    head, centre = near_head(inside), _centre(inside)
    shared = information(pair.sampled, pair.other, transform, head)
    scaling, gain = _refinement(pair, transform, head, centre, shared)
    return Controls(
        local_agreement=local_agreement(pair.sampled, pair.other, transform, inside),
        second_start_mm=_second_start_mm(pair, transform, head, centre),
        scaling=scaling,
        affine_gain=gain,
        flip_margin=_flip_margin(pairs, transform, head, centre, shared),
    )


def distance_mm(one: sitk.Transform, other: sitk.Transform, centre: Point) -> float:
    """Return the largest distance between two transforms at eight points on the surface of the brain."""
    points = (centre + POINTS).tolist()
    return max(float(np.linalg.norm(np.subtract(one.TransformPoint(p), other.TransformPoint(p)))) for p in points)


def _centre(head: sitk.Image) -> Point:
    inside = np.argwhere(sitk.GetArrayFromImage(head))
    middle = inside.mean(axis=0) if len(inside) else (np.array(head.GetSize()[::-1]) - 1) / 2
    return np.array(head.TransformContinuousIndexToPhysicalPoint(middle[::-1].tolist()))


def _second_start_mm(pair: ImagePair, transform: sitk.Euler3DTransform, head: sitk.Image, centre: Point) -> float:
    second = sitk.Euler3DTransform(transform)
    second.SetParameters(np.add(transform.GetParameters(), START).tolist())
    descend(pair.sampled, pair.other, second, SECOND, head)
    return distance_mm(second, transform, centre)


def _refinement(
    pair: ImagePair, transform: sitk.Euler3DTransform, head: sitk.Image, centre: Point, shared: float
) -> tuple[float, float]:
    """Return by how much an affine refinement changes the size, and the information gained relative to that shared."""
    affine = sitk.AffineTransform(3)
    affine.SetMatrix(transform.GetMatrix())
    affine.SetCenter(centre.tolist())
    affine.SetTranslation(np.subtract(transform.TransformPoint(centre.tolist()), centre).tolist())
    descend(pair.sampled, pair.other, affine, AFFINE, head)
    gain = information(pair.sampled, pair.other, affine, head) / shared - 1 if shared > 0 else 0.0
    # A descent that went astray says nothing about size.
    if gain < 0:
        return 0.0, 0.0
    sizes = np.linalg.svd(np.array(affine.GetMatrix()).reshape(3, 3), compute_uv=False)
    return float(np.abs(np.log(sizes)).max()), gain


def _flip_margin(
    pairs: list[ImagePair], transform: sitk.Euler3DTransform, head: sitk.Image, centre: Point, shared: float
) -> float:
    pair = pairs[1]
    signs, best = _best_flip(pairs[0], transform, centre)
    image, mask = _flipped(pair.sampled, centre, signs), _flipped(head, centre, signs)
    descend(image, pair.other, best, FLIPPED, mask)
    return 1 - information(image, pair.other, best, mask) / shared if shared > 0 else 0.0


def _best_flip(pair: ImagePair, transform: sitk.Euler3DTransform, centre: Point) -> tuple[Signs, sitk.Euler3DTransform]:
    """Return the flip of the sampled image after which it fits best, and the transform that it then has."""
    starts = {signs: sitk.Euler3DTransform(transform) for signs in FLIPS}
    shared = {
        signs: descend(_flipped(pair.sampled, centre, signs), pair.other, start, FLIPPED_COARSE)
        for signs, start in starts.items()
    }
    best = max(FLIPS, key=lambda signs: shared[signs])
    return best, starts[best]


def _flipped(image: sitk.Image, centre: Point, signs: Signs) -> sitk.Image:
    """Reverse axes of the patient (LPS) about a point; only the geometry changes."""
    flip = np.diag(signs).astype(np.float64)
    flipped = sitk.Image(image)
    flipped.SetDirection((flip @ np.array(image.GetDirection()).reshape(3, 3)).ravel().tolist())
    flipped.SetOrigin((centre + flip @ (np.array(image.GetOrigin()) - centre)).tolist())
    return flipped
