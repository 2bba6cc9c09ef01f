"""A series is identified by its physics; its name may only confirm it."""

from pathlib import Path

import pytest
from pydicom import Dataset, dcmread

from idh_tasks.dicom.dialect import b_value
from idh_tasks.domain.sequence import Confidence, MrSequence
from idh_tasks.intake.naming.physics import read_physics
from idh_tasks.intake.naming.sequence import identify
from idh_tasks.intake.naming.sequence_rules import TIMINGS, TimingRule
from tests.factories import instance
from tools.sequence_report import confusion, name_rows, rates, timing_rows

EP = {"ScanningSequence": "EP", "RepetitionTime": "1500", "EchoTime": "30"}
GR = {"ScanningSequence": ["GR", "IR"], "RepetitionTime": "1760", "EchoTime": "3.1", "InversionTime": "950"}


def identified_as(instances: list[Dataset]) -> tuple[MrSequence, Confidence]:
    identified = identify(read_physics(instances))
    return identified.sequence, identified.confidence


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
def test_a_series_is_identified_by_its_physics(header: dict[str, object], sequence: str) -> None:
    assert identified_as([instance(**header)]) == (MrSequence(sequence), Confidence.HIGH)


TIMING = {
    "long TR, long TE, fluid nulled": ("SE", "2D", 9420, 140, 2500, "FLAIR"),
    "fat nulled (STIR)": ("SE", "2D", 4500, 50, 160, "OTHER"),
    "T1 with inversion": ("SE", "2D", 2000, 12, 860, "T1"),
    "3D gradient echo with inversion": ("GR", "3D", 1760, 3.1, 950, "T1"),
    "3D gradient echo, short TR": ("GR", "3D", 7.2, 2.9, 0, "T1"),
    "3D gradient echo, prepared": ("GR", "3D", 1900, 2.5, 0, "T1"),
    "3D gradient echo, large flip angle (steady state)": ("GR", "3D", 5.6, 2.5, 0, "OTHER"),
    "3D spin echo, short TR": ("SE", "3D", 700, 18, 0, "T1"),
    "spin echo, short TR and TE": ("SE", "2D", 500, 12, 0, "T1"),
    "2D gradient echo, short TR and TE": ("GR", "2D", 250, 2.5, 0, "T1"),
    "T2* gradient echo": ("GR", "2D", 700, 20, 0, "OTHER"),
    "long TR and TE": ("SE", "2D", 5000, 100, 0, "T2"),
    "proton density": ("SE", "2D", 3000, 15, 0, "OTHER"),
}


@pytest.mark.parametrize("rule", TIMINGS, ids=lambda rule: rule.meaning)
def test_every_timing_rule_identifies_its_sequence(rule: TimingRule) -> None:
    scanning, dimension, tr, te, ti, sequence = TIMING[rule.meaning]
    header = {
        "ScanningSequence": scanning,
        "MRAcquisitionType": dimension,
        "RepetitionTime": str(tr),
        "EchoTime": str(te),
        "FlipAngle": str(max(rule.flip.low, min(rule.flip.high, 12))),
    }
    identified = identify(read_physics([instance(**header, **({"InversionTime": str(ti)} if ti else {}))]))
    assert (identified.sequence, identified.confidence) == (MrSequence(sequence), Confidence.HIGH)
    assert rule.meaning in identified.evidence


@pytest.mark.parametrize(
    ("name", "sequence"),
    [
        ("AX T2 FLAIR", "FLAIR"),
        ("t2_tirm_tra_dark-fluid", "FLAIR"),
        ("T1 FLAIR SAG", "T1"),
        ("T1w tra nativ", "T1"),
        ("ax. T1 3D senza mdc", "T1"),
        ("3D T1 avec injection", "MPRAGE"),
        ("T1 MPRAGE post KM", "MPRAGE"),
        ("BRAVO +C", "MPRAGE"),
        ("t1 3d con contraste", "MPRAGE"),
        ("T2 pesata assiale", "T2"),
        ("T2-gewichtet cor", "T2"),
        ("Difusión b1000", "DWI"),
        ("Diffusione assiale", "DWI"),
        ("ep2d_diff_trace_ADC", "ADC"),
        ("Coefficient de diffusion apparent", "ADC"),
        ("Perfusionsbildgebung", "DSC"),
        ("ep2d_perf BOLUS", "DSC"),
        ("relCBV", "RCBV"),
        ("relCBF", "OTHER"),
        ("t2_fl2d_tra_hemo", "OTHER"),
        ("SWI_Images", "OTHER"),
        ("TOF 3D multi-slab", "OTHER"),
        ("localizer", "OTHER"),
        ("Repérage 3 plans", "OTHER"),
        ("Phase_Images", "OTHER"),
        ("MIP Range", "OTHER"),
        ("ep2d_bold_moco", "OTHER"),
        ("pcasl 3D", "OTHER"),
        ("STIR cor", "OTHER"),
        ("T1 MPRAGE reformat tra", "OTHER"),
        ("Axial T2: Processed_Tool", "OTHER"),
        ("t1_mprage_sag SUB", "OTHER"),
    ],
)
def test_a_name_in_any_language_is_understood_but_never_identifies_an_acquired_image_alone(
    name: str, sequence: str
) -> None:
    ds = Dataset()
    ds.SeriesDescription = name
    identified = identify(read_physics([ds]))
    certain = Confidence.HIGH if sequence == "OTHER" else Confidence.LOW
    assert (identified.sequence, identified.confidence) == (MrSequence(sequence), certain), identified.evidence


@pytest.mark.parametrize(("name", "sequence"), [("relCBV", "RCBV"), ("ADC map", "ADC"), ("TTP", "OTHER")])
def test_a_map_that_keeps_no_timing_is_identified_by_its_name(name: str, sequence: str) -> None:
    ds = Dataset()
    ds.ImageType, ds.SeriesDescription = ["DERIVED", "SECONDARY"], name
    identified = identify(read_physics([ds]))
    assert (identified.sequence, identified.confidence) == (MrSequence(sequence), Confidence.HIGH)


@pytest.mark.parametrize(
    "header",
    [
        {},
        {"SeriesDescription": "T1 TRANS +C"},
        {"SeriesDescription": "3D T1 pre and post"},
        {"SeriesDescription": "T2 SAG head and cervical spine"},
        {"SeriesDescription": "3D T1 pre", "ContrastBolusAgent": "DOTAREM"},
        {"ScanningSequence": "EP", "RepetitionTime": "2000", "EchoTime": "30", "SeriesDescription": "ep2d 64"},
    ],
    ids=["nothing", "2D after contrast", "both", "another region", "an agent before contrast", "functional or bolus"],
)
def test_an_unclear_series_has_low_confidence(header: dict[str, str]) -> None:
    ds = Dataset()
    for keyword, value in header.items():
        setattr(ds, keyword, value)
    assert identify(read_physics([ds])).confidence is Confidence.LOW


def test_an_enhanced_header_is_read_from_its_functional_groups() -> None:
    echo, timing, frame, groups, frames = Dataset(), Dataset(), Dataset(), Dataset(), Dataset()
    echo.EffectiveEchoTime, timing.RepetitionTime, frame.AcquisitionContrast = 140.0, "9000", "FLUID_ATTENUATED"
    groups.MRTimingAndRelatedParametersSequence, groups.MRImageFrameTypeSequence = [timing], [frame]
    frames.MREchoSequence = [echo]
    ds = Dataset()
    ds.SharedFunctionalGroupsSequence, ds.PerFrameFunctionalGroupsSequence = [groups], [frames]
    identified = identify(read_physics([ds]))
    assert (identified.sequence, identified.confidence) == (MrSequence.FLAIR, Confidence.HIGH)
    assert identified.evidence.startswith("TE 140 ms, TR 9000 ms")


@pytest.mark.real_data
def test_series_of_real_tables_are_identified_correctly(real_data: Path) -> None:
    tables = real_data / "tables"
    correct, answered = rates(confusion(timing_rows(tables)) + confusion(name_rows(tables)))
    assert correct >= 0.99
    assert answered >= 0.97


def test_many_echo_planar_volumes_at_one_position_are_dsc() -> None:
    assert identified_as([instance(**EP) for _ in range(20)]) == (MrSequence.DSC, Confidence.HIGH)


def test_a_b_value_indicates_dwi() -> None:
    assert identified_as([instance(**EP, DiffusionBValue=b) for b in (0.0, 1000.0)]) == (
        MrSequence.DWI,
        Confidence.HIGH,
    )


def test_x04_a_name_that_contradicts_the_physics_gives_low_confidence() -> None:
    flair = {"ScanningSequence": ["SE", "IR"], "RepetitionTime": "9420", "EchoTime": "141", "InversionTime": "2500"}
    identified = identify(read_physics([instance(**flair, SeriesDescription="t1_se_tra")]))
    assert identified.confidence is Confidence.LOW
    assert "name says T1" in identified.evidence


def test_the_evidence_never_repeats_the_free_text_of_the_name() -> None:
    identified = identify(read_physics([instance(SeriesDescription="T1 for Zebedee")]))
    assert "Zebedee" not in identified.evidence


@pytest.mark.parametrize(
    ("group", "creator", "element", "vr", "value"),
    [
        (0x0019, "SIEMENS MR HEADER", 0x0C, "IS", 500),
        (0x0043, "GEMS_PARM_01", 0x39, "IS", [1_000_000_500, 8, 0, 0]),
        (0x0019, "SIEMENS MR HEADER", 0x0C, "UN", b"500 "),
    ],
)
def test_b_values_of_every_vendor_are_read(group: int, creator: str, element: int, vr: str, value: object) -> None:
    ds = instance()
    ds.private_block(group, creator, create=True).add_new(element, vr, value)
    assert b_value(ds) == 500


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("folder", "sequence", "confidence"),
    [
        ("mprage_siemens_skyra", MrSequence.T1, Confidence.LOW),  # an MPRAGE that states no agent
        ("dwi_philips_vanderbilt", MrSequence.DWI, Confidence.HIGH),
    ],
)
def test_real_series_are_identified_correctly(
    real_data: Path, folder: str, sequence: MrSequence, confidence: Confidence
) -> None:
    files = sorted((real_data / "dicom" / folder).glob("*.dcm"))
    assert identified_as([dcmread(file, stop_before_pixels=True) for file in files]) == (sequence, confidence)


@pytest.mark.parametrize(("name", "confidence"), [("", Confidence.LOW), ("T2 FLAIR", Confidence.HIGH)])
def test_an_inversion_recovery_without_its_inversion_time_is_no_t2(name: str, confidence: Confidence) -> None:
    header = {"ScanningSequence": ["SE", "IR"], "RepetitionTime": "9000", "EchoTime": "120"}
    assert identified_as([instance(**header, SeriesDescription=name)]) == (MrSequence.FLAIR, confidence)


@pytest.mark.parametrize(("stated", "name", "confidence"), [
    ("T2", "", Confidence.LOW), ("T2", "FLAIR", Confidence.HIGH), ("FLUID_ATTENUATED", "", Confidence.HIGH)
])  # fmt: skip
def test_a_stated_contrast_that_contradicts_the_timing_is_not_certain(
    stated: str, name: str, confidence: Confidence
) -> None:
    flair = {"ScanningSequence": ["SE", "IR"], "RepetitionTime": "9420", "EchoTime": "141", "InversionTime": "2500"}
    one = instance(**flair, AcquisitionContrast=stated, SeriesDescription=name)
    assert identified_as([one]) == (MrSequence.FLAIR, confidence)


@pytest.mark.parametrize(("pixel_mm", "confidence"), [(0.9, Confidence.HIGH), (3.0, Confidence.LOW)])
def test_a_field_map_with_the_timing_of_a_t1_is_not_certain(pixel_mm: float, confidence: Confidence) -> None:
    header = {"ScanningSequence": "GR", "RepetitionTime": "500", "EchoTime": "4.9", "FlipAngle": "60"}
    assert identified_as([instance(**header, PixelSpacing=[pixel_mm, pixel_mm])])[1] is confidence
