"""An uploaded outline is read in bounds, understood whole, and rewritten without its texts."""

import ast
import gzip
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from pydicom import Dataset
from pydicom.uid import DeflatedExplicitVRLittleEndian, RLELossless

from idh_tasks.codes import Code
from idh_tasks.errors import StudyQuarantinedError
from idh_tasks.imaging.outline import nifti_size
from idh_tasks.imaging.outline.nifti import read_nifti
from idh_tasks.imaging.outline.reference import ReferenceImage
from idh_tasks.imaging.outline.uploaded import rewrite_upload
from idh_tasks.settings import ROOT
from tests.factories import instance
from tests.outlines import FRAME, T2_GRID, Segment, nifti, segmentation, tumour

T2 = ReferenceImage(T2_GRID, frozenset({FRAME}))
OTHER = ReferenceImage(T2_GRID, frozenset({"1.2.7"}))
SECRET = b"Mustermann"
MASK = nifti(tumour().astype(np.uint8), T2_GRID)


def dicom(ds: Dataset) -> bytes:
    buffer = BytesIO()
    ds.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def seg(**overrides: Any) -> Dataset:
    return segmentation([Segment(tumour())], T2_GRID, **overrides)


def header(shape: tuple[int, ...], kind: type = np.uint8) -> nib.Nifti1Header:
    stated = nib.Nifti1Header()
    stated.set_data_dtype(kind)
    stated.set_data_shape(shape)
    stated["vox_offset"], stated["magic"] = 352, b"n+1"
    return stated


def bomb(shape: tuple[int, ...], zeros: int) -> bytes:
    """Return a gzipped NIfTI whose header states a shape, with so many bytes of zeros behind it."""
    return gzip.compress(header(shape).binaryblock + bytes(4 + zeros), 1)


@pytest.mark.parametrize("content", [MASK, gzip.compress(MASK)], ids=["plain", "gzipped"])
def test_a_nifti_mask_keeps_its_voxels_and_loses_its_texts(content: bytes) -> None:
    named = bytearray(MASK)
    named[148 : 148 + len(SECRET)] = SECRET  # descrip
    written = gzip.decompress(rewrite_upload(bytes(named) if content is MASK else content, []))
    assert SECRET not in written
    mask = read_nifti(written)
    assert np.array_equal(mask.voxels > 0, tumour())
    assert mask.geometry.origin_mm == pytest.approx(T2_GRID.origin_mm)


def test_a_segmentation_becomes_a_mask_on_its_own_grid_without_its_texts() -> None:
    content = dicom(seg(PatientName=SECRET.decode(), PatientID=SECRET.decode()))
    assert SECRET in content
    written = gzip.decompress(rewrite_upload(content, [OTHER, T2]))
    assert SECRET not in written
    assert int((read_nifti(written).voxels > 0).sum()) == int(tumour().sum())


def test_a_compressed_segmentation_is_read_with_rle_only() -> None:
    fractional = segmentation([Segment(tumour().astype(float))], T2_GRID, "FRACTIONAL")
    fractional.compress(RLELossless)
    assert int(read_nifti(rewrite_upload(dicom(fractional), [T2])).voxels.sum()) == int(tumour().sum())
    deflated = seg()
    deflated.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    assert "is compressed" in refusal(dicom(deflated))


def refusal(content: bytes, *series: ReferenceImage) -> str:
    with pytest.raises(StudyQuarantinedError) as caught:
        rewrite_upload(content, series or [T2])
    assert caught.value.code is Code.E_ROI
    return caught.value.reason


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "neither a NIfTI mask nor a DICOM SEG"),
        (b"the outline is on my desk", "neither a NIfTI mask nor a DICOM SEG"),
        (b"\x1f\x8b broken", "damaged"),
        (MASK[:400], "damaged"),
        (b"\0" * 128 + b"DICM" + b"\xff" * 50, "damaged"),
        (dicom(instance()), "no segmentation"),
        (nifti(np.zeros(T2_GRID.shape, np.uint8), T2_GRID), "the mask is empty"),
        (dicom(segmentation([Segment(tumour(), "Brain")], T2_GRID)), "none of the segments"),
        (nifti(tumour()[None].repeat(2, 0).astype(np.uint8), T2_GRID), "not one three-dimensional volume"),
        (bomb((2000, 2000, 30), 0), "2000 along one axis"),
        (bomb((512, 512, 512), 0), "134217728 voxels"),
        (bomb((8, 8, 8), 2**24), "unpacks to more than its header states"),
        (dicom(seg(Rows=4000)), "4000 along one axis"),
        (dicom(seg(NumberOfFrames=30_000, Rows=400, Columns=400)), "4800000000 voxels"),
        (dicom(seg(FrameOfReferenceUID="1.2.9")), "another frame of reference"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_what_is_not_understood_whole_is_refused_with_a_sentence(content: bytes, reason: str) -> None:
    assert reason in refusal(content)


def test_nothing_is_unpacked_beyond_what_the_header_states(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    unpack = nifti_size.unpacked

    def watched(content: bytes, most: int) -> bytes:
        asked.append(most)
        return unpack(content, most)

    monkeypatch.setattr(nifti_size, "unpacked", watched)
    refusal(bomb((8, 8, 8), 2**26))
    assert max(asked) <= 8**3 + nifti_size.LONGEST_HEADER


def test_a_segmentation_needs_a_series_on_which_it_was_drawn() -> None:
    with pytest.raises(StudyQuarantinedError, match="no series on which"):
        rewrite_upload(dicom(seg()), [])


def test_a_refusal_fits_a_delivered_and_an_uploaded_outline() -> None:
    """Both are read by the same code; only what `delivered.py` says of several outlines is about a delivery."""
    sources = sorted((ROOT / "idh_tasks/imaging/outline").glob("*.py"))
    said = [text for path in sources if path.stem != "delivered" for text in refusals_in(path.read_text())]
    assert len(said) > 50
    assert [text for text in said if "deliver" in text] == []


def refusals_in(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("refused", "NoTumourError"):
            yield ast.unparse(node)
