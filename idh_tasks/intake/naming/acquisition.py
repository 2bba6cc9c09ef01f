"""When and how a series was acquired, as far as it matters for the order of the series of a study."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isclose

from pydicom import Dataset

from idh_tasks.intake.naming.physics import read_physics

HALF_A_DAY_S = 43_200.0
"""Times further apart than this lie on both sides of midnight: their order is not known."""
GRADIENT_ECHO_TE_MS = 8.0


@dataclass(frozen=True)
class Acquisition:
    """Start in seconds of the day, start after the bolus in seconds, and what two equal protocols have in common."""

    start: float | None
    since_bolus: float | None
    three_d: bool
    gradient_echo: bool
    timing: tuple[float, float, float]

    def seconds_after(self, other: "Acquisition") -> float | None:
        """Return how long after another series this one started; None if either time is not known."""
        return _difference(self.start, other.start)

    def follows(self, other: "Acquisition") -> bool:
        """Return whether this series is known to be the later one; series numbers show nothing, archives renumber."""
        seconds = self.seconds_after(other)
        return seconds is not None and seconds > 0

    def same_timing(self, other: "Acquisition") -> bool:
        """Return whether both have the same repetition, echo and inversion time."""
        pairs = zip(self.timing, other.timing, strict=True)
        return all(isclose(a, b, rel_tol=0.02, abs_tol=0.1) for a, b in pairs)


def read_acquisition(instances: Sequence[Dataset]) -> Acquisition:
    """Read it from all instances of a series: the earliest one shows its start."""
    first, physics = instances[0], read_physics(instances[:1])
    start = min((at for at in map(_start, instances) if at is not None), default=None)
    bolus = _seconds(first.get("ContrastBolusStartTime"))
    gradient = "GR" in physics.scanning or ("SE" not in physics.scanning and physics.te <= GRADIENT_ECHO_TE_MS)
    return Acquisition(
        start=start,
        since_bolus=_difference(start, bolus),
        three_d=physics.three_d,
        gradient_echo=gradient,
        timing=(physics.tr, physics.te, physics.ti),
    )


def _difference(later: float | None, earlier: float | None) -> float | None:
    if later is None or earlier is None or abs(later - earlier) > HALF_A_DAY_S:
        return None
    return later - earlier


def _start(ds: Dataset) -> float | None:
    """Return the time of day of an acquisition; the day itself is left out, since intake shifts it."""
    moment = str(ds.get("AcquisitionDateTime") or "")[8:14]
    return _seconds(ds.get("AcquisitionTime")) if len(moment) < 6 else _seconds(moment)


def _seconds(value: object) -> float | None:
    """Return a time of day (VR TM, HHMMSS.FFFFFF) in seconds; None if it is empty, zero or damaged."""
    text = str(value or "").strip().replace(":", "")
    try:
        seconds = int(text[:2]) * 3600 + int(text[2:4] or 0) * 60 + float(text[4:] or 0)
    except ValueError:
        return None
    return seconds or None
