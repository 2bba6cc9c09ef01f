"""Acquisition protocols of three vendors, with the timings of real examinations."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from idh_tasks.domain.sequence import MrSequence
from idh_tasks.phantom.signal import Readout, Timing


class Vendor(StrEnum):
    """The vendor whose header conventions are used."""

    SIEMENS = "SIEMENS"
    GE = "GE MEDICAL SYSTEMS"
    PHILIPS = "Philips Medical Systems"


class Plane(StrEnum):
    """Orientation of the slices."""

    AXIAL = "axial"
    SAGITTAL = "sagittal"


@dataclass(frozen=True)
class Recipe:
    """How one series is acquired; `size` is (slices, rows, columns), `spacing_mm` is (x, y, slice)."""

    sequence: MrSequence
    description: str
    timing: Timing
    size: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    flip_angle: float
    scanning_sequence: str
    echo_train: int = 1
    acquisition_type: str = "2D"
    plane: Plane = Plane.AXIAL
    b_values: tuple[float, ...] = ()
    time_points: int = 0


B_VALUES = (0.0, 500.0, 1000.0)
TIME_POINTS = 32

_THICK = (24, 128, 128)
_THICK_MM = (1.8, 1.8, 5.0)
_VOLUME = (112, 128, 128)
_VOLUME_MM = (1.5, 1.5, 1.5)
ECHO_SPACING_MS = 7.0
_EPI = (20, 72, 72)
_EPI_MM = (3.1, 3.1, 6.0)
_DSC = (14, 64, 64)
_DSC_MM = (3.5, 3.5, 7.0)


def _epi(names: tuple[str, str], diffusion: Timing, perfusion: Timing) -> tuple[Recipe, Recipe]:
    return (
        Recipe(MrSequence.DWI, names[0], diffusion, _EPI, _EPI_MM, 90, "EP", b_values=B_VALUES),
        Recipe(MrSequence.DSC, names[1], perfusion, _DSC, _DSC_MM, 60, "EP", time_points=TIME_POINTS),
    )


def _mprage(name: str, timing_ms: tuple[float, float, float], flip_deg: float, plane: Plane = Plane.AXIAL) -> Recipe:
    """Return an MPRAGE after contrast with a train of one echo per slice."""
    timing = Timing(*timing_ms, contrast=True, readout=Readout(_VOLUME[0], ECHO_SPACING_MS, flip_deg))
    return Recipe(
        MrSequence.MPRAGE, name, timing, _VOLUME, _VOLUME_MM, flip_deg, "GR\\IR", acquisition_type="3D", plane=plane
    )


SIEMENS = (
    Recipe(MrSequence.T1, "t1_se_tra", Timing(600, 9.7), _THICK, _THICK_MM, 90, "SE"),
    Recipe(MrSequence.T2, "t2_tse_tra", Timing(4800, 98), _THICK, _THICK_MM, 142, "SE", 15),
    Recipe(MrSequence.FLAIR, "t2_Flair_axial", Timing(9420, 141, 2500), _THICK, _THICK_MM, 156, "SE\\IR", 16),
    _mprage("t1 axial stealth-post", (1760, 3.1, 950), 15, Plane.SAGITTAL),
    *_epi(("ep2d_diff_3scan_trace", "ep2d_perf BOLUS"), Timing(4900, 83), Timing(1500, 30)),
)

GE = (
    Recipe(MrSequence.T1, "O-Ax T1 SE", Timing(493, 17.8), _THICK, _THICK_MM, 90, "SE"),
    Recipe(MrSequence.T2, "AX T2 FRFSE", Timing(4000, 108), _THICK, _THICK_MM, 142, "SE", 18),
    Recipe(MrSequence.FLAIR, "Ax Flair", Timing(9500, 126, 2521), _THICK, _THICK_MM, 160, "SE\\IR", 20),
    _mprage("Ax MPRAGE 3D +C", (2100, 3.0, 900), 12),
    *_epi(("Ax DWI b500 b1000", "Ax DSC PERFUSION"), Timing(7000, 76), Timing(1600, 30)),
)

PHILIPS = (
    Recipe(MrSequence.T1, "T1/T/SE", Timing(550, 12), _THICK, _THICK_MM, 90, "SE"),
    Recipe(MrSequence.T2, "T2/T/TSE 15", Timing(4400, 100), _THICK, _THICK_MM, 90, "SE", 15),
    Recipe(MrSequence.FLAIR, "T2 FLAIR TRANS", Timing(11000, 125, 2800), _THICK, _THICK_MM, 90, "SE\\IR", 24),
    _mprage("MPRAGE T +C", (1900, 3.4, 950), 8),
    *_epi(("DWI 3 b TRANS", "DSC FFE-EPI"), Timing(4000, 88), Timing(1550, 32)),
)

_NATIVE = (30, 160, 160)
_NATIVE_MM = (1.45, 1.45, 5.0)
THICK_SLICES = (
    Recipe(MrSequence.T1, "T1 SE AX", Timing(560, 11), _NATIVE, _NATIVE_MM, 90, "SE"),
    Recipe(MrSequence.T2, "T2 TSE AX", Timing(4600, 99), _NATIVE, _NATIVE_MM, 150, "SE", 15),
    Recipe(MrSequence.FLAIR, "FLAIR AX", Timing(9000, 128, 2500), _NATIVE, _NATIVE_MM, 150, "SE\\IR", 18),
    Recipe(MrSequence.T1C, "T1 SE AX +C", Timing(560, 11, contrast=True), _NATIVE, _NATIVE_MM, 90, "SE"),
    *_epi(("DWI 3 b AX", "DSC PERFUSION AX"), Timing(5000, 80), Timing(1500, 30)),
)
"""A protocol without 3D series, whose T1 after contrast has slices of 5 mm like the others."""


def with_field_of_view(recipes: Sequence[Recipe], factor: float) -> list[Recipe]:
    """Return recipes whose field of view in the plane of the slices is larger by a factor."""
    return [replace(one, spacing_mm=(one.spacing_mm[0] * factor, one.spacing_mm[1] * factor, one.spacing_mm[2]))
            for one in recipes]  # fmt: skip


PROTOCOLS = {Vendor.SIEMENS: SIEMENS, Vendor.GE: GE, Vendor.PHILIPS: PHILIPS}
MODELS = {Vendor.SIEMENS: "TrioTim", Vendor.GE: "DISCOVERY MR750w", Vendor.PHILIPS: "Ingenia"}
