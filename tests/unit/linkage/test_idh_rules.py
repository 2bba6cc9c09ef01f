"""The IDH status for every combination of IHC, IDH1, IDH2 and the age rule."""

from itertools import product

import pytest

from idh_tasks.domain.pathology import Assay, AssayMethod, AssayResult, IdhStatus
from idh_tasks.linkage.idh_rules import resolve_idh_status

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
