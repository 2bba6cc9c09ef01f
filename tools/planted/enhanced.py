"""Rewrites a classic dynamic series as enhanced multi-frame images (PS3.3 A.36.2)."""

from collections.abc import Sequence

from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import EnhancedMRImageStorage, ExplicitVRLittleEndian, generate_uid

from tools.planted.study import put

IN_FRAMES = ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness", "RepetitionTime",
             "EchoTime", "SpacingBetweenSlices", "AcquisitionTime", "AcquisitionNumber", "TemporalPositionIdentifier",
             "PixelData", "InstanceNumber", "SOPInstanceUID", "SOPClassUID")  # fmt: skip


def enhanced(slices: Sequence[Dataset], contents: Sequence[dict[str, object]], number: int = 1) -> Dataset:
    """Return classic instances as the frames of one enhanced image.

    Parameters
    ----------
    contents
        The attributes of the Frame Content Sequence of each frame.
    number
        Instance Number of the image.
    """
    first, ds = slices[0], Dataset()
    for element in first:
        if element.keyword not in IN_FRAMES:
            ds.add(element)
    put(ds, SOPClassUID=EnhancedMRImageStorage, SOPInstanceUID=generate_uid(), InstanceNumber=number)
    put(ds, NumberOfFrames=len(slices), SharedFunctionalGroupsSequence=[_shared(first)])
    put(ds, PerFrameFunctionalGroupsSequence=[_frame(one, c) for one, c in zip(slices, contents, strict=True)])
    ds.add_new("PixelData", "OW", b"".join(one.PixelData for one in slices))
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return ds


def _shared(ds: Dataset) -> Dataset:
    return _group(
        PlaneOrientationSequence={"ImageOrientationPatient": ds.ImageOrientationPatient},
        PixelMeasuresSequence={"PixelSpacing": ds.PixelSpacing, "SliceThickness": ds.SliceThickness},
        MRTimingAndRelatedParametersSequence={"RepetitionTime": ds.RepetitionTime, "FlipAngle": ds.FlipAngle},
        MREchoSequence={"EffectiveEchoTime": float(ds.EchoTime)},
    )


def _frame(ds: Dataset, content: dict[str, object]) -> Dataset:
    return _group(PlanePositionSequence={"ImagePositionPatient": ds.ImagePositionPatient}, FrameContentSequence=content)


def _group(**macros: dict[str, object]) -> Dataset:
    group = Dataset()
    for keyword, attributes in macros.items():
        item = Dataset()
        put(item, **attributes)
        put(group, **{keyword: [item]})
    return group
