"""Reads the DICOM files of one study from a folder."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydicom import Dataset

from idh_tasks.codes import Code
from idh_tasks.dicom.classic import frames
from idh_tasks.dicom.dialect import b_value
from idh_tasks.domain.study import SeriesId, SeriesRecord
from idh_tasks.errors import InstanceRejectedError, SeriesRejectedError, StudyQuarantinedError
from idh_tasks.intake.gate.instance import admit
from idh_tasks.intake.naming.series import NamedSeries
from idh_tasks.intake.naming.study_series import name_study
from idh_tasks.offline.intake import files_below
from idh_tasks.store.objects import sha256

MASK_NAMES = ("roi.nii", "roi.nii.gz")
"""Only a NIfTI file of this name is the tumour outline."""


@dataclass(frozen=True)
class FolderSeriesReader:
    """The series of a study in a folder, in order of preference; `stored` holds the instances by object key."""

    series: Sequence[SeriesRecord]
    stored: Mapping[str, Sequence[Dataset]]
    mask: bytes | None = None

    def instances(self, series: SeriesRecord) -> list[Dataset]:
        """Return the instances of a series, with enhanced instances split into their frames."""
        return frames(self.stored[series.object_key])

    def outline(self) -> bytes | None:
        """Return the NIfTI mask that was given for the study."""
        return self.mask


def read_study(folder: Path, mask: Path | None) -> FolderSeriesReader:
    """Name the series of a folder; without `mask`, a file roi.nii or roi.nii.gz in it is the tumour outline.

    Raises
    ------
    StudyQuarantinedError
        ``E_ROI`` if the folder holds several such files.
    """
    outline = mask or _mask_beside(folder)
    return as_reader(_named_series(folder), outline.read_bytes() if outline else None)


def as_reader(series: Sequence[NamedSeries], mask: bytes | None) -> FolderSeriesReader:
    """Return the named series of a study as preprocessing reads them."""
    named = {str(number): one for number, one in enumerate(series)}
    records = sorted((_record(key, one) for key, one in named.items()), key=lambda record: record.preference)
    return FolderSeriesReader(records, {key: one.instances for key, one in named.items()}, mask)


def _mask_beside(folder: Path) -> Path | None:
    masks = [path for path in files_below([folder]) if path.name.lower() in MASK_NAMES]
    if len(masks) > 1:
        raise StudyQuarantinedError(Code.E_ROI, f"{len(masks)} masks lie in the folder of one study")
    return masks[0] if masks else None


def _named_series(folder: Path) -> list[NamedSeries]:
    groups: dict[str, list[Dataset]] = defaultdict(list)
    for ds in read_instances(folder):
        groups[str(ds.SeriesInstanceUID)].append(ds)
    return name_study(groups.values())


def _record(key: str, named: NamedSeries) -> SeriesRecord:
    pixels = sha256(b"".join(ds.get("PixelData", b"") for ds in named.instances))
    return SeriesRecord(
        SeriesId(key),
        named.identification,
        key,
        pixels,
        len(named.instances),
        named.fault,
        named.slice_geometry,
        physics=named.physics,
    )


def read_instances(folder: Path) -> list[Dataset]:
    """Read the DICOM files of a folder that pass the gate, with the b-value in its standard element.

    Raises
    ------
    SeriesRejectedError
        ``E_NO_IMAGES`` if no file passes.
    """
    instances = [ds for path in files_below([folder]) if (ds := _admitted(path)) is not None]
    if not instances:
        raise SeriesRejectedError(Code.E_NO_IMAGES, f"no DICOM image in {folder.name} passes the gate")
    return instances


def _admitted(path: Path) -> Dataset | None:
    try:
        ds = admit(path.read_bytes()).ds
    except InstanceRejectedError:
        return None
    value = b_value(ds)
    if value is not None:
        ds.DiffusionBValue = value
    return ds
