"""The header of a study that its documents need: a few kilobytes, whatever the size of its series."""

from io import BytesIO

from pydicom import DataElement, Dataset, dcmread
from pydicom.dataelem import RawDataElement
from pydicom.tag import Tag

from idh_tasks.dicom.files import encode_file

GROUPS = (0x0008, 0x0010, 0x0012, 0x0020, 0x0032, 0x0038, 0x0040)
"""Identity, patient, trial, study, visit and procedure: all that a document copies from the study (PS3.3 A.35.3)."""
EQUIPMENT = (Tag("DeviceSerialNumber"), Tag("SoftwareVersions"))
"""What else a document says of the scanner."""
LARGE_BYTES = 4096
"""No attribute that a document copies is larger; lists of other images are."""


def evidence(file: bytes) -> bytes:
    """Return the part of a stored instance that a document needs, as a DICOM file without pixels."""
    ds = dcmread(BytesIO(file), stop_before_pixels=True)
    kept = Dataset()
    implicit, little_endian = ds.original_encoding
    kept.set_original_encoding(implicit, little_endian, ds.original_character_set)
    kept.file_meta = ds.file_meta
    kept._dict = {tag: element for tag, element in ds._dict.items() if _is_needed(element)}
    return encode_file(kept)


def _is_needed(element: DataElement | RawDataElement) -> bool:
    if element.tag.group not in GROUPS and element.tag not in EQUIPMENT:
        return False
    return not (isinstance(element.value, bytes) and len(element.value) > LARGE_BYTES)
