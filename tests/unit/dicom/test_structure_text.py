"""The role of a structure by its name: a tumour's only if every word of the name was understood."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idh_tasks.dicom.structure_role import StructureRole, combined
from idh_tasks.dicom.structure_text import role_of_text

ROLES = {
    StructureRole.TUMOUR: (
        "tumour", "Tumor 1", "WholeTumor", "GTV", "GTV1", "GTVp", "GTV_T1", "brain tumor", "BrainTumor", "Hirntumor",
        "tumeur", "Lesion", "WT", "HGG", "GBM", "glioma", "tumor v2", "Gross Tumor Volume", "whole tumour with oedema",
        "Neoplasm, Primary", "tumour_seg_final", "Tumorvolumen", "Volume tumoral macroscopique", "tumeur cérébrale",
        "TUMEUR ET ŒDÈME", "Tumor und Ödem", "tumore con edema", "tumor y edema", "tumor en oedeem",
        "Läsion", "Laesion", "lesión tumoral", "Masse tumorale", "left frontal glioma", "Glioblastoma multiforme",
        "Tumor links temporal", "lesion in temporal lobe", "Tumormaske", "tumor & edema", "tumour and cyst",
        "brainstem glioma", "BrainStemGlioma", "brain stem astrocytoma", "Hirnstammgliom", "hersenstamglioom",
        "gliome du tronc cérébral", "glioma del tronco encefalico",
    ),
    StructureRole.T2_TUMOUR: ("GTV_FLAIR", "GTV_T2", "tumour on T2", "FLAIR lesion"),
    StructureRole.OTHER: (
        "Brain", "BrainStem", "PTV60", "CTV", "Tumorbett", "Resection cavity", "RC", "Normal tissue", "Ventrikel",
        "skull", "vessels", "white matter", "ring 5mm", "Cavité de résection", "CAVITE OPERATOIRE", "Resektionsdefekt",
        "Cavita\u0300 chirurgica", "cavidad quirúrgica", "Lit opératoire", "Kontralateral", "côté sain", "Gegenseite",
        "Hämatom", "Haematom", "Hematoma", "Infarkt", "Abszess", "Ventricules", "Sehnerv", "tronc cérébral", "Körper",
        "Koerper", "Meningeom", "Metastase", "métastase", "left temporal lobe", "peritumoral region", "GTVn", "Schädel",
    ),
    StructureRole.DERIVED: (
        "zRing_GTV_3cm", "GTV_3mm", "GTV+5", "GTV-PTV", "Brain-GTV", "GTV minus", "avoid_GTV", "Tumor_Bed",
        "non-tumor", "Clinical Tumor Volume", "Tumor Ring", "white matter hyperintensity", "Tumor_60Gy",
        "Enhancing rim", "normal brain and tumour", "kein Tumor", "pas de tumeur", "sans tumeur", "sin tumor",
        "senza tumore", "geen tumor", "no tumour", "Nicht-Tumor", "Nichttumor", "tumorfrei", "Tumorhöhle", "Tumorrand",
        "Tumor neg", "Tumor mirror", "cavité tumorale", "lecho tumoral",
    ),
    StructureRole.POSSIBLE: (
        "GTV Zebedee", "GTVexp", "tumour - necrosis", "tumor/edema", "Tumor_2021", "Tumor w/o edema", "tumor?", "!GTV",
        "brainstem tumour", "brainstem, glioma", "glioma near brainstem",
        "Resttumor", "Tumor part", "lesion stable", "GTV old", "Antitumor",
    ),
    StructureRole.CONTRADICTORY: ("brain_gtv", "tumor (brain mask)", "Hirnödem"),
    StructureRole.UNNAMED: ("", "Segment_1", "Label 2", "ROI-1", "Tissue", "A7", "Kontur 3", "masque"),
    StructureRole.UNKNOWN: (
        "Zebedee", "3D", "Test", "left", "Whole", "None", "Rezidiv", "Bestrahlungsfeld", "опухоль", "腫瘍", "#*",
    ),
    StructureRole.OEDEMA: (
        "Edema", "Peritumoral edema", "ED", "Ödem", "Oedem", "Œdème", "edema tumoral", "Tumorödem", "oedeem",
        "peritumoral edematous/invaded tissue", "infiltrating tumour",
    ),
    StructureRole.ENHANCING: (
        "Enhancing Lesion", "Ring-enhancing lesion", "ET", "contrast-enhancing", "GTV_T1c", "Prise de contraste",
        "Kontrastmittel anreichernder Tumor", "KM-Aufnahme", "realce tumoral", "whole enhancing tumour",
    ),
    StructureRole.NON_ENHANCING: (
        "non-enhancing tumor", "NETC", "NET", "NCR/NET", "Necrotic and non-enhancing tumor core",
    ),
    StructureRole.NECROSIS: ("Necrosis", "NCR", "Tumornekrose", "nécrose", "necrosi", "necrotic core"),
    StructureRole.CORE: ("tumor core", "TC", "enhancing tumour and necrosis", "solid tumour", "Tumorkern"),
    StructureRole.T2_ABNORMALITY: (
        "FLAIR", "FLAIR hyperintensity", "SNFH", "Surrounding non-enhancing FLAIR hyperintensity", "hypersignal",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("role", "name"), [(role, name) for role, names in ROLES.items() for name in names])
def test_a_name_gives_its_role(role: StructureRole, name: str) -> None:
    assert role_of_text(name) is role


@pytest.mark.parametrize("role", StructureRole)
def test_a_stored_role_is_read_again(role: StructureRole) -> None:
    assert role_of_text(role.value) is role


@settings(max_examples=50)
@given(st.text(max_size=40))
def test_any_text_has_a_role(text: str) -> None:
    assert role_of_text(text) in StructureRole


@given(st.text(max_size=40))
def test_a_word_that_nobody_understands_never_makes_a_tumour(word: str) -> None:
    strange = f"q{word}x"
    for name in (f"{strange} tumour", f"GTV_{strange}", strange):
        assert role_of_text(name) not in (StructureRole.TUMOUR, StructureRole.UNNAMED)


@given(st.sampled_from(ROLES[StructureRole.TUMOUR]))
def test_case_accents_and_separators_do_not_matter(name: str) -> None:
    assert role_of_text(unicodedata.normalize("NFD", name).replace(" ", "_")) is StructureRole.TUMOUR
    assert role_of_text(name.upper() if " " in name or "_" in name else name.lower()) is StructureRole.TUMOUR


def test_a_long_name_takes_no_time() -> None:
    assert role_of_text("tumor" * 13_000) is StructureRole.POSSIBLE
    assert role_of_text("hirn" * 16_000) is StructureRole.UNKNOWN


@given(st.sampled_from(ROLES[StructureRole.TUMOUR]), st.sampled_from(["ring", "PTV", "minus", "margin", "5mm"]))
def test_a_word_for_a_helper_structure_is_never_outvoted(name: str, word: str) -> None:
    assert role_of_text(f"{name} {word}") is StructureRole.DERIVED
    assert role_of_text(f"{word}_{name}") is StructureRole.DERIVED


TUMOUR, OTHER, UNNAMED, UNKNOWN, OEDEMA = (
    StructureRole.TUMOUR, StructureRole.OTHER, StructureRole.UNNAMED, StructureRole.UNKNOWN, StructureRole.OEDEMA,
)  # fmt: skip


@pytest.mark.parametrize(
    ("by_name", "by_code", "role"),
    [
        (UNNAMED, TUMOUR, TUMOUR),
        (TUMOUR, UNNAMED, TUMOUR),
        (OTHER, TUMOUR, OTHER),
        (TUMOUR, OTHER, StructureRole.CONTRADICTORY),
        (TUMOUR, OEDEMA, OEDEMA),
        (OEDEMA, TUMOUR, OEDEMA),
        (StructureRole.POSSIBLE, TUMOUR, StructureRole.POSSIBLE),
        (UNKNOWN, TUMOUR, StructureRole.POSSIBLE),
        (UNKNOWN, UNNAMED, UNKNOWN),
        (UNKNOWN, OTHER, OTHER),
        (TUMOUR, UNKNOWN, StructureRole.POSSIBLE),
        (UNNAMED, UNKNOWN, UNKNOWN),
        (StructureRole.T2_ABNORMALITY, TUMOUR, StructureRole.T2_TUMOUR),
    ],
)
def test_name_and_code_are_combined(by_name: StructureRole, by_code: StructureRole, role: StructureRole) -> None:
    assert combined(by_name, by_code) is role
