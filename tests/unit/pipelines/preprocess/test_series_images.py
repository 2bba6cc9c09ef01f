"""A series that turns out to be bad costs itself: the next one of its sequence is used, and that is recorded."""

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from pydicom import Dataset

from idh_tasks.codes import Code
from idh_tasks.domain.sequence import Confidence, MrSequence, Provenance
from idh_tasks.domain.study import Identification, SeriesId, SeriesRecord
from idh_tasks.errors import IdhError, TransientError
from idh_tasks.pipelines.preprocess.series_images import SeriesImages
from idh_tasks.settings import ImagingSettings
from tests.factories import ball, instance

SHAPE = (6, 32, 32)
HEAD = ball(SHAPE, 12, (2.5, 15.5, 15.5))
Content = Sequence[Dataset] | Exception
Stored = Mapping[str, tuple[MrSequence, Content]]


class Reader:
    """Reads series from memory; an exception in place of instances is raised."""

    def __init__(self, stored: Stored) -> None:
        self.stored = stored

    @property
    def series(self) -> Sequence[SeriesRecord]:
        return [
            SeriesRecord(SeriesId(key), Identification(sequence, Confidence.HIGH, ""), key, "", 1)
            for key, (sequence, _) in self.stored.items()
        ]

    def instances(self, series: SeriesRecord) -> list[Dataset]:
        content = self.stored[series.object_key][1]
        if isinstance(content, Exception):
            raise content
        return list(content)

    def outline(self) -> bytes | None:
        return None


def slices(tissue: float, b_value: float | None = None, air: float = 8) -> list[Dataset]:
    """Return axial slices of a head, with noise."""
    noise = np.random.default_rng(1).uniform(0, air, SHAPE)
    voxels = np.round(np.where(HEAD, tissue + noise, noise)).astype(np.uint16)
    return [
        instance(
            Rows=32,
            Columns=32,
            ImagePositionPatient=[0, 0, 3.0 * z],
            InstanceNumber=z,
            PixelData=voxels[z].tobytes(),
            **({} if b_value is None else {"DiffusionBValue": b_value}),
        )
        for z in range(SHAPE[0])
    ]


def diffusion(b_values: Sequence[float] = (0, 1000)) -> list[Dataset]:
    return [ds for b in b_values for ds in slices(1000 * np.exp(-b * 850e-6), b)]


def two_at_one_position() -> list[Dataset]:
    return slices(500) + slices(500)[:1]


def without_pixels() -> list[Dataset]:
    instances = slices(500)
    del instances[2].PixelData
    return instances


def with_a_text_for_a_number() -> list[Dataset]:
    """Return a series that nobody foresaw: its slope is no number."""
    instances = slices(500)
    instances[2].add_new("RescaleSlope", "LO", "steep")
    return instances


BAD: dict[str, tuple[Content, str]] = {
    "noise": (slices(2), "E_QUALITY"),
    "duplicate": (two_at_one_position(), "E_GEOMETRY_DUP"),
    "gap": (slices(500)[:2] + slices(500)[3:], "E_GEOMETRY_GAP"),
    "no pixels": (without_pixels(), "E_DECODE"),
    "unforeseen": (ValueError("nobody foresaw it"), "E_PREPROC"),
}


def images(stored: Stored) -> SeriesImages:
    return SeriesImages(Reader(stored), ImagingSettings())


@pytest.mark.parametrize("fault", BAD)
@pytest.mark.parametrize("sequence", [MrSequence.T1, MrSequence.T2, MrSequence.MPRAGE])
def test_the_next_series_is_used_and_noted(fault: str, sequence: MrSequence) -> None:
    source = images({"bad": (sequence, BAD[fault][0]), "good": (sequence, slices(500))}).source(sequence)
    assert source.series.series_id == "good"
    assert source.flags == (Code.W_OTHER_SERIES,)
    assert source.figures["series_passed_over"] == 1


@pytest.mark.parametrize("fault", BAD)
def test_if_none_works_the_reason_of_the_preferred_one_is_given_each_time(fault: str) -> None:
    instances, code = BAD[fault]
    made = images({"bad": (MrSequence.T2, instances), "worse": (MrSequence.T2, slices(500)[:1])})
    for _ in range(2):
        with pytest.raises(IdhError) as caught:
            made.source(MrSequence.T2)
        assert caught.value.code == code


def test_the_preferred_series_is_used_without_a_note() -> None:
    source = images({"one": (MrSequence.T2, slices(500)), "two": (MrSequence.T2, slices(300))}).source(MrSequence.T2)
    assert source.series.series_id == "one"
    assert source.flags == ()


def test_after_a_diffusion_series_with_one_b_value_the_next_one_is_fitted() -> None:
    source = images({"trace": (MrSequence.DWI, diffusion([1000])), "all b": (MrSequence.DWI, diffusion())}).source(
        MrSequence.ADC
    )
    assert source.series.series_id == "all b"
    assert Code.W_OTHER_SERIES in source.flags
    assert np.median(source.image.voxels[HEAD]) == pytest.approx(850, rel=0.02)


def test_after_a_delivered_map_of_unknown_unit_the_adc_is_computed() -> None:
    source = images({"map": (MrSequence.ADC, slices(12)), "dwi": (MrSequence.DWI, diffusion())}).source(MrSequence.ADC)
    assert source.provenance is Provenance.COMPUTED
    assert Code.W_OTHER_SERIES in source.flags


def test_a_delivered_map_is_preferred_and_brought_to_its_unit() -> None:
    source = images({"map": (MrSequence.ADC, slices(85, air=0)), "dwi": (MrSequence.DWI, diffusion())}).source(
        MrSequence.ADC
    )
    assert source.provenance is Provenance.VENDOR
    assert np.median(source.image.voxels[HEAD]) == pytest.approx(850)


def test_a_store_that_does_not_answer_is_no_fault_of_the_series() -> None:
    away = TransientError(Code.E_STORE, "the object store does not answer")
    with pytest.raises(TransientError):
        images({"away": (MrSequence.T2, away), "good": (MrSequence.T2, slices(500))}).source(MrSequence.T2)


@pytest.mark.parametrize(("sequence", "source"), [(MrSequence.ADC, "DWI"), (MrSequence.T2, "T2")])
def test_a_study_without_the_sequence_says_so(sequence: MrSequence, source: str) -> None:
    with pytest.raises(IdhError, match=f"no {source}") as caught:
        images({}).source(sequence)
    assert caught.value.code is Code.W_MISSING_SEQUENCE
