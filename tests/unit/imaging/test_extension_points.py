"""A hospital's own functions are found by name, and the masks that they return are checked."""

from importlib.metadata import EntryPoint

import numpy as np
import pytest

from idh_tasks.domain.sequence import MrSequence
from idh_tasks.domain.volume import Mask, Volume
from idh_tasks.errors import RunRefusedError
from idh_tasks.imaging import extension_points
from tests.factories import head


def bright(mprage: Volume) -> Mask:
    return mprage.voxels > 100


def small(images: dict[MrSequence, Volume]) -> Mask:
    return np.zeros((2, 2, 2), dtype=bool)


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    points = [
        EntryPoint("bright", f"{__name__}:bright", "idh.brain_extractors"),
        EntryPoint("small", f"{__name__}:small", "idh.segmenters"),
    ]
    monkeypatch.setattr(
        extension_points,
        "entry_points",
        lambda group, name: [point for point in points if (point.group, point.name) == (group, name)],
    )


def test_an_extractor_is_called_by_its_name() -> None:
    volume = head()
    assert np.array_equal(extension_points.extract_brain("bright", volume), volume.voxels > 100)


def test_a_missing_extractor_and_a_mask_on_another_grid_are_refused() -> None:
    with pytest.raises(RunRefusedError, match="E_PLUGIN: no installed package offers 'hd-bet'"):
        extension_points.extract_brain("hd-bet", head())
    with pytest.raises(RunRefusedError, match="E_PLUGIN: 'small' returned a mask on another grid"):
        extension_points.segment_tumour("small", {MrSequence.MPRAGE: head()}, head())
