"""Joins what several clauses state of one gene: clauses that disagree are for a person to settle."""

from collections.abc import Collection

from idh_tasks.domain.pathology import AssayResult
from idh_tasks.linkage.words.findings import UNNAMED, Finding, Stated
from idh_tasks.linkage.words.methods import IdhTest, Kind
from idh_tasks.linkage.words.variants import R132H

SINGLE_VARIANT = frozenset({Kind.IMMUNO, Kind.TARGETED})


def joined(test: IdhTest, findings: Collection[Finding]) -> AssayResult:
    """Return the result of a test of one gene by what all clauses about it state."""
    stated = {finding.stated for finding in findings}
    if _is_of_unknown_gene(test, findings):
        return AssayResult.UNKNOWN
    if Stated.POSITIVE in stated:
        return AssayResult.POSITIVE if _agree(findings) and _counts(test, findings) else AssayResult.UNKNOWN
    if Stated.PENDING in stated:
        return AssayResult.PENDING
    if test.kind is Kind.UNREAD or (Stated.NEGATIVE not in stated and not _is_answer(test.kind, findings)):
        return AssayResult.UNKNOWN
    return AssayResult.NEGATIVE


def _is_of_unknown_gene(test: IdhTest, findings: Collection[Finding]) -> bool:
    """Return whether neither text nor method says that what is positive, or stained, is IDH."""
    unnamed = {finding.stated for finding in findings if finding.gene == UNNAMED} if test.of_other_genes else set()
    return Stated.POSITIVE in unnamed or (test.kind is Kind.IMMUNO and bool(unnamed - {Stated.PENDING}))


def _agree(findings: Collection[Finding]) -> bool:
    """Return whether nothing speaks against a mutation: that other variants are absent does not."""
    found = _variants(findings, Stated.POSITIVE)
    excluded = _variants(findings, Stated.EXCLUDED)
    if {finding.stated for finding in findings} & {Stated.NEGATIVE, Stated.PENDING}:
        return False
    return not excluded or bool(found and not found & excluded)


def _counts(test: IdhTest, findings: Collection[Finding]) -> bool:
    """Return whether a positive result of such a test is a mutation."""
    found = _variants(findings, Stated.POSITIVE)
    if test.kind in SINGLE_VARIANT:
        return found <= {R132H}
    if test.kind is Kind.INDIRECT:
        return test.panel and bool(found)
    if test.kind is Kind.STATED:
        return any(finding.by_mutation for finding in findings if finding.stated is Stated.POSITIVE)
    return test.kind is Kind.SEQUENCING


def _is_answer(kind: Kind, findings: Collection[Finding]) -> bool:
    """Return whether the absence of single variants is the negative result of such a test; of sequencing it is not."""
    return kind is not Kind.SEQUENCING and _variants(findings, Stated.EXCLUDED) <= {R132H}


def _variants(findings: Collection[Finding], stated: Stated) -> frozenset[str]:
    return frozenset[str]().union(*(finding.variants for finding in findings if finding.stated is stated))
