"""Tissues of the phantom and their MR properties at 3 T."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.uint8]


class Tissue(IntEnum):
    """Tissue label of a voxel."""

    AIR = 0
    SCALP = 1
    SKULL = 2
    CSF = 3
    GREY = 4
    WHITE = 5
    NECROSIS = 6
    RIM = 7
    OEDEMA = 8


TUMOUR = (Tissue.NECROSIS, Tissue.RIM, Tissue.OEDEMA)


@dataclass(frozen=True)
class Properties:
    """T1, T1 after contrast agent and T2 in ms, proton density, ADC in 10⁻⁶ mm²/s, relative CBV, leakage K2."""

    t1: float
    t1_contrast: float
    t2: float
    density: float
    adc: float
    cbv: float
    leakage: float = 0.0


HEALTHY = {
    Tissue.AIR: Properties(1000, 1000, 50, 0.0, 0, 0),
    Tissue.SCALP: Properties(380, 340, 70, 0.75, 300, 0.3),
    Tissue.SKULL: Properties(900, 850, 20, 0.10, 150, 0.1),
    Tissue.CSF: Properties(4200, 4200, 1600, 1.0, 3000, 0.05),
    Tissue.GREY: Properties(1450, 1350, 95, 0.84, 820, 2.0),
    Tissue.WHITE: Properties(860, 830, 72, 0.70, 720, 1.0),
}


@dataclass(frozen=True)
class Biology:
    """Tumour properties that differ between patients; `t1_factor` and `rim_cbv` have the planted IDH effect."""

    rim_cbv: float
    oedema_cbv: float
    t1_factor: float
    rim_adc: float
    oedema_adc: float
    rim_leakage: float

    def properties(self) -> dict[Tissue, Properties]:
        """Return the properties of every tissue of this patient."""
        factor = self.t1_factor
        return HEALTHY | {
            Tissue.NECROSIS: Properties(2600 * factor, 2400, 320, 0.92, 1700, 0.25),
            Tissue.RIM: Properties(1550 * factor, 520, 125, 0.86, self.rim_adc, self.rim_cbv, self.rim_leakage),
            Tissue.OEDEMA: Properties(1500 * factor, 1450, 165, 0.86, self.oedema_adc, self.oedema_cbv),
        }


def lookup(labels: Labels, table: dict[Tissue, float]) -> NDArray[np.float32]:
    """Return the table value of each voxel's tissue, in the shape of `labels`."""
    values = np.array([table[tissue] for tissue in Tissue], dtype=np.float32)
    return values[labels]
