"""Descriptions that were written before the tables: no head is missed, and at most 1 % of the others are taken."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from idh_tasks.domain.words import Choice
from idh_tasks.intake.selection.filters import filters
from idh_tasks.intake.selection.studies import judge_texts
from idh_tasks.settings import IntakeSettings

TEXTS = tomllib.loads((Path(__file__).parents[3] / "study_texts.toml").read_text())
OTHERS = ("spine", "limbs", "trunk")


def texts(region: str) -> Iterator[str]:
    return (text for of_language in TEXTS[region].values() for text in of_language)


def choice(text: str) -> Choice:
    return judge_texts([text], [], filters(IntakeSettings()).studies).choice


def test_the_set_has_120_texts_of_heads_and_three_times_as_many_of_other_regions() -> None:
    assert len(list(texts("head"))) >= 120
    assert sum(len(list(texts(region))) for region in OTHERS) >= 300


def test_no_head_is_missed() -> None:
    assert [text for text in texts("head") if choice(text) is not Choice.INCLUDE] == []


def test_at_most_one_percent_of_other_regions_is_taken_and_hardly_any_is_asked_for() -> None:
    others = [text for region in OTHERS for text in texts(region)]
    assert sum(choice(text) is Choice.INCLUDE for text in others) <= len(others) / 100
    assert sum(choice(text) is Choice.ASK for text in others) <= len(others) / 20


def test_a_text_that_tells_nothing_is_left_to_the_series() -> None:
    assert {text: choice(text) for text in texts("untold")} == dict.fromkeys(texts("untold"), Choice.ASK)


@pytest.mark.parametrize(
    "text",
    [
        "MRT Schädel + HWS", "Head and neck", "RM ENCEFALO Y COLUMNA", "mrt_kopf-hals", "HEADNECK", "MRBrain",
        "MRT Sch?del", "MR SCHAEDEL", "cMRT", "Crâne", "IRM Tête et cou",
    ],
)  # fmt: skip
def test_accents_case_signs_and_a_second_region_do_not_hide_a_head(text: str) -> None:
    assert choice(text) is Choice.INCLUDE


@pytest.mark.parametrize(
    "text",
    [
        "Femoral head", "tête fémorale", "Hüftkopf", "caput femoris", "testa del femore", "fibular head",
        "Pancreatic head", "cabeza del fémur", "tête du pancréas", "testa dell'omero",
    ],
)  # fmt: skip
def test_the_head_of_a_bone_or_organ_is_no_head(text: str) -> None:
    assert choice(text) is Choice.EXCLUDE


@pytest.mark.parametrize(
    "text", ["MRT głowy", "ZNS mit Myelon", "Neuroaxis, spinal", "fMRT Hand und Fuss", "CNS/spine"]
)
def test_letters_that_no_accent_makes_and_the_whole_nervous_system_do_not_hide_a_head(text: str) -> None:
    assert choice(text) is Choice.INCLUDE


@pytest.mark.parametrize(
    "text", ["Fetal brain", "fetales Gehirn", "IRM cérébrale foetale", "fötales Gehirn", "MRI Brain Fetus"]
)
def test_the_head_of_an_unborn_child_is_not_the_one_of_the_patient(text: str) -> None:
    assert choice(text) is Choice.EXCLUDE
    assert choice(f"{text}; head") is Choice.INCLUDE


@pytest.mark.parametrize("text", ["Krankenhaus", "feet first", "HEAD FIRST SUPINE", "Mainz"])
def test_part_of_a_word_or_the_position_of_a_patient_is_no_region(text: str) -> None:
    assert choice(text) is Choice.ASK


def test_a_code_decides_like_a_word_and_a_head_prevails() -> None:
    table = filters(IntakeSettings()).studies
    assert judge_texts(["MR 12"], ["70553"], table).choice is Choice.INCLUDE
    assert judge_texts(["MR 12"], ["73721"], table).reason == "limb"
    assert judge_texts(["Knee"], ["70553"], table).choice is Choice.INCLUDE
