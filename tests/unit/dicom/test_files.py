"""A file that we encode equals the file that pydicom writes."""

from io import BytesIO

import numpy as np
import pytest
from pydicom import Dataset, dcmread, dcmwrite
from pydicom.uid import ExplicitVRBigEndian, RLELossless

from idh_tasks.dicom.files import encode_file
from idh_tasks.intake.gate.file_meta import read_file_meta
from tests.factories import dicom_bytes, instance

NAMES = ("MediaStorageSOPClassUID", "MediaStorageSOPInstanceUID", "TransferSyntaxUID")


def by_pydicom(ds: Dataset) -> bytes:
    buffer = BytesIO()
    dcmwrite(buffer, ds, enforce_file_format=True)
    return buffer.getvalue()


def delivered(**overrides: object) -> Dataset:
    return dcmread(BytesIO(dicom_bytes(instance(**overrides))))


def compressed() -> Dataset:
    ds = delivered()
    ds.compress(RLELossless)
    return ds


def items() -> list[Dataset]:
    item = Dataset()
    item.ReferencedSOPInstanceUID = "1.2.3"
    return [item, item]


@pytest.mark.parametrize("ds", [delivered(ReferencedImageSequence=items()), compressed()], ids=["native", "compressed"])
def test_it_contains_what_pydicom_writes(ds: Dataset) -> None:
    ours, theirs = encode_file(ds), by_pydicom(ds)
    assert ours[read_file_meta(ours).end :] == theirs[read_file_meta(theirs).end :]
    metas = [dcmread(BytesIO(content)).file_meta for content in (ours, theirs)]
    assert [metas[0][name] for name in NAMES] == [metas[1][name] for name in NAMES]


def test_big_endian_words_keep_their_order() -> None:
    ds = instance(PixelData=np.arange(64, dtype=">u2").tobytes())
    ds.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    assert dcmread(BytesIO(encode_file(ds))).pixel_array.ravel().tolist() == list(range(64))
