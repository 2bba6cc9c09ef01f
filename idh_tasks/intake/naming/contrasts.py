"""Separates the images of a series that belong to different acquisitions or maps, whatever their positions."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from pydicom import Dataset

from idh_tasks.dicom.frames import first_frame, is_enhanced
from idh_tasks.dicom.image_kind import image_kind, photometric_fault
from idh_tasks.dicom.mosaic import is_mosaic

PLANES = ("sagittal", "coronal", "axial")
SAME_DIRECTION = 0.02
"""Largest difference of direction cosines within one orientation."""
LOCALIZER_SLICES = 10
"""Most slices of a localizer in one plane: a volume of the head has more."""
DYNAMIC = 8
"""With as many images at each position and echo time, a series is dynamic: its echoes stay together."""


@dataclass(frozen=True)
class Image:
    """An instance of a series and the header of its first frame."""

    instance: Dataset
    header: Dataset


Levels = dict[int, str]
"""For each image, by its index, the level of one criterion; an empty one is not named in a label."""


def separate(instances: Sequence[Dataset]) -> list[tuple[str, tuple[Dataset, ...]]]:
    """Return the images of each contrast with a label, which is empty if there is only one.

    Labels state values, so that they depend neither on the order of the instances nor on other contrasts' values.
    """
    images = [Image(ds, first_frame(ds)) for ds in instances]
    return [(label, tuple(image.instance for image in group)) for label, group in _separated(images, CRITERIA)]


def localizer_planes(instances: Sequence[Dataset]) -> dict[str, int]:
    """Return the number of slices by plane if a series of classic images has the geometry of a localizer, else nothing.

    A localizer has a few slices in each of several planes, about as many in one as in another.
    """
    if any(is_enhanced(ds) or is_mosaic(ds) for ds in instances):
        return {}
    images = [Image(ds, ds) for ds in instances]
    planes: dict[str, set[tuple[float, ...]]] = defaultdict(set)
    for plane, image in zip(_planes(images), images, strict=True):
        planes[plane].add(_place(image.header))
    counts = {plane: len(places) for plane, places in planes.items()}
    few = max(counts.values()) <= min(LOCALIZER_SLICES, 2 * min(counts.values()))
    return counts if len(counts) > 1 and few and "no plane" not in counts else {}


def _separated(images: list[Image], criteria: Sequence["Criterion"]) -> list[tuple[str, list[Image]]]:
    if not criteria:
        return [("", images)]
    groups: dict[str, list[Image]] = defaultdict(list)
    for image, level in zip(images, criteria[0](images), strict=True):
        groups[level].append(image)
    named = {"": images} if len(groups) == 1 else groups
    return [
        (f"{level} {label}".strip(), group)
        for level, members in sorted(named.items())
        for label, group in _separated(members, criteria[1:])
    ]


Criterion = Callable[[Sequence[Image]], list[str]]


def _kinds(images: Sequence[Image]) -> list[str]:
    return ["colour" if photometric_fault(image.header) else image_kind(image.header) or "image" for image in images]


def _planes(images: Sequence[Image]) -> list[str]:
    """Return the plane of each image, with the direction cosines of the first of several orientations in one plane."""
    stated = [_cosines(image.header) for image in images]
    orientations: list[tuple[float, ...]] = []
    for cosines in sorted(set(filter(None, stated))):
        if not any(_near(cosines, other) for other in orientations):
            orientations.append(cosines)
    names = Counter(_plane(orientation) for orientation in orientations)
    labels = {one: _plane(one) if names[_plane(one)] == 1 else f"{_plane(one)} {one}" for one in orientations}
    return [next((labels[one] for one in orientations if _near(cosines, one)), "no plane") for cosines in stated]


def _cosines(ds: Dataset) -> tuple[float, ...]:
    try:
        return tuple(round(float(c), 3) + 0.0 for c in ds.ImageOrientationPatient)
    except (AttributeError, TypeError, ValueError):
        return ()


def _near(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return len(one) == len(other) == 6 and float(np.abs(np.subtract(one, other)).max()) <= SAME_DIRECTION


def _plane(cosines: tuple[float, ...]) -> str:
    if len(cosines) != 6:
        return "no plane"
    return PLANES[int(np.argmax(np.abs(np.cross(cosines[:3], cosines[3:]))))]


def _matrices(images: Sequence[Image]) -> list[str]:
    return [f"{image.header.get('Rows')}x{image.header.get('Columns')}" for image in images]


def _scanning(images: Sequence[Image]) -> list[str]:
    stated = [image.header.get("ScanningSequence") or () for image in images]
    return ["-".join(sorted([value] if isinstance(value, str) else map(str, value))) for value in stated]


def _by_number(keyword: str, name: str, tolerance: float) -> Criterion:
    """Return a criterion of which values closer than a relative tolerance are the same level."""

    def levels(images: Sequence[Image]) -> list[str]:
        values = [_number(image.header, keyword) for image in images]
        return [f"{name} {value:g}" if value else "" for value in _clustered(values, tolerance)]

    return levels


def _echoes(images: Sequence[Image]) -> list[str]:
    levels = _by_number("EchoTime", "TE", 0.03)(images)
    positions = len({_place(image.header) for image in images})
    dynamic = min(Counter(levels).values()) >= DYNAMIC * positions
    return ["" for _ in images] if dynamic else levels


def _place(ds: Dataset) -> tuple[float, ...]:
    try:
        return tuple(round(float(c)) for c in ds.ImagePositionPatient)
    except (AttributeError, TypeError, ValueError):
        return ()


def _number(ds: Dataset, keyword: str) -> float:
    try:
        return float(ds.get(keyword) or 0)
    except (TypeError, ValueError):
        return 0.0


def _clustered(values: Sequence[float], tolerance: float) -> list[float]:
    """Replace each value by the smallest one that it reaches in steps within the tolerance."""
    lowest: dict[float, float] = {}
    previous = None
    for value in sorted(set(values)):
        same = previous is not None and value <= previous * (1 + tolerance)
        lowest[value] = lowest[previous] if same and previous is not None else value
        previous = value
    return [lowest[value] for value in values]


CRITERIA: tuple[Criterion, ...] = (
    _kinds,
    _planes,
    _matrices,
    _scanning,
    _by_number("RepetitionTime", "TR", 0.5),
    _by_number("InversionTime", "TI", 0.03),
    _echoes,
)
"""Applied in turn, each within the groups that the ones before have made."""
