"""What methods and results are read as: the common wordings, and which genes and tests a text speaks of."""

import pytest

from idh_tasks.domain.pathology import Assay, AssayMethod, AssayResult, IdhStatus
from idh_tasks.linkage.idh_rules import resolve_idh_status
from idh_tasks.linkage.words.results import read_assays


def read(result: str, method: str = "IDH1 sequencing") -> AssayResult:
    [assay] = read_assays(method, result)
    return assay.result


@pytest.mark.parametrize(
    "text",
    ["negative", " Wild-type ", "negativ", "negativo", "négatif", "IDH1 wild-type", "Wildtyp", "tipo selvaggio", "WT",
     "type sauvage", "tipo salvaje", "No mutation detected", "keine Mutation nachgewiesen",
     "nessuna mutazione rilevata",
     "aucune mutation détectée", "sin mutación", "Mutation nicht nachgewiesen", "IDH1 not mutated", "not detected"],
)  # fmt: skip
def test_p04_a_negative_result_is_read(text: str) -> None:
    assert read(text) is AssayResult.NEGATIVE


@pytest.mark.parametrize(
    "text",
    ["positive", "p.R132C", "diffus positiv", "positivo", "positif", "mutiert", "mutato", "muté", "mutado", "detected",
     "mutation detected", "mutazione rilevata", "IDH1 p.(Arg132His)", "c.395G>A p.R132H", "R132C mutation",
     "IDH1 R132H mutation detected", "c.394C>T (p.Arg132Cys)"],
)  # fmt: skip
def test_p04_a_positive_result_is_read(text: str) -> None:
    assert read(text) is AssayResult.POSITIVE


@pytest.mark.parametrize("text", ["IDH2 p.R172K", "R172K", "c.515G>A (p.Arg172Lys)"])
def test_p04_a_mutation_of_idh2_is_read(text: str) -> None:
    assert read(text, "IDH2 sequencing") is AssayResult.POSITIVE
    assert read(text, "IDH1 sequencing") is AssayResult.UNKNOWN


@pytest.mark.parametrize("text", ["seq. ausstehend", "in attesa", "en attente", "pendiente", "R132H neg, seq pending"])
def test_p04_a_pending_result_is_never_read_as_negative(text: str) -> None:
    assert read(text) is AssayResult.PENDING


@pytest.mark.parametrize(
    "text",
    ["not mutated", "nicht mutiert", "NOS", "negatve", "", "VUS", "variant of uncertain significance", "R100Q", "R132H",
     "no mutation of certain, VUS R100Q", "Variante unklarer Signifikanz", "nicht auswertbar", "positive?",
     "IDH1 mutation", "R132H mutation", "wild-type and mutated"],
)  # fmt: skip
def test_p04_any_other_text_is_for_a_person_to_read(text: str) -> None:
    assert read(text) is AssayResult.UNKNOWN


@pytest.mark.parametrize(
    ("method", "stored"),
    [
        ("IDH1 R132H IHC", AssayMethod.IHC_R132H),
        ("Immunhistochemie R132H", AssayMethod.IHC_R132H),
        ("H09", AssayMethod.IHC_R132H),
        ("IDH1 R132H Färbung", AssayMethod.IHC_R132H),
        ("IDH1 R132H Expression", AssayMethod.IHC_R132H),
        ("anti-IDH1 (clone H09)", AssayMethod.IHC_R132H),
        ("IDH1 codon 132 sequencing", AssayMethod.IDH1_SEQUENCING),
        ("IDH1 Sanger", AssayMethod.IDH1_SEQUENCING),
        ("IDH1 NGS", AssayMethod.IDH1_SEQUENCING),
        ("PCR und Sanger-Sequenzierung IDH1 Exon 4", AssayMethod.IDH1_SEQUENCING),
        ("Séquençage IDH1 exon 4", AssayMethod.IDH1_SEQUENCING),
        ("IDH2 codon 172 sequencing", AssayMethod.IDH2_SEQUENCING),
        ("IDH-2 pyrosequencing", AssayMethod.IDH2_SEQUENCING),
        ("SEQ2 IDH2 codon 172 sequencing", AssayMethod.IDH2_SEQUENCING),
        ("IDHSEQ IDH1 sequencing", AssayMethod.IDH1_SEQUENCING),
        ("48018-6 IDH1 sequencing", AssayMethod.IDH1_SEQUENCING),
        ("IDH1/IDH2 sequencing", AssayMethod.NGS_PANEL),
        ("IDH1 and IDH2 Sanger", AssayMethod.NGS_PANEL),
        ("NGS panel with IDH1 and IDH2", AssayMethod.NGS_PANEL),
        ("Exome sequencing (IDH1, IDH2)", AssayMethod.NGS_PANEL),
        ("IDH1 R132H", AssayMethod.TARGETED),
        ("IDH1 R132H ddPCR", AssayMethod.TARGETED),
        ("IDH1 SNaPshot", AssayMethod.TARGETED),
        ("IDH1 minisequencing", AssayMethod.TARGETED),
        ("IDH1 R132H pyrosequencing", AssayMethod.TARGETED),
        ("NGS panel", AssayMethod.UNSPECIFIED),
        ("IDH1 gene panel", AssayMethod.UNSPECIFIED),
        ("IDH1 methylation panel", AssayMethod.UNSPECIFIED),
        ("IDH1 expression", AssayMethod.UNSPECIFIED),
        ("IDH1/2 IHC", AssayMethod.UNSPECIFIED),
        ("IDH1", AssayMethod.UNSPECIFIED),
        ("IDH1 exon 4", AssayMethod.UNSPECIFIED),
        ("RNA sequencing IDH1", AssayMethod.UNSPECIFIED),
    ],
)
def test_a_method_is_read_by_what_it_can_show(method: str, stored: AssayMethod) -> None:
    assert read_assays(method, "negative") == (Assay(stored, AssayResult.NEGATIVE),)


@pytest.mark.parametrize(
    "method",
    ["IDH1 SEPT", "IDH1 exon 7 sequencing", "IDH1 IHC and sequencing", "IDH1 sequencing not performed", "IDH1?"],
)
def test_a_method_that_is_not_understood_is_asked(method: str) -> None:
    assert read_assays(method, "negative") == (Assay(AssayMethod.UNSPECIFIED, AssayResult.UNKNOWN),)
    assert read_assays(method, "p.R132C") == (Assay(AssayMethod.UNSPECIFIED, AssayResult.UNKNOWN),)


@pytest.mark.parametrize("method", ["TERT promoter", "ATRX IHC", "Histology", "Ki-67"])
def test_a_test_of_another_gene_is_no_test_of_idh(method: str) -> None:
    assert read_assays(method, "positive") == (Assay(AssayMethod.OTHER, AssayResult.UNKNOWN),)
    assert read_assays(method, "IDH1 mutated") == (Assay(AssayMethod.UNSPECIFIED, AssayResult.UNKNOWN),)


@pytest.mark.parametrize("method", ["IHC", "Sanger sequencing", "ddPCR", "Molecular genetics", "NGS panel"])
def test_a_method_without_a_gene_shows_what_the_text_names_alone(method: str) -> None:
    assert {assay.result for assay in read_assays(method, "positive")} == {AssayResult.UNKNOWN}
    assert {assay.result for assay in read_assays(method, "mutated")} == {AssayResult.UNKNOWN}
    assert {assay.result for assay in read_assays(method, "IDH1 R132H mutation detected")} == {AssayResult.POSITIVE}


def test_one_text_may_state_both_genes() -> None:
    assert read_assays("IDH1/2 sequencing", "IDH1 p.R132C, IDH2 wild-type") == (
        Assay(AssayMethod.IDH1_SEQUENCING, AssayResult.POSITIVE),
        Assay(AssayMethod.IDH2_SEQUENCING, AssayResult.NEGATIVE),
    )
    assert read_assays("IDH1/2 sequencing", "IDH1 and IDH2 wild-type") == (
        Assay(AssayMethod.NGS_PANEL, AssayResult.NEGATIVE),
    )


def test_a_text_names_the_test_where_the_method_does_not() -> None:
    assert read_assays("IDH status", "IDH1 R132H IHC negative; IDH1 and IDH2 sequencing: wild-type") == (
        Assay(AssayMethod.IHC_R132H, AssayResult.NEGATIVE),
        Assay(AssayMethod.NGS_PANEL, AssayResult.NEGATIVE),
    )
    assert read_assays("IDH1 sequencing", "negative by immunohistochemistry") == (
        Assay(AssayMethod.IDH1_SEQUENCING, AssayResult.UNKNOWN),
    )


def test_an_unnamed_panel_counts_as_positive_only() -> None:
    assert read_assays("NGS panel", "mutated") == (Assay(AssayMethod.NGS_PANEL, AssayResult.UNKNOWN),)
    assert read_assays("NGS panel", "p.R132C") == (Assay(AssayMethod.NGS_PANEL, AssayResult.POSITIVE),)
    assert read_assays("NGS panel", "IDH1 wild-type") == (Assay(AssayMethod.UNSPECIFIED, AssayResult.NEGATIVE),)
    assert read_assays("NGS panel", "IDH1 and IDH2 wild-type") == (Assay(AssayMethod.NGS_PANEL, AssayResult.NEGATIVE),)


def test_a_panel_may_name_other_genes() -> None:
    method = "NGS panel: IDH1, IDH2, TERT, ATRX"
    assert read_assays(method, "no mutation detected") == (Assay(AssayMethod.NGS_PANEL, AssayResult.NEGATIVE),)
    assert read_assays(method, "mutation detected") == (Assay(AssayMethod.NGS_PANEL, AssayResult.UNKNOWN),)
    assert read_assays(method, "IDH1 mutated, TERT wild-type") == (
        Assay(AssayMethod.IDH1_SEQUENCING, AssayResult.POSITIVE),
    )
    assert read_assays("IDH1 and ATRX IHC", "negative") == (Assay(AssayMethod.UNSPECIFIED, AssayResult.UNKNOWN),)


def test_the_text_and_the_method_must_speak_of_the_same_gene() -> None:
    assert read("IDH2 wild-type") is AssayResult.UNKNOWN
    assert read("IDH1 and IDH2 wild-type") is AssayResult.UNKNOWN


def test_a_result_without_a_method_is_not_lost() -> None:
    assert read_assays("", "") == ()
    assert read_assays("", "IDH1 R132C mutation detected") == (Assay(AssayMethod.UNSPECIFIED, AssayResult.POSITIVE),)
    assert read_assays("", "IDH1 wild-type") == (Assay(AssayMethod.UNSPECIFIED, AssayResult.NEGATIVE),)


def test_no_text_of_a_test_for_r132h_makes_a_case_wildtype() -> None:
    idh2 = read_assays("IDH2 codon 172 sequencing", "negative")
    for method in (
        "IDH1 R132H",
        "IDH1 R132H stain",
        "IDH1R132H (Dianova)",
        "IDH1 exon 4 panel",
        "IDH1 methylation panel",
    ):
        assays = [*read_assays(method, "negative"), *idh2]
        assert resolve_idh_status(assays).status is IdhStatus.INDETERMINATE
