"""Names as vendors and hospitals give them: they confirm the physics, and never overrule it with confidence."""

from itertools import permutations

import pytest

from idh_tasks.domain.sequence import Confidence, Contrast, MrSequence
from idh_tasks.domain.study import Identification
from idh_tasks.intake.naming.physics import read_physics
from idh_tasks.intake.naming.sequence import identify
from tests.unit.intake.naming import protocols
from tests.unit.intake.naming.protocols import AGENT, MPRAGE, T1_SE, T2_TSE, derived, header


def identified(physics: dict[str, object], name: str, **more: object) -> Identification:
    return identify(read_physics([header(physics, name, **more)]))


def test_the_habits_of_vendors_and_languages_are_many() -> None:
    assert len({name for habit in protocols.HABITS for name in habit.names()}) >= 250


@pytest.mark.parametrize("habit", protocols.HABITS, ids=lambda habit: next(habit.names()))
def test_a_usual_name_confirms_the_physics(habit: protocols.Habit) -> None:
    for name in habit.names():
        one = identified(habit.physics | habit.extra, name)
        assert (one.sequence, one.confidence) == (MrSequence(habit.sequence), Confidence.HIGH), (name, one.evidence)


@pytest.mark.parametrize(("measured", "named"), list(permutations(protocols.CONTRASTS, 2)))
def test_a_name_that_contradicts_the_physics_is_asked_about(measured: str, named: str) -> None:
    physics, other = protocols.CONTRASTS[measured][0], protocols.CONTRASTS[named]
    if {measured, named} <= {"SWI", "PD", "STIR"} or (measured, named) == ("MPRAGE", "T1"):
        pytest.skip("no sequence that is used, or two words for one")
    for name in other[1]:
        one = identified(physics, name)
        assert one.confidence is Confidence.LOW, (name, one.evidence)
        assert any(character.isdigit() for character in one.evidence), "the physics is given in numbers"


@pytest.mark.parametrize("name", ["localizer", "T1 MIP", "subtraction", "gre_field_mapping", "COR MPR", "screenshot",
                                  "MP2RAGE_INV1", "DCE", "tof_fl3d", "t2_ci3d", "T1 map", "ASL", "CBF"])  # fmt: skip
@pytest.mark.parametrize("physics", [T1_SE, T2_TSE])
def test_a_name_of_another_kind_never_removes_an_original_image_in_silence(
    physics: dict[str, object], name: str
) -> None:
    assert identified(physics, name).confidence is Confidence.LOW


@pytest.mark.parametrize(
    ("physics", "name"),
    [
        (derived(MPRAGE, "MTT"), "rCBV"),
        (derived(MPRAGE, "ADC"), "T2 tra"),
        (derived(MPRAGE, "CBV"), "CBF"),
        (protocols.SWI | {"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}, "t2_tse_tra"),
    ],
)
def test_an_image_type_that_contradicts_the_name_is_asked_about(physics: dict[str, object], name: str) -> None:
    assert identified(physics, name).confidence is Confidence.LOW


@pytest.mark.parametrize("name", ["t1_mpr_sag_p2_iso", "COR MPR", "T1 MPR"])
def test_mpr_is_an_mprage_or_a_reformat_by_its_physics(name: str) -> None:
    assert identified(MPRAGE, name, **AGENT).sequence is MrSequence.MPRAGE
    assert identified(derived(MPRAGE, "MPR"), name, **AGENT).sequence is MrSequence.OTHER
    assert identified(MPRAGE | {"ImageType": None}, name, **AGENT).confidence is Confidence.LOW
    assert identified({}, name).confidence is Confidence.LOW


@pytest.mark.parametrize("name", ["t1_mprage_sag", "MPRAGE", "SAG MPRAGE ISO", "t1_mpr_tra_p2_iso", "T1 MPRAGE preop"])
def test_an_mprage_without_a_stated_agent_is_asked_about(name: str) -> None:
    one = identified(MPRAGE, name)
    assert (one.sequence, one.confidence, one.contrast) == (MrSequence.T1, Confidence.LOW, Contrast.OPEN)


@pytest.mark.parametrize(("name", "contrast"), [
    ("T1 SE C-", "before"), ("T1 -C", "before"), ("T1-Gd", "after"), ("T1 C+", "after"), ("t1 km-", "before"),
    ("T1 post op", "unstated"), ("T1 preop", "unstated"), ("T1 posterior fossa", "unstated"), ("T1-C", "unstated"),
    ("T1 pre and post", "unstated"), ("T1 o. KM", "before"), ("T1 s/c", "before"), ("T1 c/c", "after"),
    ("O-Ax T1 SE S C+", "after"), ("T1 m. KM", "after"), ("T1 nach Gd", "after"),
    ("T1 avant injection", "before"), ("T1 apres gado", "after"), ("T1 voor gd", "before"), ("T1 nativo", "before"),
])  # fmt: skip
def test_the_words_for_contrast_are_read_with_their_sign(name: str, contrast: str) -> None:
    assert identified(T1_SE, name).contrast == Contrast(contrast)


@pytest.mark.parametrize("name", [
    "BRAIN W WO T1", "T1 W AND WO", "T1 with and without", "T1 w/wo", "T1 W/ & W/O", "T1 +/- GAD", "T1 pre and post",
    "T1 mit und ohne KM", "T1 mit/ohne KM", "T1 vor und nach KM", "T1 avec et sans", "T1 sans puis avec injection",
    "T1 con y sin contraste", "T1 antes y despues", "T1 con e senza mdc", "T1 prima e dopo mdc",
    "T1 com e sem contraste", "T1 met en zonder contrast", "T1 med och utan kontrast", "T1 c/s contraste",
])  # fmt: skip
def test_a_name_of_images_with_and_without_contrast_says_nothing_about_the_series(name: str) -> None:
    assert identified(T1_SE, name).confidence is Confidence.LOW
    assert identified(MPRAGE, name).contrast is Contrast.OPEN
    assert (identified(T1_SE, name, **AGENT).sequence, identified(T1_SE, name, **AGENT).confidence) == ("T1C", "high")
    assert (identified(T1_SE, name, ContrastBolusAgent="kein").sequence) == "T1"


@pytest.mark.parametrize("name", ["T1 KM verweigert", "T1 zzz kontrast", "T1 s/ et a/ gado", "T1 Gd abgebrochen"])
def test_an_unknown_word_beside_the_agent_is_asked_about(name: str) -> None:
    assert identified(T1_SE, name).confidence is Confidence.LOW
    assert identified(T1_SE, name, **AGENT).confidence is Confidence.LOW


def test_a_header_that_denies_an_agent_counts_as_a_statement() -> None:
    assert identified(MPRAGE, "MPRAGE", ContrastBolusAgent="NONE").confidence is Confidence.HIGH
    assert identified(MPRAGE, "MPRAGE KM", ContrastBolusAgent="NONE").confidence is Confidence.LOW


@pytest.mark.parametrize("stated", [{"ContrastBolusIngredient": "GADOLINIUM"}, {"ContrastBolusVolume": "7.5"}])
def test_an_agent_may_be_stated_by_its_ingredient_or_volume(stated: dict[str, str]) -> None:
    assert identified(MPRAGE, "MPRAGE", **stated).sequence is MrSequence.MPRAGE


def test_an_mprage_by_name_that_is_2d_by_physics_is_asked_about() -> None:
    assert identified(T1_SE, "t1_mprage KM").confidence is Confidence.LOW


def test_a_t1_after_contrast_of_unknown_dimension_is_asked_about() -> None:
    flat = {key: value for key, value in T1_SE.items() if key not in ("MRAcquisitionType", "SliceThickness")}
    one = identified(flat, "T1 KM")
    assert (one.sequence, one.confidence) == (MrSequence.T1C, Confidence.LOW)
