"""The images of an epoch on the device: from one array there that all networks share, or piece by piece."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from idh_tasks.learning.backend import tf
from idh_tasks.learning.images import Images, Selected, select

RESIDENT_BYTES = 2**28
"""Size up to which all patches stay on the device: about 16,000 patients."""
SEGMENT = 8192
"""Images of an epoch, of all networks together, that are on the device at once."""

Places = NDArray[np.int64]
Read = Callable[[Places], tf.Tensor]


def segments(images: int, networks: int, batch_size: int) -> Iterator[slice]:
    """Yield the pieces of an epoch of this many images for each network; each has whole batches, but for the last."""
    length = max(1, SEGMENT // (networks * batch_size)) * batch_size
    for start in range(0, images, length):
        yield slice(start, start + length)


def reader(sources: Sequence[Images]) -> Read:
    """Return a function from places in each of several sources (sources, n) to images (sources, n, size, size, 1)."""
    selected = [select(source, np.arange(source.shape[0])) for source in sources]
    shared = selected[0].images
    if all(one.images is shared for one in selected) and 4 * np.prod(shared.shape) <= RESIDENT_BYTES:
        return _resident(shared, selected)
    return lambda places: tf.constant(
        np.stack([one[own] for one, own in zip(selected, places, strict=True)])[..., None], tf.float32
    )


def _resident(shared: Images, selected: Sequence[Selected]) -> Read:
    x = tf.constant(shared[np.arange(shared.shape[0])][..., None], tf.float32)
    return lambda places: tf.gather(x, np.stack([one.rows[own] for one, own in zip(selected, places, strict=True)]))
