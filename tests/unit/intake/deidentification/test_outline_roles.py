"""The free names of segments and structures become roles, whatever state the header is in."""

import pytest
from pydicom import Dataset
from pydicom.sequence import Sequence

from idh_tasks.domain.study import PatientKey
from idh_tasks.intake.deidentification.deidentify import deidentify
from idh_tasks.intake.deidentification.pseudonym import Pseudonymiser
from tests.factories import instance
from tests.outlines import FRAME, NEOPLASM, T2_GRID, Segment, segmentation, square, structures, tumour


def cleaned(ds: Dataset) -> Dataset:
    return deidentify(ds, PatientKey("p"), Pseudonymiser("k" * 32))


@pytest.mark.parametrize(
    ("label", "code", "role"),
    [
        ("Segment_1", NEOPLASM, "ROLE TUMOUR"),
        ("Segment_1", None, "ROLE UNNAMED"),
        ("Zebedee", NEOPLASM, "ROLE POSSIBLE TUMOUR"),
        ("Zebedee", None, "ROLE NOT UNDERSTOOD"),
        ("tumour of Zebedee", NEOPLASM, "ROLE POSSIBLE TUMOUR"),
        ("brain of Zebedee", NEOPLASM, "ROLE OTHER STRUCTURE"),
        ("ROLE OEDEMA", None, "ROLE OEDEMA"),
    ],
)
def test_a_label_becomes_the_role_that_label_and_type_give(
    label: str, code: tuple[str, str, str] | None, role: str
) -> None:
    clean = cleaned(segmentation([Segment(tumour(), label, code)], T2_GRID))
    assert clean.SegmentSequence[0].SegmentLabel == role
    assert cleaned(clean).SegmentSequence[0].SegmentLabel == role


def test_names_of_structures_become_roles_and_other_texts_go() -> None:
    names = ("zRing_GTV Miller", "GTV", "Miller")
    ds = structures({name: [square(2, 5.5, 9.5)] for name in names}, T2_GRID)
    for roi in ds.StructureSetROISequence:
        roi.ROIDescription = roi.ROIGenerationDescription = "tumour by Miller"
    ds.RTROIObservationsSequence[0].ROIObservationLabel = "tumour by Miller"
    clean = cleaned(ds)
    assert [roi.ROIName for roi in clean.StructureSetROISequence] == [
        "ROLE DERIVED FROM TUMOUR", "ROLE TUMOUR", "ROLE NOT UNDERSTOOD",
    ]  # fmt: skip
    assert "iller" not in str(clean)
    assert "ROIDescription" not in clean.StructureSetROISequence[0]
    assert "ROIObservationLabel" not in clean.RTROIObservationsSequence[0]
    assert clean.StructureSetROISequence[0].ReferencedFrameOfReferenceUID != FRAME


def test_a_number_that_is_given_twice_names_nothing() -> None:
    ds = structures({"GTV": [square(2, 5.5, 9.5)], "Ring": [square(2, 1.5, 15.5)]}, T2_GRID)
    ds.StructureSetROISequence[1].ROINumber = 1
    assert {roi.ROIName for roi in cleaned(ds).StructureSetROISequence} == {"ROLE CONTRADICTORY"}


@pytest.mark.parametrize("broken", [Sequence(), Sequence([Dataset()])])
def test_damaged_sequences_cost_only_their_own_names(broken: Sequence) -> None:
    ds = segmentation([Segment(tumour())], T2_GRID)
    ds.SegmentSequence = broken
    assert [s.SegmentLabel for s in cleaned(ds).SegmentSequence] == ["ROLE UNNAMED"] * len(broken)


def test_images_are_not_touched() -> None:
    assert "SegmentSequence" not in cleaned(instance())
