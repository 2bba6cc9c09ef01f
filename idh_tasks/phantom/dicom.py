"""Writes an acquired series as classic MR instances in the dialect of a vendor."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage, generate_uid

from idh_tasks.domain.volume import Geometry
from idh_tasks.phantom.acquisition import AcquiredSeries
from idh_tasks.phantom.person import Person, Visit
from idh_tasks.phantom.protocol import MODELS, Recipe, Vendor


@dataclass(frozen=True)
class StudyHeader:
    """What all series of one synthetic study have in common."""

    person: Person
    visit: Visit
    vendor: Vendor
    seed: str

    @property
    def study_uid(self) -> str:
        """Return the Study Instance UID, the same for the same seed."""
        return self.uid("study")

    def uid(self, *parts: object) -> str:
        """Return a UID derived from the seed and the given parts."""
        return generate_uid(entropy_srcs=[self.seed, *map(str, parts)])


def patient_and_study(header: StudyHeader) -> Dataset:
    """Return the patient, study and equipment modules (PS3.3 C.7.1.1, C.7.2.1, C.7.5.1)."""
    ds = Dataset()
    ds.PatientName, ds.PatientID = header.person.name, header.person.identifier
    ds.IssuerOfPatientID = header.person.issuer
    ds.PatientBirthDate = header.person.birth_date.strftime("%Y%m%d")
    ds.PatientSex = header.person.sex
    ds.PatientAge = f"{int(header.visit.age_years(header.person.birth_date)):03d}Y"
    ds.PatientComments = f"seen with {header.person.name}"
    ds.StudyInstanceUID = header.study_uid
    ds.StudyID, ds.AccessionNumber = header.visit.accession[-6:], header.visit.accession
    ds.StudyDate = ds.SeriesDate = ds.AcquisitionDate = header.visit.study_date.strftime("%Y%m%d")
    ds.StudyTime, ds.StudyDescription = "101500", "MR BRAIN TUMOUR"
    ds.ReferringPhysicianName = f"Doctor^{header.person.name.split('^')[1]}"
    ds.InstitutionName = "Phantom Hospital"
    ds.Manufacturer = header.vendor.value
    ds.ManufacturerModelName = MODELS[header.vendor]
    ds.MagneticFieldStrength, ds.DeviceSerialNumber = "3", "40111"
    ds.FrameOfReferenceUID = header.uid("frame")
    ds.PositionReferenceIndicator = ""
    return ds


def _series(header: StudyHeader, recipe: Recipe, number: int, geometry: Geometry) -> Dataset:
    ds = patient_and_study(header)
    ds.SOPClassUID, ds.Modality = MRImageStorage, "MR"
    ds.SeriesInstanceUID = header.uid("series", number)
    ds.SeriesNumber, ds.SeriesDescription = number, recipe.description
    ds.ProtocolName = recipe.description
    ds.ImageType = ["ORIGINAL", "PRIMARY", "M", "ND"]
    ds.ScanningSequence, ds.SequenceVariant = recipe.scanning_sequence.split("\\"), "SK"
    ds.ScanOptions, ds.MRAcquisitionType = "", recipe.acquisition_type
    ds.RepetitionTime, ds.EchoTime = str(recipe.timing.tr), str(recipe.timing.te)
    if recipe.timing.ti is not None:
        ds.InversionTime = str(recipe.timing.ti)
    ds.FlipAngle, ds.EchoTrainLength = str(recipe.flip_angle), recipe.echo_train
    if recipe.timing.contrast or recipe.time_points:
        ds.ContrastBolusAgent = "DOTAREM"
    _pixels(ds, geometry)
    return ds


def _pixels(ds: Dataset, geometry: Geometry) -> None:
    ds.Rows, ds.Columns = geometry.shape[1], geometry.shape[2]
    ds.PixelSpacing = [geometry.spacing_mm[1], geometry.spacing_mm[0]]
    ds.SliceThickness = ds.SpacingBetweenSlices = str(geometry.spacing_mm[2])
    direction = np.array(geometry.direction).reshape(3, 3)
    ds.ImageOrientationPatient = [*direction[:, 0], *direction[:, 1]]
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 1


def _b_value(ds: Dataset, vendor: Vendor, b_value: float) -> None:
    """Write the b-value into the element that the vendor uses."""
    if vendor is Vendor.SIEMENS:
        ds.private_block(0x0019, "SIEMENS MR HEADER", create=True).add_new(0x0C, "IS", int(b_value))
    elif vendor is Vendor.GE:
        block = ds.private_block(0x0043, "GEMS_PARM_01", create=True)
        block.add_new(0x39, "IS", [int(b_value) + 1_000_000_000, 8, 0, 0])
    else:
        ds.DiffusionBValue = b_value


def _step(ds: Dataset, vendor: Vendor, recipe: Recipe, step: int) -> None:
    if recipe.b_values:
        _b_value(ds, vendor, recipe.b_values[step])
    if recipe.time_points:
        ds.AcquisitionNumber = step + 1
        if vendor is not Vendor.SIEMENS:
            ds.TemporalPositionIdentifier = step + 1
            ds.NumberOfTemporalPositions = recipe.time_points


def _step_s(recipe: Recipe) -> float:
    """Return the time between volumes: the repetition time of a dynamic series."""
    return recipe.timing.tr / 1000 if recipe.time_points else 1.0


def write_series(
    folder: Path, header: StudyHeader, recipe: Recipe, number: int, acquired: AcquiredSeries
) -> list[Path]:
    """Write one file per instance; return the paths in the order of the instance numbers."""
    base = _series(header, recipe, number, acquired.geometry)
    steps, slices = acquired.frames.shape[:2]
    origin, axes = np.array(acquired.geometry.origin_mm), acquired.geometry.axes()
    paths = []
    for index in range(steps * slices):
        step, k = divmod(index, slices)
        ds = Dataset()
        ds.update(base)
        ds.SOPInstanceUID = header.uid("instance", number, index)
        ds.InstanceNumber = index + 1
        ds.ImagePositionPatient = [round(float(c), 6) for c in origin + axes @ (0, 0, k)]
        ds.AcquisitionTime = f"10{20 + number:02d}{step * _step_s(recipe):09.6f}"
        _step(ds, header.vendor, recipe, step)
        ds.PixelData = acquired.frames[step, k].tobytes()
        paths.append(_write(folder / f"{number:02d}_{index:04d}.dcm", ds))
    return paths


def _write(path: Path, ds: Dataset) -> Path:
    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.save_as(path, enforce_file_format=True, overwrite=True)
    return path
