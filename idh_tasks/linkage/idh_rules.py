"""From the assays of a report to its IDH status (protocol, 'Cohort and label')."""

from collections.abc import Sequence

from idh_tasks.domain.pathology import Assay, AssayMethod, AssayResult, IdhStatus, StatusDecision

AGE_RULE_YEARS = 55
GENES = (AssayMethod.IDH1_SEQUENCING, AssayMethod.IDH2_SEQUENCING)
MOLECULAR = (*GENES, AssayMethod.NGS_PANEL, AssayMethod.TARGETED, AssayMethod.UNSPECIFIED)

WHO_2016 = {
    IdhStatus.MUTANT: "glioblastoma, IDH-mutant",
    IdhStatus.WILDTYPE: "glioblastoma, IDH-wildtype",
    IdhStatus.INDETERMINATE: "glioblastoma, NOS",
}
WHO_2021 = {
    IdhStatus.MUTANT: "astrocytoma, IDH-mutant, CNS WHO grade 4",
    IdhStatus.WILDTYPE: "glioblastoma, IDH-wildtype, CNS WHO grade 4",
    IdhStatus.INDETERMINATE: "high-grade glioma, IDH status not established (NOS)",
}


def _has(assays: Sequence[Assay], method: AssayMethod, result: AssayResult) -> bool:
    return any(a.method is method and a.result is result for a in assays)


def resolve_idh_status(
    assays: Sequence[Assay], age_years: float | None = None, age_rule: bool = False
) -> StatusDecision:
    """Decide the IDH status of one report.

    Mutant if immunohistochemistry is positive or either gene is mutated; wild-type only if
    sequencing of both genes, or a panel that covers both, is negative, and every molecular result was understood;
    anything else is indeterminate. Results of one test that contradict each other are for review.

    Parameters
    ----------
    age_rule
        Provisionally count IHC-negative, unsequenced tumours of patients aged 55 or older as wild-type.
    """
    evidence = "; ".join(sorted(f"{a.method} {a.result}" for a in assays)) or "no assay"
    if disputed := _disputed(assays):
        return StatusDecision(IdhStatus.INDETERMINATE, f"unclear, for review: {', '.join(disputed)}", evidence)
    positive = sorted(
        a.method.value for a in assays if a.result is AssayResult.POSITIVE and a.method is not AssayMethod.OTHER
    )
    if positive:
        return StatusDecision(IdhStatus.MUTANT, f"positive: {', '.join(positive)}", evidence)
    if _both_genes_negative(assays) and not any(_has(assays, m, AssayResult.UNKNOWN) for m in MOLECULAR):
        return StatusDecision(IdhStatus.WILDTYPE, "both genes sequenced and negative", evidence)
    if age_rule and _ihc_negative_only(assays) and (age_years or 0) >= AGE_RULE_YEARS:
        rule = f"IHC negative at {AGE_RULE_YEARS} or older (cIMPACT-NOW)"
        return StatusDecision(IdhStatus.WILDTYPE, rule, evidence, provisional=True)
    return StatusDecision(IdhStatus.INDETERMINATE, _open_question(assays), evidence)


def _both_genes_negative(assays: Sequence[Assay]) -> bool:
    panel = _has(assays, AssayMethod.NGS_PANEL, AssayResult.NEGATIVE)
    return panel or all(_has(assays, gene, AssayResult.NEGATIVE) for gene in GENES)


def _disputed(assays: Sequence[Assay]) -> list[str]:
    """Return the methods that are both positive and negative in one report; a panel covers the genes as well."""
    tested = [a for a in assays if a.method is not AssayMethod.OTHER]
    positive = {a.method for a in tested if a.result is AssayResult.POSITIVE}
    negative = {a.method for a in tested if a.result is AssayResult.NEGATIVE}
    if AssayMethod.NGS_PANEL in negative:
        negative |= set(GENES)
    return sorted(method.value for method in positive & negative)


def needs_review(assays: Sequence[Assay], decision: StatusDecision) -> bool:
    """Return whether a person must decide: there is no status, and a result of IDH is unclear or disputed."""
    unclear = any(a.result is AssayResult.UNKNOWN for a in assays if a.method is not AssayMethod.OTHER)
    return decision.status is IdhStatus.INDETERMINATE and (unclear or bool(_disputed(assays)))


def evidence_strength(decision: StatusDecision) -> int:
    """Return how strong the evidence for a status is: 2 for sequencing, 1 for immunohistochemistry, 0 for the age rule.

    A positive result of both counts as sequencing.
    """
    if decision.provisional or decision.status is IdhStatus.INDETERMINATE:
        return 0
    sequenced = (*GENES, AssayMethod.NGS_PANEL)
    return 2 if decision.status is IdhStatus.WILDTYPE or any(method in decision.rule for method in sequenced) else 1


def _open_question(assays: Sequence[Assay]) -> str:
    """Return why there is no status: an unclear result is for a person to decide, a pending one for later."""
    tested = [a for a in assays if a.method is not AssayMethod.OTHER]
    for result, meaning in ((AssayResult.UNKNOWN, "unclear, for review"), (AssayResult.PENDING, "pending")):
        if methods := sorted(a.method.value for a in tested if a.result is result):
            return f"{meaning}: {', '.join(methods)}"
    return "not both genes sequenced" if tested else "not tested"


def _ihc_negative_only(assays: Sequence[Assay]) -> bool:
    others = [a for a in assays if a.method is not AssayMethod.IHC_R132H]
    return _has(assays, AssayMethod.IHC_R132H, AssayResult.NEGATIVE) and not others
