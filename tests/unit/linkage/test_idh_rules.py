"""The IDH status for every combination of IHC, IDH1, IDH2 and the age rule."""

from itertools import product
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idh_tasks.domain.pathology import Assay, AssayMethod, AssayResult, IdhStatus, StatusDecision
from idh_tasks.linkage.idh_rules import needs_review, resolve_idh_status

RESULTS = (None, *AssayResult)
GENES = (AssayMethod.IDH1_SEQUENCING, AssayMethod.IDH2_SEQUENCING)


def assays(ihc: AssayResult | None, idh1: AssayResult | None, idh2: AssayResult | None) -> list[Assay]:
    methods = (AssayMethod.IHC_R132H, *GENES)
    return [Assay(m, r) for m, r in zip(methods, (ihc, idh1, idh2), strict=True) if r is not None]


@pytest.mark.parametrize(("ihc", "idh1", "idh2"), list(product(RESULTS, repeat=3)))
def test_the_status_follows_the_protocol(
    ihc: AssayResult | None, idh1: AssayResult | None, idh2: AssayResult | None
) -> None:
    decision = resolve_idh_status(assays(ihc, idh1, idh2), age_years=70)

    if AssayResult.POSITIVE in (ihc, idh1, idh2):
        assert decision.status is IdhStatus.MUTANT
    elif idh1 is idh2 is AssayResult.NEGATIVE:
        assert decision.status is IdhStatus.WILDTYPE
    else:
        assert decision.status is IdhStatus.INDETERMINATE
    assert not decision.provisional


@pytest.mark.parametrize(
    ("age", "status"), [(55.0, IdhStatus.WILDTYPE), (54.9, IdhStatus.INDETERMINATE), (None, IdhStatus.INDETERMINATE)]
)
def test_the_age_rule_is_provisional_and_off_by_default(age: float | None, status: IdhStatus) -> None:
    negative = assays(AssayResult.NEGATIVE, None, None)
    decision = resolve_idh_status(negative, age, age_rule=True)
    assert decision.status is status
    assert decision.provisional == (status is IdhStatus.WILDTYPE)
    assert resolve_idh_status(negative, age).status is IdhStatus.INDETERMINATE


def test_the_age_rule_does_not_apply_once_a_gene_is_being_sequenced() -> None:
    tested = assays(AssayResult.NEGATIVE, AssayResult.PENDING, None)
    assert resolve_idh_status(tested, 80, age_rule=True).status is IdhStatus.INDETERMINATE


def test_a_positive_test_of_another_gene_is_not_an_idh_mutation() -> None:
    other = [Assay(AssayMethod.OTHER, AssayResult.POSITIVE)]
    assert resolve_idh_status(other).status is IdhStatus.INDETERMINATE


@pytest.mark.parametrize(
    ("result", "status"),
    [
        (AssayResult.NEGATIVE, IdhStatus.WILDTYPE),
        (AssayResult.POSITIVE, IdhStatus.MUTANT),
        (AssayResult.PENDING, IdhStatus.INDETERMINATE),
        (AssayResult.UNKNOWN, IdhStatus.INDETERMINATE),
    ],
)
def test_a_panel_covers_both_genes(result: AssayResult, status: IdhStatus) -> None:
    assert resolve_idh_status([Assay(AssayMethod.NGS_PANEL, result)]).status is status


@pytest.mark.parametrize("method", [AssayMethod.TARGETED, AssayMethod.UNSPECIFIED])
def test_a_test_that_is_not_sequencing_shows_a_mutation_but_excludes_none(method: AssayMethod) -> None:
    idh2 = Assay(AssayMethod.IDH2_SEQUENCING, AssayResult.NEGATIVE)
    assert resolve_idh_status([Assay(method, AssayResult.POSITIVE), idh2]).rule == f"positive: {method}"
    assert resolve_idh_status([Assay(method, AssayResult.NEGATIVE), idh2]).rule == "not both genes sequenced"
    assert (
        resolve_idh_status([Assay(method, AssayResult.NEGATIVE)], 80, age_rule=True).rule == "not both genes sequenced"
    )


@pytest.mark.parametrize("method", [*GENES, AssayMethod.NGS_PANEL, AssayMethod.TARGETED, AssayMethod.UNSPECIFIED])
def test_a_molecular_result_that_is_not_understood_prevents_wildtype(method: AssayMethod) -> None:
    tested = [*assays(None, AssayResult.NEGATIVE, AssayResult.NEGATIVE), Assay(method, AssayResult.UNKNOWN)]
    assert resolve_idh_status(tested).rule == f"unclear, for review: {method}"
    assert needs_review(tested, resolve_idh_status(tested))


@pytest.mark.parametrize("method", [AssayMethod.IHC_R132H, *GENES, AssayMethod.NGS_PANEL])
def test_results_of_one_test_that_contradict_each_other_are_for_review(method: AssayMethod) -> None:
    tested = [Assay(method, AssayResult.POSITIVE), Assay(method, AssayResult.NEGATIVE)]
    decision = resolve_idh_status(tested)
    assert decision.status is IdhStatus.INDETERMINATE
    assert decision.rule == f"unclear, for review: {method}"
    assert needs_review(tested, decision)


@pytest.mark.parametrize("gene", GENES)
def test_a_negative_panel_contradicts_a_mutated_gene(gene: AssayMethod) -> None:
    tested = [Assay(gene, AssayResult.POSITIVE), Assay(AssayMethod.NGS_PANEL, AssayResult.NEGATIVE)]
    assert resolve_idh_status(tested).rule == f"unclear, for review: {gene}"
    ihc = [Assay(AssayMethod.IHC_R132H, AssayResult.POSITIVE), tested[1]]
    assert resolve_idh_status(ihc).status is IdhStatus.MUTANT


def test_tests_of_other_genes_are_never_for_review() -> None:
    other = [Assay(AssayMethod.OTHER, result) for result in AssayResult]
    assert not needs_review(other, resolve_idh_status(other))
    assert resolve_idh_status(other).rule == "not tested"


def test_only_a_report_without_a_status_is_for_review() -> None:
    positive = assays(AssayResult.POSITIVE, AssayResult.UNKNOWN, None)
    assert not needs_review(positive, resolve_idh_status(positive))
    pending = assays(None, AssayResult.PENDING, None)
    assert not needs_review(pending, resolve_idh_status(pending))


@pytest.mark.parametrize(
    ("tested", "rule"),
    [
        (assays(AssayResult.NEGATIVE, AssayResult.UNKNOWN, AssayResult.PENDING), "unclear, for review: idh1_codon132"),
        (assays(AssayResult.NEGATIVE, AssayResult.NEGATIVE, AssayResult.PENDING), "pending: idh2_codon172"),
        (assays(AssayResult.NEGATIVE, None, None), "not both genes sequenced"),
        ([], "not tested"),
    ],
)
def test_without_a_status_the_rule_states_what_is_missing(tested: list[Assay], rule: str) -> None:
    assert resolve_idh_status(tested, 80).rule == rule


@pytest.mark.parametrize(
    ("tested", "decision"),
    [
        (
            assays(AssayResult.POSITIVE, AssayResult.NEGATIVE, AssayResult.POSITIVE),
            StatusDecision(
                IdhStatus.MUTANT,
                "positive: idh2_codon172, ihc_r132h",
                "idh1_codon132 negative; idh2_codon172 positive; ihc_r132h positive",
            ),
        ),
        (
            assays(None, AssayResult.NEGATIVE, AssayResult.NEGATIVE),
            StatusDecision(
                IdhStatus.WILDTYPE,
                "both genes sequenced and negative",
                "idh1_codon132 negative; idh2_codon172 negative",
            ),
        ),
        (
            assays(None, AssayResult.PENDING, AssayResult.PENDING),
            StatusDecision(
                IdhStatus.INDETERMINATE,
                "pending: idh1_codon132, idh2_codon172",
                "idh1_codon132 pending; idh2_codon172 pending",
            ),
        ),
        ([], StatusDecision(IdhStatus.INDETERMINATE, "not tested", "no assay")),
    ],
    ids=lambda value: value.status if isinstance(value, StatusDecision) else "",
)
def test_a_decision_states_its_rule_and_all_evidence(tested: list[Assay], decision: StatusDecision) -> None:
    assert resolve_idh_status(tested) == decision


def test_a_decision_by_the_age_rule_is_marked_provisional() -> None:
    assert resolve_idh_status(assays(AssayResult.NEGATIVE, None, None), 55, age_rule=True) == StatusDecision(
        IdhStatus.WILDTYPE, "IHC negative at 55 or older (cIMPACT-NOW)", "ihc_r132h negative", provisional=True
    )


@given(st.lists(st.builds(Assay, st.sampled_from(AssayMethod), st.sampled_from(AssayResult))), st.randoms())
def test_the_order_of_the_assays_does_not_matter(tested: list[Assay], random: Random) -> None:
    shuffled = random.sample(tested, len(tested))
    assert resolve_idh_status(shuffled, 70, age_rule=True) == resolve_idh_status(tested, 70, age_rule=True)
