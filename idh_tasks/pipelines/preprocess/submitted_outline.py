"""An outline that a person submitted, brought from the images on which it was drawn to the reference space."""

from dataclasses import dataclass

from idh_tasks.domain.sequence import MrSequence
from idh_tasks.domain.volume import Geometry, Mask, Volume
from idh_tasks.errors import SeriesRejectedError
from idh_tasks.imaging.head import head_mask
from idh_tasks.imaging.itk import resample
from idh_tasks.imaging.outline.between import check_no_gaps
from idh_tasks.imaging.outline.contained import check_contained
from idh_tasks.imaging.outline.lattice import on_lattice
from idh_tasks.imaging.outline.plausible import check_plausible, check_shape
from idh_tasks.imaging.outline.refusals import refused
from idh_tasks.pipelines.preprocess.study_images import StudyImages


@dataclass(frozen=True)
class SubmittedOutline:
    """An outline on its own grid, with the hash of its file."""

    mask: Volume
    sha256: str


@dataclass(frozen=True)
class PlacedOutline:
    """An outline in the reference space, and the sequence on which it was drawn."""

    mask: Mask
    drawn_on: MrSequence
    doubts: tuple[str, ...] = ()


def placed(drawn: Volume, images: StudyImages) -> PlacedOutline:
    """Return an outline in the reference space: as it was drawn there, or moved with the images on which it was drawn.

    Raises
    ------
    IdhError
        ``E_ROI`` if its voxels are those of no image on which it can be drawn, or it is implausible.
    """
    reference = images.reference
    exact = on_lattice(drawn, reference.image.geometry)
    if exact is not None:
        _check(exact, reference.image.geometry, images)
        check_plausible(exact, head_mask(reference.image), reference.image.geometry, images.settings)
        return PlacedOutline(exact, reference.sequence, tuple(_ambiguous(drawn, images)))
    grids = _grids(images)
    for sequence, grid in grids.items():
        own = on_lattice(drawn, grid)
        if own is not None:
            _check(own, grid, images)
            return PlacedOutline(moved(Volume(own.astype("float32"), grid), sequence, images), sequence)
    raise refused(
        f"the submitted outline lies on the voxels of no image of the study: draw it on {_listed(grids)} or correct "
        "the outline that the study's page offers for download"
    )


def moved(drawn: Volume, sequence: MrSequence, images: StudyImages) -> Mask:
    """Return an outline in the reference space, moved with the image on which it was drawn.

    Raises
    ------
    StudyQuarantinedError
        ``E_ROI`` if it is implausible there, or the reference image does not contain it.
    SeriesRejectedError
        If the image cannot be used.
    """
    grid, transform = images.reference.image.geometry, images.registration(sequence).transform
    mask = resample(drawn, grid, transform, nearest=True).voxels > 0
    check_contained(drawn, grid, transform, images.settings.coverage_floor)
    check_plausible(mask, head_mask(images.reference.image), grid, images.settings)
    return mask


def _check(mask: Mask, grid: Geometry, images: StudyImages) -> None:
    check_no_gaps(mask)
    check_shape(mask, grid, images.settings)


def _grids(images: StudyImages) -> dict[MrSequence, Geometry]:
    """Return the grids of the series on which an outline can be drawn."""
    grids = {}
    for sequence in dict.fromkeys((images.reference.sequence, MrSequence.T2)):
        try:
            source = images.source(sequence)
        except SeriesRejectedError:  # what cannot be used cannot be drawn on
            continue
        grids[sequence] = source.drawn_on.grid if source.drawn_on else source.image.geometry
    return grids


def _ambiguous(drawn: Volume, images: StudyImages) -> list[str]:
    """Return the doubt that an outline in the reference space may have been drawn on a T2 that lies otherwise."""
    sequence = images.reference.sequence
    grid = _grids(images).get(MrSequence.T2)
    if sequence is MrSequence.T2 or grid is None or on_lattice(drawn, grid) is None:
        return []
    return [f"the T2 has the same voxels; the outline was taken as drawn on the {sequence}"]


def _listed(grids: dict[MrSequence, Geometry]) -> str:
    names = (f"the {name} ({' × '.join(map(str, grid.shape[::-1]))} voxels)" for name, grid in grids.items())
    return ", ".join(names)
