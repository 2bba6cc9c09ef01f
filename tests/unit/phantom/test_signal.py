"""The signal of an MPRAGE is that of its magnetisation, pulse by pulse."""

import numpy as np
import pytest

from idh_tasks.domain.sequence import MrSequence
from idh_tasks.phantom.protocol import PROTOCOLS, Recipe
from idh_tasks.phantom.signal import Readout, magnitude
from idh_tasks.phantom.tissue import HEALTHY, Tissue

MPRAGES = [next(one for one in recipes if one.sequence is MrSequence.MPRAGE) for recipes in PROTOCOLS.values()]


def pulse_by_pulse(t1: float, tr: float, ti: float, train: Readout) -> float:
    """Return the transverse magnetisation after the middle pulse of the train, after many repetitions."""

    def recover(magnetisation: float, time_ms: float) -> float:
        return 1 - (1 - magnetisation) * float(np.exp(-time_ms / t1))

    half_ms, cosine = train.echoes * train.spacing_ms / 2, np.cos(np.deg2rad(train.flip_deg))
    magnetisation, middle = 1.0, 0.0
    for _ in range(30):
        magnetisation = recover(-magnetisation, ti - half_ms)
        for echo in range(train.echoes):
            if echo == train.echoes // 2:
                middle = magnetisation
            magnetisation = recover(magnetisation * cosine, train.spacing_ms)
        magnetisation = recover(magnetisation, tr - ti - half_ms)
    return abs(middle) * float(np.sin(np.deg2rad(train.flip_deg)))


@pytest.mark.parametrize("recipe", MPRAGES, ids=lambda recipe: recipe.description)
@pytest.mark.parametrize("tissue", [Tissue.WHITE, Tissue.GREY, Tissue.CSF])
def test_the_closed_form_is_what_the_pulses_give(recipe: Recipe, tissue: Tissue) -> None:
    timing, properties = recipe.timing, HEALTHY[tissue]
    assert timing.ti is not None
    assert timing.readout is not None
    expected = pulse_by_pulse(properties.t1_contrast, timing.tr, timing.ti, timing.readout)
    relaxed = properties.density * np.exp(-timing.te / properties.t2)
    assert magnitude(properties, timing) / relaxed == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize("recipe", MPRAGES, ids=lambda recipe: recipe.description)
def test_fluid_in_an_mprage_is_dark_and_brighter_than_bone(recipe: Recipe) -> None:
    """As in five real ones, where the ventricles have a median of 0.29 to 0.66 of white matter."""
    fluid, bone, white = (magnitude(HEALTHY[t], recipe.timing) for t in (Tissue.CSF, Tissue.SKULL, Tissue.WHITE))
    assert bone < fluid < 0.5 * white
    assert fluid > 0.15 * white
