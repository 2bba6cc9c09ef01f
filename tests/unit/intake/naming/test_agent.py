"""A header states a contrast agent only if all that it says about one is understood and agrees."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset

from idh_tasks.intake.naming.agent import CONTRADICTORY, UNCLEAR, UNEQUAL, Agent, read_agent
from idh_tasks.intake.naming.agent_text import AgentText, read_agent_text
from idh_tasks.intake.naming.physics import read_physics
from idh_tasks.intake.naming.sequence import identify
from tests.unit.intake.naming.protocols import T1_SE, header

SUBSTANCES = (
    "Gadovist", "GADAVIST", "Dotarem®", "Clariscan", "MULTIHANCE", "ProHance", "Magnevist", "Omniscan", "Primovist",
    "Elucirem", "gadobutrol", "Gadoterate meglumine", "Gadotersäure", "acide gadotérique", "acido gadoterico",
    "Gd", "Gd-DTPA", "Gd-DOTA", "Gd-BT-DO3A", "Gadolinium", "gado", "GAD", "Feraheme",
)  # fmt: skip
GENERAL = ("KM", "contrast", "Kontrastmittel", "mdc", "mezzo di contrasto", "produit de contraste", "yes", "ja", "oui",
           "si", "sim", "with contrast", "mit KM", "avec")  # fmt: skip
DOSES = (
    "",
    " 7.5 ml",
    " 7,5ml",
    " 1.0 mmol/ml",
    " 0.1 mmol/kg",
    " 15 cc i.v.",
    " 0.5M 10ml 2 ml/s",
    " iv",
    " 20 mL (IV)",
)
DENIED = (
    "none", "NO", "kein", "keine", "kein KM", "nein", "nicht gegeben", "non", "aucun", "ohne KM", "sans", "senza mdc",
    "sin contraste", "sem contraste", "zonder", "geen", "nessuno", "without", "w/o", "not used", "-", "--", "n/a", "0",
    "0 ml", "NaCl", "NaCl 0,9% 30 ml", "saline", "Kochsalzlösung", "Buscopan 20 mg", "O2", "oral water", "glucagon",
)  # fmt: skip
UNKNOWN = ("Iomeron 300", "15 ml", "1", "iv", "abgelehnt", "refused", "?", "Gadovist?no", "GADO?x", "kein KM 7.5 ml",
           "mit und ohne KM", "Gadovist 0 ml", "no Buscopan", "KM NaCl", "siehe Bogen", "Lumirem")  # fmt: skip


def agent(**attributes: Any) -> Agent:
    return read_agent([header(T1_SE, **attributes)])


@given(st.sampled_from(SUBSTANCES + GENERAL), st.sampled_from(DOSES), st.sampled_from([str, str.upper, str.lower]))
def test_an_agent_is_understood_with_its_dose(name: str, dose: str, case: Any) -> None:
    assert read_agent_text(case(name + dose)) is AgentText.GIVEN


@pytest.mark.parametrize("name", SUBSTANCES)
def test_an_agent_may_be_followed_by_saline_or_be_denied(name: str) -> None:
    assert read_agent_text(f"{name}, NaCl 20 ml") is AgentText.GIVEN
    assert read_agent_text(f"kein {name}") is AgentText.DENIED


@pytest.mark.parametrize("text", DENIED)
def test_a_denial_or_another_substance_is_no_agent(text: str) -> None:
    assert agent(ContrastBolusAgent=text) == Agent(False)


@pytest.mark.parametrize("text", UNKNOWN)
def test_a_text_that_is_not_understood_as_a_whole_is_in_doubt(text: str) -> None:
    assert agent(ContrastBolusAgent=text) == Agent(None, UNCLEAR)


@given(st.text(max_size=12))
def test_any_text_is_read_without_an_error(text: str) -> None:
    assert read_agent_text(text) in AgentText


def test_the_evidence_never_repeats_the_text() -> None:
    identified = identify(read_physics([header(T1_SE, "T1 tra", ContrastBolusAgent="Zebedee 8 ml")]))
    assert (identified.confidence, "ebedee" in identified.evidence) == ("low", False)
    assert UNCLEAR in identified.evidence


@pytest.mark.parametrize("attributes", [
    {"ContrastBolusAgent": "Gadovist", "ContrastBolusVolume": "0"},
    {"ContrastBolusAgent": "Gadovist", "ContrastBolusTotalDose": "0"},
    {"ContrastBolusAgent": "none", "ContrastBolusVolume": "7.5"},
    {"ContrastBolusAgent": "none", "ContrastBolusIngredient": "GADOLINIUM"},
])  # fmt: skip
def test_attributes_that_contradict_one_another_are_in_doubt(attributes: dict[str, str]) -> None:
    assert agent(**attributes) == Agent(None, CONTRADICTORY)


@pytest.mark.parametrize("attributes", [
    {"ContrastBolusAgent": "Gadovist", "ContrastBolusRoute": "ORAL"},
    {"ContrastBolusAgent": "Gadovist", "ContrastBolusVolume": "-1"},
    {"ContrastBolusAgent": "Gadovist", "ContrastBolusVolume": "2000"},
    {"ContrastBolusIngredient": "IODINE"},
])  # fmt: skip
def test_another_route_ingredient_or_an_impossible_dose_is_in_doubt(attributes: dict[str, str]) -> None:
    found = agent(**attributes)
    assert (found.given, bool(found.doubt)) == (None, True)


def test_attributes_that_agree_state_an_agent() -> None:
    stated = {"ContrastBolusAgent": "Gadovist", "ContrastBolusIngredient": "GADOLINIUM", "ContrastBolusVolume": "7.5",
              "ContrastBolusTotalDose": "7.5", "ContrastBolusRoute": "Intravenous route"}  # fmt: skip
    assert agent(**stated) == Agent(True)


def test_images_of_one_series_that_disagree_are_in_doubt() -> None:
    given, denied, silent = (header(T1_SE, ContrastBolusAgent=text) for text in ("Gadovist", "kein", ""))
    assert read_agent([given, denied]) == Agent(True, UNEQUAL)
    assert read_agent([given, silent]) == Agent(True)
    assert read_agent([silent]) == Agent()


def coded(meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = "1", "SCT", meaning
    return item


@pytest.mark.parametrize(("meaning", "expected"), [
    ("Gadoterate meglumine", Agent(True)), ("Gadolinium", Agent(True)), ("None", Agent(False)),
    ("Iohexol", Agent(None, UNCLEAR)), ("", Agent(None, UNCLEAR)),
])  # fmt: skip
def test_a_coded_agent_is_read_by_its_meaning(meaning: str, expected: Agent) -> None:
    assert agent(ContrastBolusAgentSequence=[coded(meaning)]) == expected


def enhanced(*usage: dict[str, str]) -> Dataset:
    ds = header(T1_SE, ContrastBolusAgentSequence=[coded("Gadobutrol")])
    ds.PerFrameFunctionalGroupsSequence = []
    for attributes in usage:
        frame, item = Dataset(), Dataset()
        for keyword, value in attributes.items():
            setattr(item, keyword, value)
        frame.ContrastBolusUsageSequence = [item]
        ds.PerFrameFunctionalGroupsSequence.append(frame)
    return ds


GIVEN, NOT_GIVEN = {"ContrastBolusAgentAdministered": "YES"}, {"ContrastBolusAgentAdministered": "NO"}
BEFORE = {"ContrastBolusAgentPhase": "PRE_CONTRAST"}


@pytest.mark.parametrize(("usage", "expected"), [
    ([GIVEN, GIVEN], Agent(True)), ([NOT_GIVEN, NOT_GIVEN], Agent(False)), ([BEFORE], Agent(False)),
    ([GIVEN, NOT_GIVEN], Agent(True, UNEQUAL)), ([GIVEN | BEFORE], Agent(None, CONTRADICTORY)),
])  # fmt: skip
def test_frames_of_an_enhanced_image_say_whether_its_agent_was_given(
    usage: list[dict[str, str]], expected: Agent
) -> None:
    assert read_agent([enhanced(*usage)]) == expected
