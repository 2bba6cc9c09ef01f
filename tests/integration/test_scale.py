"""No step of a night reads more of the database as history grows; those that still do are named."""

import pytest

from tests.night.growth import CONTROL, costs, exponent, grown
from tests.night.server import Cost

FEW, MANY, NEW = 1_000, 10_000, 20
GROWING = {
    "discover",
    "discover, idle",
    "freeze cohort: is it due",
}
"""Steps that read all of history today; who changes one so that it does not removes it here."""


def test_only_the_named_steps_read_more_as_history_grows() -> None:
    assert grown(costs(FEW, NEW), costs(MANY, NEW)) == GROWING


def test_a_measurement_that_does_not_notice_the_control_is_refused() -> None:
    same = {CONTROL: Cost(0.0, 0.0, blocks=1_000), "link cases": Cost(0.0, 0.0, blocks=1_000)}
    with pytest.raises(AssertionError, match="control"):
        grown(same, same)


@pytest.mark.parametrize(("cost", "power"), [(5, 0), (50, 1), (500, 2)])
def test_the_exponent_tells_constant_linear_and_quadratic_steps_apart(cost: float, power: float) -> None:
    assert exponent(5, cost, times=10) == pytest.approx(power)
