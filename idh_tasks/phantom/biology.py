"""Draws the tumour biology of a synthetic patient, with a planted effect of the IDH status."""

import numpy as np

from idh_tasks.domain.pathology import IdhStatus
from idh_tasks.phantom.tissue import Biology

RIM_CBV = {IdhStatus.MUTANT: (2.0, 0.5), IdhStatus.WILDTYPE: (4.0, 0.9)}
"""Mean and SD of the relative CBV of the rim: the strong planted effect."""
T1_FACTOR = {IdhStatus.MUTANT: (1.10, 0.08), IdhStatus.WILDTYPE: (1.0, 0.08)}
"""Mean and SD of the tumour's T1 relative to its usual value: the weak planted effect (on T1 and FLAIR)."""


def draw_biology(rng: np.random.Generator, status: IdhStatus) -> Biology:
    """Draw the properties that differ between patients; only CBV and T1 depend on the status."""
    rim_cbv = max(0.8, rng.normal(*RIM_CBV[status]))
    return Biology(
        rim_cbv=rim_cbv,
        oedema_cbv=0.25 * rim_cbv + rng.normal(0.15, 0.1),
        t1_factor=rng.normal(*T1_FACTOR[status]),
        rim_adc=rng.normal(1050, 120),
        oedema_adc=rng.normal(1450, 130),
        rim_leakage=rng.uniform(0.02, 0.06),
    )
