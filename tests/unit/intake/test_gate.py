"""The gate lets consistent instances through and names what is wrong with the others."""

import pytest
from pydicom.uid import SecondaryCaptureImageStorage

from idh_tasks.errors import InstanceRejectedError
from idh_tasks.intake.gate import read_instance
from tests.factories import MARKER, MARKER_ID, dicom_bytes, instance


def refusal(content: bytes) -> str:
    with pytest.raises(InstanceRejectedError) as caught:
        read_instance(content)
    assert MARKER not in str(caught.value)
    assert MARKER_ID not in str(caught.value)
    return caught.value.code


def test_a_valid_instance_passes() -> None:
    ds = instance()
    assert read_instance(dicom_bytes(ds)).SOPInstanceUID == ds.SOPInstanceUID


@pytest.mark.parametrize("content", [b"", b"just text", b"PK\x03\x04" + b"\0" * 400])
def test_d06_what_is_no_dicom_file(content: bytes) -> None:
    assert refusal(content) == "E_NOT_DICOM"


def test_d01_pixels_cut_short_are_named_with_both_lengths() -> None:
    with pytest.raises(InstanceRejectedError, match="128 bytes of pixels expected, 40 found"):
        read_instance(dicom_bytes(instance(PixelData=b"\1" * 40)))


def test_d01_a_file_cut_short() -> None:
    assert refusal(dicom_bytes(instance())[:-60]) in ("E_PIXEL_LENGTH", "E_NOT_DICOM")


def test_d02_a_giant_matrix_on_few_pixels() -> None:
    assert refusal(dicom_bytes(instance(Rows=40000, Columns=40000))) == "E_PIXEL_LENGTH"


@pytest.mark.parametrize("keyword", ["StudyInstanceUID", "SeriesInstanceUID"])
def test_d07_a_missing_uid(keyword: str) -> None:
    ds = instance()
    delattr(ds, keyword)
    assert refusal(dicom_bytes(ds)) == "E_MISSING_UID"


@pytest.mark.filterwarnings("ignore:Invalid value for VR UI")
@pytest.mark.parametrize("uid", ["../../etc/x", "1." + "2" * 70, "1.02.3"])
def test_d08_a_uid_that_is_none(uid: str) -> None:
    assert refusal(dicom_bytes(instance(SeriesInstanceUID=uid))) == "E_BAD_UID"


def test_d09_file_meta_and_data_set_disagree() -> None:
    content = dicom_bytes(instance(SOPInstanceUID="1.2.3.4.5.6"))
    first = content.index(b"1.2.3.4.5.6")
    swapped = content[:first] + b"1.2.3.4.5.7" + content[first + 11 :]
    assert refusal(swapped) == "E_UID_MISMATCH"


def test_d17_a_secondary_capture_is_skipped_with_its_reason() -> None:
    assert refusal(dicom_bytes(instance(SOPClassUID=SecondaryCaptureImageStorage))) == "W_SKIPPED_SOP"
