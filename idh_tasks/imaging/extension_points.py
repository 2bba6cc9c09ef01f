"""Runs a hospital's own brain extraction or tumour segmentation, found through the entry points of a package.

There are two groups. A function in ``idh.brain_extractors`` takes the volume of the MPRAGE, or of its substitute; one
in ``idh.segmenters`` takes the volumes by sequence on that grid. Both return a mask on that grid. HD-BET, SynthStrip
and nnU-Net need PyTorch, which the platform does not install; a wrapper of a few lines makes each of them such a
function.
"""

from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from typing import Any

import numpy as np

from idh_tasks.codes import Code
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.domain.volume import Mask, Volume
from idh_tasks.errors import RunRefusedError


def extract_brain(name: str, mprage: Volume) -> Mask:
    """Segment the brain with an installed extractor.

    Raises
    ------
    RunRefusedError
        ``E_PLUGIN`` if no installed package offers it, or if its mask is not on the grid of the MPRAGE.
    """
    return _checked(name, _load("idh.brain_extractors", name)(mprage), mprage)


def segment_tumour(name: str, images: Mapping[MrSequence, Volume], reference: Volume) -> Mask:
    """Segment the whole tumour with an installed segmenter; the images are on the grid of the reference.

    Raises
    ------
    RunRefusedError
        ``E_PLUGIN`` as in `extract_brain`.
    """
    return _checked(name, _load("idh.segmenters", name)(images), reference)


def _load(group: str, name: str) -> Callable[[Any], Any]:
    for point in entry_points(group=group, name=name):
        function: Callable[[Any], Any] = point.load()
        return function
    raise RunRefusedError(
        Code.E_PLUGIN, f"no installed package offers {name!r} in {group}: install it or choose another"
    )


def _checked(name: str, result: Any, reference: Volume) -> Mask:
    mask = np.asarray(result)
    if mask.shape != reference.geometry.shape:
        raise RunRefusedError(Code.E_PLUGIN, f"{name!r} returned a mask on another grid than that of its images")
    return mask.astype(bool)
