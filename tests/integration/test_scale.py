"""No step of a night reads more of the database as history grows; those that still do are named."""

import pytest

from tests.night.growth import CONTROL, costs, exponent, grown
from tests.night.server import Cost

FEW, MANY, NEW = 300, 3_000, 20
MOST = 1.25
"""Of so little history, most of what a step reads is what every session reads first: growth shows less."""
GROWING = {
    "discover",
}
"""Steps that read all of history today. One that no longer does is to be removed."""


def test_only_named_steps_read_more_as_history_grows() -> None:
    assert grown(costs(FEW, NEW), costs(MANY, NEW), MOST) == GROWING
