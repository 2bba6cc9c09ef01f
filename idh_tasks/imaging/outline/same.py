"""Whether two outlines are the same."""

import numpy as np

from idh_tasks.domain.volume import Volume

TOLERANCE_MM = 1e-2


def same_voxels(one: Volume, other: Volume) -> bool:
    """Return whether two outlines lie on the same grid and contain the same voxels, whatever value marks them."""
    if one.geometry.shape != other.geometry.shape:
        return False
    first, second = (np.column_stack([grid.axes(), grid.origin_mm]) for grid in (one.geometry, other.geometry))
    return np.allclose(first, second, rtol=0, atol=TOLERANCE_MM) and np.array_equal(one.voxels > 0, other.voxels > 0)
