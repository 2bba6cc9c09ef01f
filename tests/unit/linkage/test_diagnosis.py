"""Which diagnoses are glioblastoma in the paper's sense, under their WHO 2016 and WHO 2021 names."""

import pytest

from idh_tasks.linkage.diagnosis import is_glioblastoma


@pytest.mark.parametrize(
    "text",
    ["Glioblastoma", "GBM", "Glioblastoma multiforme", "Glioblastom, IDH-Wildtyp", "glioblastome", "glioblastoma NOS",
     "Glioblastoma, not otherwise specified", "Glioblastoma, IDH not mutated", "9440/3", "63634009",
     "Astrocytoma, IDH-mutant, CNS WHO grade 4", "Astrozytom, IDH-mutiert, ZNS-WHO Grad 4",
     "astrocitoma IDH-mutato, grado 4"],
)  # fmt: skip
def test_a_glioblastoma_is_recognised_by_either_name(text: str) -> None:
    assert is_glioblastoma(text) is True


@pytest.mark.parametrize("text", ["Meningioma", "Oligodendroglioma, grade 3", "Metastasis", "astrocytoma, grade 2"])
def test_another_tumour_is_not_glioblastoma(text: str) -> None:
    assert is_glioblastoma(text) is False


@pytest.mark.parametrize(
    "text",
    ["", "no evidence of glioblastoma", "Kein Glioblastom", "V.a. Glioblastom", "GBM?", "glioblastoma vs metastasis"],
)
def test_an_empty_negated_or_suspected_diagnosis_is_for_a_person_to_decide(text: str) -> None:
    assert is_glioblastoma(text) is None
