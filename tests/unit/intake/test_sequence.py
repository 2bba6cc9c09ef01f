"""A series is named by its physics; its name may only confirm."""

from pathlib import Path

import pytest
from pydicom import Dataset, dcmread

from idh_tasks.domain.sequence import Confidence, MrSequence
from idh_tasks.intake.dialect import b_value
from idh_tasks.intake.physics import read_physics
from idh_tasks.intake.sequence import identify
from tests.factories import instance

EP = {"ScanningSequence": "EP", "RepetitionTime": "1500", "EchoTime": "30"}
GR = {"ScanningSequence": ["GR", "IR"], "RepetitionTime": "1760", "EchoTime": "3.1", "InversionTime": "950"}


def named(instances: list[Dataset]) -> tuple[MrSequence, Confidence]:
    found = identify(read_physics(instances))
    return found.sequence, found.confidence


@pytest.mark.parametrize(
    ("header", "sequence"),
    [
        ({"ScanningSequence": "SE", "RepetitionTime": "600", "EchoTime": "9.7"}, "T1"),
        ({"ScanningSequence": "SE", "RepetitionTime": "4800", "EchoTime": "98"}, "T2"),
        (
            {"ScanningSequence": ["SE", "IR"], "RepetitionTime": "9420", "EchoTime": "141", "InversionTime": "2500"},
            "FLAIR",
        ),
        (GR | {"ContrastBolusAgent": "DOTAREM"}, "MPRAGE"),
        (GR, "T1"),
        ({"ImageType": ["DERIVED", "PRIMARY", "ADC"]}, "ADC"),
        ({"ImageType": ["DERIVED", "PRIMARY", "RCBV"]}, "RCBV"),
    ],
)
def test_a_series_is_named_by_its_physics(header: dict[str, object], sequence: str) -> None:
    assert named([instance(**header)]) == (MrSequence(sequence), Confidence.HIGH)


def test_many_echo_planar_volumes_at_one_place_are_dsc() -> None:
    assert named([instance(**EP) for _ in range(20)]) == (MrSequence.DSC, Confidence.HIGH)


def test_a_b_value_makes_dwi() -> None:
    assert named([instance(**EP, DiffusionBValue=b) for b in (0.0, 1000.0)]) == (MrSequence.DWI, Confidence.HIGH)


def test_x04_a_name_that_contradicts_the_physics_waits_for_a_person() -> None:
    flair = {"ScanningSequence": ["SE", "IR"], "RepetitionTime": "9420", "EchoTime": "141", "InversionTime": "2500"}
    found = identify(read_physics([instance(**flair, SeriesDescription="t1_se_tra")]))
    assert found.confidence is Confidence.LOW
    assert "name says T1" in found.evidence


def test_the_evidence_never_repeats_the_free_text_of_the_name() -> None:
    found = identify(read_physics([instance(SeriesDescription="T1 for Zebedee")]))
    assert "Zebedee" not in found.evidence


@pytest.mark.parametrize(
    ("group", "creator", "element", "vr", "value"),
    [
        (0x0019, "SIEMENS MR HEADER", 0x0C, "IS", 500),
        (0x0043, "GEMS_PARM_01", 0x39, "IS", [1_000_000_500, 8, 0, 0]),
        (0x0019, "SIEMENS MR HEADER", 0x0C, "UN", b"500 "),
    ],
)
def test_b_values_of_every_dialect(group: int, creator: str, element: int, vr: str, value: object) -> None:
    ds = instance()
    ds.private_block(group, creator, create=True).add_new(element, vr, value)
    assert b_value(ds) == 500


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("folder", "sequence"), [("mprage_siemens_skyra", MrSequence.T1), ("dwi_philips_vanderbilt", MrSequence.DWI)]
)
def test_real_series_are_named_rightly(real_data: Path, folder: str, sequence: MrSequence) -> None:
    files = sorted((real_data / "dicom" / folder).glob("*.dcm"))
    assert named([dcmread(file, stop_before_pixels=True) for file in files]) == (sequence, Confidence.HIGH)
