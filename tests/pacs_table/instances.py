"""Makes the instances of a series from its row: small, valid, and the same bytes every time."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from tests.pacs_table.rows import SeriesRow, StudyRow

SIZE = 8
SPACING_MM, SLICE_MM = 27.5, 25.0
UTF_8 = "ISO_IR 192"


def make_instances(study: StudyRow, series: SeriesRow) -> Iterator[Dataset]:
    """Yield the instances of a series."""
    return (make_instance(study, series, number) for number in range(1, series.instances + 1))


def make_instance(study: StudyRow, series: SeriesRow, number: int) -> Dataset:
    """Return one instance, numbered from 1."""
    ds = _identified(study, series)
    ds.SOPClassUID, ds.SOPInstanceUID = UID(series.recipe.sop_class), UID(f"{series.series_uid}.{number}")
    ds.InstanceNumber = number
    for keyword, value in series.recipe.header.items():
        setattr(ds, keyword, value)
    if series.recipe.modality in ("MR", "CT"):
        _image(ds, series, number)
    return _with_file_meta(ds)


def _identified(study: StudyRow, series: SeriesRow) -> Dataset:
    ds = Dataset()
    ds.SpecificCharacterSet = UTF_8
    ds.PatientName, ds.PatientID, ds.IssuerOfPatientID = study.name, study.patient_id, study.issuer
    ds.PatientBirthDate, ds.PatientSex = study.birth_date, study.sex
    ds.StudyInstanceUID, ds.StudyDate, ds.StudyTime = study.study_uid, study.study_date, "101500"
    ds.StudyDescription, ds.AccessionNumber, ds.StudyID = study.description, study.accession, "1"
    ds.StationName, ds.Manufacturer = study.station, "SIEMENS"
    ds.ReferringPhysicianName = ""
    ds.SeriesInstanceUID, ds.SeriesNumber = series.series_uid, series.number
    ds.SeriesDescription, ds.Modality = series.description, series.recipe.modality
    if series.body_part:
        ds.BodyPartExamined = series.body_part
    return ds


def _image(ds: Dataset, series: SeriesRow, number: int) -> None:
    step, position = divmod(number - 1, series.recipe.slices)
    ds.Rows = ds.Columns = SIZE
    ds.PixelSpacing, ds.ImageOrientationPatient = [SPACING_MM, SPACING_MM], [1, 0, 0, 0, 1, 0]
    ds.ImagePositionPatient = [0, 0, SLICE_MM * position]
    ds.SliceThickness = ds.SpacingBetweenSlices = str(SLICE_MM)
    ds.FrameOfReferenceUID, ds.PositionReferenceIndicator = f"{series.study_uid}.0", ""
    ds.ImageType, ds.AcquisitionTime = ["ORIGINAL", "PRIMARY", "M"], f"10{series.number:02d}{step:02d}"
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 0
    ds.PixelData = (np.arange(SIZE * SIZE, dtype=np.uint16) + 7 * number).tobytes()
    _repeat(ds, series, step)


def _repeat(ds: Dataset, series: SeriesRow, step: int) -> None:
    """State what distinguishes the repetitions of a slice."""
    if series.recipe.b_values:
        ds.DiffusionBValue = series.recipe.b_values[step]
    if series.recipe.time_points > 1:
        ds.AcquisitionNumber = ds.TemporalPositionIdentifier = step + 1
        ds.NumberOfTemporalPositions = series.recipe.time_points


def _with_file_meta(ds: Dataset) -> Dataset:
    meta: Any = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta = meta
    return ds
