"""The role of a structure by its name: a tumour's only if every word of the name was understood."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idh_tasks.dicom.structure_role import StructureRole, combined
from idh_tasks.dicom.structure_text import role_of_text

ROLES = {
    StructureRole.TUMOUR: (
        "tumour", "Tumor 1", "WholeTumor", "GTV", "GTV1", "GTVp", "brain tumor", "BrainTumor", "Hirntumor", "tumeur",
        "Lesion", "WT", "HGG", "tumor v2", "Gross Tumor Volume", "whole tumour with oedema", "Neoplasm, Primary",
        "tumour_seg_final",
    ),
    StructureRole.OTHER: (
        "Brain", "BrainStem", "PTV60", "CTV", "Tumorbett", "Resection cavity", "RC", "Normal tissue", "Ventrikel",
        "skull", "vessels", "white matter", "ring 5mm",
    ),
    StructureRole.DERIVED: (
        "zRing_GTV_3cm", "GTV_3mm", "GTV+5", "GTV-PTV", "Brain-GTV", "GTV minus", "avoid_GTV", "Tumor_Bed",
        "non-tumor", "Clinical Tumor Volume", "Tumor Ring", "white matter hyperintensity", "Tumor_60Gy",
        "Enhancing rim", "normal brain and tumour",
    ),
    StructureRole.POSSIBLE: (
        "GTV Zebedee", "GTVexp", "tumour - necrosis", "Tumor_2021", "Tumor w/o edema", "brainstem glioma",
        "lesion in temporal lobe",
    ),
    StructureRole.CONTRADICTORY: ("brain_gtv", "tumor (brain mask)"),
    StructureRole.UNNAMED: ("", "Segment_1", "Label 2", "ROI-1", "Tissue", "Zebedee", "3D"),
    StructureRole.OEDEMA: ("Edema", "Peritumoral edema", "ED", "Ödem"),
    StructureRole.ENHANCING: ("Enhancing Lesion", "Ring-enhancing lesion", "ET", "contrast-enhancing", "GTV_T1c"),
    StructureRole.NON_ENHANCING: ("non-enhancing tumor", "NETC", "NET"),
    StructureRole.NECROSIS: ("Necrosis", "NCR", "Tumornekrose"),
    StructureRole.CORE: ("tumor core", "TC"),
    StructureRole.T2_ABNORMALITY: ("FLAIR", "FLAIR hyperintensity", "SNFH", "GTV_FLAIR"),
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


@given(st.sampled_from(ROLES[StructureRole.TUMOUR]), st.sampled_from(["ring", "PTV", "minus", "margin", "5mm"]))
def test_a_word_for_a_helper_structure_is_never_outvoted(name: str, word: str) -> None:
    assert role_of_text(f"{name} {word}") is StructureRole.DERIVED
    assert role_of_text(f"{word}_{name}") is StructureRole.DERIVED


TUMOUR, OTHER, UNNAMED, OEDEMA = (
    StructureRole.TUMOUR, StructureRole.OTHER, StructureRole.UNNAMED, StructureRole.OEDEMA,
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
    ],
)
def test_name_and_code_are_combined(by_name: StructureRole, by_code: StructureRole, role: StructureRole) -> None:
    assert combined(by_name, by_code) is role
