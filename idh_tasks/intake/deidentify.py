"""De-identification by allow-list: only what imaging needs is kept, all else is left behind."""

from io import BytesIO

from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.filewriter import dcmwrite

from idh_tasks.domain.study import PatientKey
from idh_tasks.intake.dialect import b_value
from idh_tasks.intake.pseudonym import Pseudonymiser

KEPT = frozenset({
    # the image and its grid (PS3.3 C.7.6.2, C.7.6.3)
    "Modality", "SOPClassUID", "ImageType", "InstanceNumber", "AcquisitionNumber", "NumberOfFrames",
    "Rows", "Columns", "PixelSpacing", "SliceThickness", "SpacingBetweenSlices",
    "ImageOrientationPatient", "ImagePositionPatient", "SamplesPerPixel",
    "PhotometricInterpretation", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation",
    "RescaleSlope", "RescaleIntercept", "RescaleType", "PixelData",
    # the MR acquisition (PS3.3 C.8.3.1, C.8.13.5)
    "Manufacturer", "ManufacturerModelName", "MagneticFieldStrength", "ScanningSequence",
    "SequenceVariant", "ScanOptions", "MRAcquisitionType", "RepetitionTime", "EchoTime",
    "InversionTime", "FlipAngle", "EchoTrainLength", "DiffusionBValue",
    "TemporalPositionIdentifier", "NumberOfTemporalPositions", "TemporalResolution",
    # segmentations and multi-frame images (PS3.3 A.51, C.7.6.16)
    "SegmentationType", "SegmentSequence", "SegmentNumber", "SegmentAlgorithmType",
    "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence",
    "PlanePositionSequence", "PlaneOrientationSequence", "PixelMeasuresSequence",
    "SegmentIdentificationSequence", "ReferencedSegmentNumber", "FrameContentSequence",
    "DimensionIndexValues", "MRTimingAndRelatedParametersSequence", "MREchoSequence",
    "MRDiffusionSequence", "PixelValueTransformationSequence",
})  # fmt: skip
"""Attributes that are copied as they are; in a sequence the same rule holds for its items."""

MAPPED_UIDS = ("SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID", "FrameOfReferenceUID")


def deidentify(ds: Dataset, patient: PatientKey, pseudonymiser: Pseudonymiser) -> Dataset:
    """Return a new data set without any identifier (PS3.15 E.1, by keeping instead of removing).

    UIDs are replaced by keyed ones, the patient by the pseudonym; private elements, overlays and
    dates are left behind; the b-value moves to its standard element.
    """
    out = _kept(ds)
    value = b_value(ds)
    if value is not None:
        out.DiffusionBValue = value
    for keyword in MAPPED_UIDS:
        if ds.get(keyword):
            setattr(out, keyword, pseudonymiser.uid(str(ds[keyword].value)))
    out.PatientID = out.PatientName = patient
    out.PatientIdentityRemoved, out.DeidentificationMethod = "YES", "idh allow-list"
    out.file_meta = FileMetaDataset()
    out.file_meta.MediaStorageSOPClassUID = out.SOPClassUID
    out.file_meta.MediaStorageSOPInstanceUID = out.SOPInstanceUID
    out.file_meta.TransferSyntaxUID = ds.file_meta.TransferSyntaxUID
    return out


def _kept(ds: Dataset) -> Dataset:
    out = Dataset()
    for element in ds:
        if element.keyword not in KEPT:
            continue
        if element.VR == "SQ":
            setattr(out, element.keyword, [_kept(item) for item in element.value])
        else:
            out.add(element)
    return out


def encoded(ds: Dataset) -> bytes:
    """Return the bytes of a DICOM file, with an empty preamble."""
    buffer = BytesIO()
    ds.preamble = b"\0" * 128
    dcmwrite(buffer, ds, enforce_file_format=True)
    return buffer.getvalue()
