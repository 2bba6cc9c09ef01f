"""Reads from classic and enhanced headers how a series was acquired."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydicom import Dataset
from pydicom.uid import SecondaryCaptureImageStorage

from idh_tasks.dicom.dialect import b_value, component
from idh_tasks.intake.naming.agent import Agent, read_agent
from idh_tasks.intake.naming.region import Place, read_place

COARSE_MM, PARTITION_MM = 1.5, 2.0
"""Only echo-planar images have pixels this large; slices this thin are partitions of a 3D slab."""


@dataclass(frozen=True)
class Physics:
    """What the headers of a series state; times in ms, lengths in mm, 0 if unknown."""

    tr: float
    te: float
    ti: float
    flip: float
    pixel_mm: float
    slice_mm: float
    scanning: frozenset[str]
    acquisition: str
    image_type: frozenset[str]
    contrast: str
    b_values: tuple[float, ...]
    instances: int
    time_points: int
    agent: Agent
    angiography: bool
    place: Place
    name: str

    @property
    def known(self) -> bool:
        """Return whether the headers state any timing."""
        return self.te > 0 or self.tr > 0

    @property
    def derived(self) -> bool:
        """Return whether the images were computed from others (PS3.3 C.7.6.1.1.2)."""
        return "DERIVED" in self.image_type

    @property
    def dimension(self) -> str:
        """Return 2D or 3D: as stated, or else by the thickness of the slices; empty if neither is known."""
        if self.acquisition in ("2D", "3D") or not self.slice_mm:
            return self.acquisition if self.acquisition in ("2D", "3D") else ""
        return "3D" if self.slice_mm <= PARTITION_MM else "2D"

    @property
    def three_d(self) -> bool:
        """Return whether it is known to be a 3D acquisition."""
        return self.dimension == "3D"

    @property
    def one_volume(self) -> bool:
        """Return whether all the slices are known and form one volume, which is no dynamic series."""
        return self.instances > 1 and self.time_points == 1

    @property
    def echo_planar(self) -> bool:
        """Return whether it is echo-planar: as stated, or else by its large pixels."""
        return "EP" in self.scanning or (not self.scanning and self.pixel_mm >= COARSE_MM and self.te >= 25)


def read_physics(instances: Sequence[Dataset]) -> Physics:
    """Collect what identifies a series from all its instances, frames of enhanced ones included."""
    first = instances[0]
    return Physics(
        tr=_number(first, "RepetitionTime"),
        te=_number(first, "EchoTime", "EffectiveEchoTime"),
        ti=_number(first, "InversionTime", "InversionTimes"),
        flip=_number(first, "FlipAngle"),
        pixel_mm=_number(first, "PixelSpacing"),
        slice_mm=_number(first, "SliceThickness"),
        scanning=_scanning(first),
        acquisition=str(first.get("MRAcquisitionType") or ""),
        image_type=_image_type(first),
        contrast=_text(first, "AcquisitionContrast").upper(),
        b_values=tuple(sorted({b for ds in instances for b in _b_values(ds)})),
        instances=len(instances),
        time_points=_time_points(instances),
        agent=read_agent(instances),
        angiography=str(first.get("AngioFlag") or "").upper() == "Y",
        place=read_place(first),
        name=series_name(first),
    )


def _groups(ds: Dataset) -> Iterator[Dataset]:
    """Yield the functional groups of the first frame that may hold an attribute (PS3.3 C.7.6.16)."""
    for keyword in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
        for item in (ds.get(keyword) or [])[:1]:
            yield from (inner for element in item if element.VR == "SQ" for inner in element.value[:1])


def _value(ds: Dataset, keyword: str) -> object:
    if ds.get(keyword) is not None:
        return ds[keyword].value
    return next((group[keyword].value for group in _groups(ds) if keyword in group), None)


def _number(ds: Dataset, *keywords: str) -> float:
    for keyword in keywords:
        value = _value(ds, keyword)
        try:
            return float(value[0] if hasattr(value, "__getitem__") and not isinstance(value, str) else value)  # type: ignore[arg-type]  # None and text raise
        except (TypeError, ValueError, IndexError):
            continue
    return 0.0


def _text(ds: Dataset, keyword: str) -> str:
    return str(_value(ds, keyword) or "")


def _texts(ds: Dataset, keyword: str) -> tuple[str, ...]:
    value = ds.get(keyword) or ()
    return (value,) if isinstance(value, str) else tuple(map(str, value))


def _image_type(ds: Dataset) -> frozenset[str]:
    """Return the values of Image Type, and which component of a complex image it is (PS3.3 C.8.13.3.1.3)."""
    captured = {"SECONDARY CAPTURE"} if ds.get("SOPClassUID") == SecondaryCaptureImageStorage else set()
    return frozenset(part.upper() for part in _texts(ds, "ImageType")) | captured | ({component(ds)} - {""})


def _scanning(ds: Dataset) -> frozenset[str]:
    """Return Scanning Sequence, or its equivalent of enhanced MR (PS3.3 C.8.13.4); RM carries no information."""
    stated = set(_texts(ds, "ScanningSequence")) - {"RM"}
    echo = _text(ds, "EchoPulseSequence").upper()
    stated |= {short for long, short in (("SPIN", "SE"), ("GRADIENT", "GR")) if echo in (long, "BOTH")}
    if _text(ds, "EchoPlanarPulseSequence").upper() == "YES":
        stated.add("EP")
    if str(ds.get("SequenceName") or "").lower().startswith("*epfid"):
        stated |= {"EP", "GR"}
    return frozenset(stated)


def _b_values(ds: Dataset) -> Iterator[float]:
    stated = b_value(ds)
    if stated is not None:
        yield stated
    for frame in ds.get("PerFrameFunctionalGroupsSequence") or ():
        for item in frame.get("MRDiffusionSequence") or ():
            if item.get("DiffusionBValue") is not None:
                yield float(item.DiffusionBValue)


def _time_points(instances: Sequence[Dataset]) -> int:
    positions = Counter(str(ds.get("ImagePositionPatient")) for ds in instances)
    return max(*positions.values(), int(_number(instances[0], "NumberOfTemporalPositions")), 1)


def series_name(ds: Dataset) -> str:
    """Return what the hospital calls a series."""
    return str(ds.get("SeriesDescription") or ds.get("ProtocolName") or "").strip()
