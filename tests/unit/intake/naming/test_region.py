"""Only images of the head are brain images; what is not understood about their place is asked about."""

from typing import Any

import pytest
from pydicom import Dataset

from idh_tasks.domain.study import Identification
from idh_tasks.intake.naming.physics import read_physics
from idh_tasks.intake.naming.sequence import identify
from tests.unit.intake.naming.protocols import MPRAGE, T2_TSE, header

pytestmark = pytest.mark.filterwarnings("ignore:Invalid value for VR CS")
HEADS = ("", "HEAD", "BRAIN", "SKULL", "HEADNECK", "HEAD NECK", "HEAD AND NECK", "Brain", "WHOLEHEAD", "Kopf",
         "Schädel", "TETE", "CRÂNE", "TESTA", "ENCEFALO", "CABEZA", "CEREBRO", "HOOFD", "NEURO", "UNKNOWN")  # fmt: skip
BODIES = (
    "KNEE", "ABDOMEN", "LSPINE", "CSPINE", "TSPINE", "SPINE", "PELVIS", "PROSTATE", "HEART", "NECK", "SHOULDER", "HIP",
    "BREAST", "ANKLE", "WRIST", "HAND", "FOOT", "LIVER", "CHEST", "EXTREMITY", "LUMBAR SPINE", "Wirbelsäule", "KNIE",
    "GENOU DROIT", "RACHIS LOMBAIRE", "GINOCCHIO", "COLONNA", "RODILLA", "COLUMNA", "PROSTATA", "JOELHO", "COLUNA",
    "WERVELKOLOM", "SCHOUDER",
)  # fmt: skip
UNCLEAR = ("WHOLEBODY", "CAROTID", "BRAIN SPINE", "CEREBELLUM", "ORBIT", "IAC", "PITUITARY", "XYZ")
OTHER, SURE = ("OTHER", "high"), ("T2", "high")


def identified(name: str = "t2_tse_tra", **attributes: Any) -> Identification:
    return identify(read_physics([header(T2_TSE, name, **attributes)]))


def answer(name: str = "t2_tse_tra", **attributes: Any) -> tuple[str, str]:
    one = identified(name, **attributes)
    return one.sequence.value, one.confidence.value


@pytest.mark.parametrize("part", HEADS)
def test_the_head_has_many_names(part: str) -> None:
    assert answer(BodyPartExamined=part) == SURE


@pytest.mark.parametrize("part", BODIES)
def test_another_part_of_the_body_is_no_brain_series(part: str) -> None:
    assert answer(BodyPartExamined=part) == OTHER


@pytest.mark.parametrize("part", UNCLEAR)
def test_a_part_of_the_head_or_an_unknown_body_part_is_asked_about(part: str) -> None:
    assert answer(BodyPartExamined=part) == ("T2", "low")
    assert part not in identified(BodyPartExamined=part).evidence


@pytest.mark.parametrize("name", ["T2 LWS sag", "T2 Wirbelsäule", "T2 cervical spine", "T2 genou", "T2 rachis",
                                  "T2 ginocchio", "T2 colonna", "T2 rodilla", "T2 prostata", "T2 Hals"])  # fmt: skip
def test_a_name_of_another_part_of_the_body_is_no_brain_series_unless_the_head_is_stated(name: str) -> None:
    assert answer(name) == OTHER
    assert answer(name, BodyPartExamined="HEAD")[1] == "low"


@pytest.mark.parametrize("name", ["T2 tra SPIN ECHO", "T2 head/neck", "T2 Colombo", "T2 tra neuro", "T2 delivery"])
def test_words_that_only_resemble_a_body_part_change_nothing(name: str) -> None:
    assert answer(name) == SURE


@pytest.mark.parametrize("keyword", ["ProtocolName", "StudyDescription"])
def test_a_protocol_of_another_part_is_asked_about_unless_it_names_the_head(keyword: str) -> None:
    assert answer(**{keyword: "MRT LWS"}) == ("T2", "low")
    assert answer(**{keyword: "MRT Schädel und HWS"}) == SURE


def test_a_field_of_view_larger_than_a_head_is_asked_about() -> None:
    size: dict[str, Any] = {"Rows": 512, "Columns": 512}
    assert answer(PixelSpacing=[0.8, 0.8], **size) == ("T2", "low")
    assert answer(PixelSpacing=[0.5, 0.5], **size) == SURE


@pytest.mark.parametrize(("meaning", "expected"), [("Brain", SURE), ("Head", SURE), ("Knee", OTHER)])
def test_enhanced_images_state_their_region_as_a_code(meaning: str, expected: tuple[str, str]) -> None:
    region, anatomy, shared = Dataset(), Dataset(), Dataset()
    region.CodeMeaning = meaning
    anatomy.AnatomicRegionSequence = [region]
    shared.FrameAnatomySequence = [anatomy]
    assert answer(SharedFunctionalGroupsSequence=[shared]) == expected


def test_a_doubtful_place_is_not_left_to_the_study() -> None:
    doubtful = identify(read_physics([header(MPRAGE, "3D T1", BodyPartExamined="XYZ")]))
    assert (doubtful.confidence, doubtful.contrast) == ("low", "unstated")
