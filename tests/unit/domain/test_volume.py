"""The position of a grid in the patient."""

import numpy as np

from idh_tasks.domain.volume import Geometry


def test_the_centre_of_an_oblique_grid() -> None:
    sagittal = (0.0, 0.0, -1.0, 1.0, 0.0, 0.0, 0.0, -1.0, 0.0)
    grid = Geometry((3, 5, 7), (1.0, 2.0, 4.0), (10.0, 0.0, 0.0), sagittal)

    # Half the extent: 3 steps of 1 mm along y, 2 of 2 mm down, 1 of 4 mm to the right.
    np.testing.assert_allclose(grid.centre(), (6.0, 3.0, -4.0))
