"""The unit of an ADC map, as its header states it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pydicom import Dataset

from idh_tasks.codes import Code
from idh_tasks.errors import SeriesRejectedError

LENGTH_MM = {"m": 1e3, "cm": 1e1, "mm": 1.0, "um": 1e-3}
TIME_S = {"s": 1.0, "sec": 1.0, "ms": 1e-3, "msec": 1e-3}
IGNORED = re.compile(r"[\s^*(){}\[\]]")
SPELLINGS = str.maketrans({"µ": "u", "μ": "u", "²": "2", "×": "x", "⁻": "-", "³": "3", "⁵": "5", "⁶": "6"})
UNIT = re.compile(
    r"(?:x?(?:10|1e)(?P<power>[-+]?\d{1,2})[.x]?)?(?P<length>[cmu]?m)2"
    r"(?:/(?P<per>m?s(?:ec)?)|[.]?(?P<inverse>m?s(?:ec)?)-1)"
)

NO_UNIT = frozenset({
    "", "US", "UNSPECIFIED", "NORMALIZED", "NONE", "NO UNITS", "1", "ARBITRARY UNITS", "A.U.", "AU", "{COUNTS}",
})  # fmt: skip
"""Units of a signal: Rescale Type (PS3.3 C.11.1.1.2) of all vendors, normalized by Philips, and Real World Values."""


@dataclass(frozen=True)
class Mapping:
    """Diffusivity in 10⁻⁶ mm²/s = slope × rescaled pixel value + intercept."""

    slope: float
    intercept: float


def unit_factor(text: str) -> float | None:
    """Return by what a value in this unit is multiplied to give 10⁻⁶ mm²/s; ``None`` if the text is no such unit.

    UCUM (``um2/s``, ``10*-6.mm2/s``) and what scanners write (``x10^-3 mm²/s``, ``mm2 s-1``) are understood. Not so
    ``10e-6 mm2/s``, which means 10⁻⁶ to some and 10⁻⁵ to others.
    """
    found = UNIT.fullmatch(IGNORED.sub("", text.lower().translate(SPELLINGS)))
    if not found:
        return None
    time_s = TIME_S[found["per"] or found["inverse"]]
    return float(10 ** int(found["power"] or 0) * LENGTH_MM[found["length"]] ** 2 / time_s * 1e6)


def stated_units(ds: Dataset) -> Iterator[str]:
    """Yield the unit of the pixels as Rescale Type and each Real World Value Mapping state it; empty if not stated."""
    yield str(ds.get("RescaleType") or "")
    for item in ds.get("RealWorldValueMappingSequence") or ():
        for code in item.get("MeasurementUnitsCodeSequence") or ():
            yield str(code.get("CodeValue") or "")


def stated_mappings(ds: Dataset) -> Iterator[Mapping]:
    """Yield what the header of one instance states, for pixels to which its rescale slope has been applied.

    Read from Rescale Type (0028,1054), and from Real World Value Mapping (PS3.3 C.7.6.16.2.11), which starts from the
    stored values. A mapping to a number without a unit states nothing.

    Raises
    ------
    SeriesRejectedError
        ``E_ADC_UNIT`` if a Real World Value Mapping is no line, or has another unit.
    """
    factor = unit_factor(str(ds.get("RescaleType") or ""))
    if factor is not None:
        yield Mapping(factor, 0.0)
    slope, intercept = float(ds.get("RescaleSlope") or 1), float(ds.get("RescaleIntercept") or 0)
    for item in ds.get("RealWorldValueMappingSequence") or ():
        if _unit_code(item).upper() not in NO_UNIT:
            per_value, offset = _line(item)
            yield Mapping(per_value / slope, offset - intercept * per_value / slope)


def _line(item: Dataset) -> tuple[float, float]:
    """Return slope and intercept that give 10⁻⁶ mm²/s from stored values."""
    factor = unit_factor(_unit_code(item))
    if factor is None or "RealWorldValueSlope" not in item:
        raise SeriesRejectedError(Code.E_ADC_UNIT, "a Real World Value Mapping of the ADC map is not understood")
    return float(item.RealWorldValueSlope) * factor, float(item.get("RealWorldValueIntercept") or 0) * factor


def _unit_code(item: Dataset) -> str:
    codes = [str(code.get("CodeValue") or "").strip() for code in item.get("MeasurementUnitsCodeSequence") or ()]
    return "; ".join(codes)
