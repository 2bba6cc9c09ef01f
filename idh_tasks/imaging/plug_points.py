"""Where a hospital plugs in its own brain extraction or tumour segmentation, by the entry points of a package.

Groups: ``idh.brain_extractors``, a function of an MPRAGE volume, and ``idh.segmenters``, a function of the volumes
by sequence on the grid of MPRAGE; both return a mask on that grid. HD-BET, SynthStrip and nnU-Net bring weights
that cannot be shipped; a few lines around each make such a function.
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
    """Mark the brain with a plugged-in function.

    Raises
    ------
    RunRefusedError
        ``E_PLUGIN`` if no package offers it, or what it returns is no mask on the grid of MPRAGE.
    """
    return _checked(name, _plugged("idh.brain_extractors", name)(mprage), mprage)


def segment_tumour(name: str, images: Mapping[MrSequence, Volume]) -> Mask:
    """Mark the whole tumour with a plugged-in function; the images hold MPRAGE and lie on its grid.

    Raises
    ------
    RunRefusedError
        ``E_PLUGIN`` as above.
    """
    return _checked(name, _plugged("idh.segmenters", name)(images), images[MrSequence.MPRAGE])


def _plugged(group: str, name: str) -> Callable[[Any], Any]:
    for point in entry_points(group=group, name=name):
        function: Callable[[Any], Any] = point.load()
        return function
    raise RunRefusedError(
        Code.E_PLUGIN, f"no installed package offers {name!r} in {group}: install it or choose another"
    )


def _checked(name: str, mask: Any, grid: Volume) -> Mask:
    found = np.asarray(mask)
    if found.shape != grid.geometry.shape:
        raise RunRefusedError(Code.E_PLUGIN, f"{name!r} returned a mask on another grid than MPRAGE's")
    return found.astype(bool)
