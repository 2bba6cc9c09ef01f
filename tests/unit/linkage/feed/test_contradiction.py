"""A diagnosis that states the opposite of the results is asked; one that agrees or says nothing changes nothing."""

import pytest

from idh_tasks.domain.pathology import IdhStatus, ReportedAssay
from idh_tasks.linkage.feed.contradiction import with_dispute
from idh_tasks.linkage.idh_rules import needs_review, resolve_idh_status
from idh_tasks.linkage.words.results import read_assays

NEGATIVE = tuple(ReportedAssay(f"{gene} sequencing", "not detected") for gene in ("IDH1", "IDH2"))
MUTATED = (ReportedAssay("IDH1 sequencing", "p.R132H"), NEGATIVE[1])


def status(assays: tuple[ReportedAssay, ...], diagnosis: str) -> str:
    """Return the status of a report, or that a person is asked."""
    read = [one for assay in with_dispute(assays, diagnosis) for one in read_assays(assay.method, assay.result)]
    decision = resolve_idh_status(read)
    return "asked" if needs_review(read, decision) else decision.status.value


MUTANT_NAMES = (
    "Astrocytoma, IDH-mutant, CNS WHO grade 4", "Glioblastoma, IDH-mutant", "Glioblastoma IDH mutant",
    "Glioblastom, IDH-mutiert", "Glioblastome, IDH muté", "Glioblastoma (IDH1 R132H mutant)",
)  # fmt: skip
WILDTYPE_NAMES = (
    "Glioblastoma, IDH-wildtype", "Glioblastoma, IDH-wildtype, CNS WHO grade 4", "Glioblastom, IDH-Wildtyp",
    "Glioblastoma IDH-wildtype", "Glioblastoma, IDH wild-type\nCNS WHO grade 4",
)  # fmt: skip
SILENT = ("Glioblastoma", "", "Glioblastoma, CNS WHO grade 4")


@pytest.mark.parametrize("diagnosis", MUTANT_NAMES)
def test_a_mutant_diagnosis_disputes_negative_results_only(diagnosis: str) -> None:
    assert (status(NEGATIVE, diagnosis), status(MUTATED, diagnosis)) == ("asked", "mutant")


@pytest.mark.parametrize("diagnosis", WILDTYPE_NAMES)
def test_a_wild_type_diagnosis_disputes_positive_results_only(diagnosis: str) -> None:
    assert (status(MUTATED, diagnosis), status(NEGATIVE, diagnosis)) == ("asked", "wildtype")


@pytest.mark.parametrize("diagnosis", SILENT)
def test_a_diagnosis_without_the_genes_changes_nothing(diagnosis: str) -> None:
    assert (status(NEGATIVE, diagnosis), status(MUTATED, diagnosis)) == ("wildtype", "mutant")


def test_one_gene_that_is_negative_does_not_dispute_a_mutation_of_the_other() -> None:
    mutated = (NEGATIVE[0], ReportedAssay("IDH2 sequencing", "p.R172K"))
    assert status(mutated, "Glioblastoma, IDH1 R132H negative") == "mutant"


@pytest.mark.parametrize("diagnosis", [*MUTANT_NAMES, *WILDTYPE_NAMES])
def test_a_diagnosis_alone_is_no_label(diagnosis: str) -> None:
    assert status((ReportedAssay("", ""),), diagnosis) == IdhStatus.INDETERMINATE.value
