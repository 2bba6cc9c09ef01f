"""Extracts the brain with the chosen method, or with the classical one where that fails, and says which it was."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from idh_tasks.codes import Code
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.domain.volume import Float, Mask, Volume
from idh_tasks.errors import SeriesRejectedError
from idh_tasks.imaging.brain.peeling import peeled_mask
from idh_tasks.imaging.brain.shape import measure_shape
from idh_tasks.imaging.brain.trained import trained_mask
from idh_tasks.imaging.extension_points import extract_brain
from idh_tasks.imaging.itk import axial, same_voxels
from idh_tasks.settings import ImagingSettings

STRIPPED, CLASSICAL, TRAINED = "stripped", "classical", "trained"
BUILT_IN = {CLASSICAL: peeled_mask, TRAINED: trained_mask}


@dataclass(frozen=True)
class BrainMask:
    """A brain mask and how it was made.

    Attributes
    ----------
    mask
        On the grid of the image.
    extractor
        The method that found it; ``stripped`` if the image is zero outside the brain.
    flags
        ``W_BRAIN_FALLBACK`` if the chosen method failed.
    figures
        The shape of the mask by name. Where two methods ran: ``brain_agreement``, the Dice coefficient of their masks,
        and ``brain_volume_ratio`` and ``brain_sd_ratio``, the volume of this mask and the standard deviation of the
        image in it, relative to the other.
    """

    mask: Mask
    extractor: str
    flags: tuple[Code, ...]
    figures: Mapping[str, float]

    def description(self, image: MrSequence) -> str:
        """Return for a reader on which image and how the mask was made, and how far another method agrees with it."""
        instead = " (no T1 covers the head)" if Code.W_BRAIN_T2 in self.flags else ""
        fallback = " (fallback)" if Code.W_BRAIN_FALLBACK in self.flags else ""
        agreement = self.figures.get("brain_agreement")
        agree = "" if agreement is None else f", agreement of two methods {agreement:.2f}"
        return f"made on {image.written}{instead}, extractor: {self.extractor}{fallback}{agree}"


def extract(image: Volume, settings: ImagingSettings) -> BrainMask:
    """Segment the brain with its cerebrospinal fluid.

    Parameters
    ----------
    image
        T1-weighted, in any orientation; with its skull, or constant outside the brain. What is not a number
        counts as 0.

    Raises
    ------
    SeriesRejectedError
        ``E_BRAIN_MASK`` with a figure for each method, if no mask has the shape of a brain.
    RunRefusedError
        ``E_PLUGIN`` if the chosen method is not installed.
    """
    upright = axial(image)
    np.nan_to_num(upright.voxels, copy=False)
    found = _stripped(upright) or _segmented(upright, settings.brain_extractor)
    mask = same_voxels(found.mask, upright.geometry, image.geometry)
    return BrainMask(mask, found.extractor, found.flags, found.figures)


def _stripped(image: Volume) -> BrainMask | None:
    """Return the brain of an image without skull, or None if there is a skull."""
    mask = np.asarray(ndimage.binary_fill_holes(image.voxels != image.voxels[0, 0, 0]))
    shape = measure_shape(mask, image.geometry)
    return None if shape.fault() else BrainMask(mask, STRIPPED, (), shape.figures())


def _segmented(image: Volume, chosen: str) -> BrainMask:
    """Run the chosen and the classical method; the classical one takes a second or two."""
    masks = {name: _marked(name, image) for name in dict.fromkeys((chosen, CLASSICAL))}
    shapes = {name: measure_shape(mask, image.geometry) for name, mask in masks.items()}
    name = next((name for name, shape in shapes.items() if not shape.fault()), None)
    if name is None:
        faults = "; ".join(f"{name}: {shape.fault()}" for name, shape in shapes.items())
        raise SeriesRejectedError(Code.E_BRAIN_MASK, faults)
    flags = () if name == chosen else (Code.W_BRAIN_FALLBACK,)
    figures = shapes[name].figures()
    for other in masks.keys() - {name}:
        figures |= _agreement(image.voxels, masks[name], masks[other])
    return BrainMask(masks[name], name, flags, figures)


def _marked(name: str, image: Volume) -> Mask:
    return BUILT_IN[name](image) if name in BUILT_IN else extract_brain(name, image)


def _agreement(voxels: Float, mask: Mask, other: Mask) -> dict[str, float]:
    """Compare two masks, of which the second may be empty."""
    dice = 2 * float((mask & other).sum()) / float(mask.sum() + other.sum())
    sd = float(voxels[other].std()) if other.any() else 0.0
    ratios = {"brain_volume_ratio": mask.sum() / other.sum(), "brain_sd_ratio": voxels[mask].std() / sd} if sd else {}
    return {"brain_agreement": dice} | {name: float(ratio) for name, ratio in ratios.items()}
