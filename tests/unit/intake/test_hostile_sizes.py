"""Small files that unpack to gigabytes are refused by name, and cost neither this process nor another its memory."""

from collections.abc import Callable

import pytest

from tests.peak_memory import peak_of
from tests.unit.intake import hostile

OWN_MIB = 450
"""The libraries of an ingest alone take about 330 MiB."""


@pytest.mark.parametrize(
    ("attack", "confined_mib"),
    [
        (hostile.read_masks, 1600),
        (hostile.large_zip, 0),
        (hostile.wide_directory, 0),
        (hostile.long_header, 0),
        (hostile.packed_answers, 0),
        (hostile.workbooks, 1200),
    ],
)
def test_a_file_that_unpacks_to_gigabytes_takes_a_bounded_memory(attack: Callable[[], None], confined_mib: int) -> None:
    peak = peak_of(attack.__name__, attack)
    assert peak.own < OWN_MIB
    assert peak.confined <= confined_mib
