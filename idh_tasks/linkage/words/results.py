"""From a laboratory's words for a method and a result to assays."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from idh_tasks.domain.pathology import Assay, AssayMethod, AssayResult
from idh_tasks.linkage.words.agreement import joined
from idh_tasks.linkage.words.findings import IDH1, IDH2, OTHER, Finding, Stated
from idh_tasks.linkage.words.lexicon import Part
from idh_tasks.linkage.words.methods import IdhTest, Kind, mentions_idh, read_method
from idh_tasks.linkage.words.statements import Reading, read_statements

BOTH = frozenset({IDH1, IDH2})
SEQUENCED = {IDH1: AssayMethod.IDH1_SEQUENCING, IDH2: AssayMethod.IDH2_SEQUENCING}
STORED = {Kind.IMMUNO: AssayMethod.IHC_R132H, Kind.TARGETED: AssayMethod.TARGETED}
KINDS = {Part.SEQUENCING: Kind.SEQUENCING, Part.IMMUNO: Kind.IMMUNO, Part.TARGETED: Kind.TARGETED}
"""The kind of test that a clause of the result names."""

Results = dict[str, AssayResult]
"""By gene; the empty name is that of a method that names none."""


def read_assays(method: str, result: str) -> tuple[Assay, ...]:
    """Return the assays that a method and its result report; what is not understood as a whole is UNKNOWN.

    One text may state both genes; what it states of other genes is no assay of IDH. An empty result is UNKNOWN, and
    nothing at all is no assay.
    """
    if not method.strip() and not result.strip():
        return ()
    test, reading = read_method(method), read_statements(result)
    if test.kind is Kind.OTHER:
        return (Assay(AssayMethod.UNSPECIFIED if mentions_idh(result) else AssayMethod.OTHER, AssayResult.UNKNOWN),)
    by_test = _by_test(test, reading or frozenset())
    if not by_test or any(AssayResult.UNKNOWN in results.values() for results in by_test.values()):
        return tuple(_assays(test, dict.fromkeys(test.genes or [""], AssayResult.UNKNOWN)))
    return tuple(assay for used, results in by_test.items() for assay in _assays(used, results))


def _by_test(test: IdhTest, reading: Reading) -> Mapping[IdhTest, Results]:
    """Return the results by test and gene; nothing if the text speaks of genes or tests that the method rules out."""
    findings = sorted((finding for finding in reading if finding.gene != OTHER), key=str)
    named = frozenset(finding.gene for finding in findings) & BOTH
    if test.genes and not named <= test.genes:
        return {}
    used = [_used(test, finding) for finding in findings]
    tests = {one for one in used if one}
    if None in used:
        return {}
    return {
        one: _results(one, [finding for finding, by in zip(findings, used, strict=True) if by == one], named)
        for one in sorted(tests, key=str)
    }


def _used(test: IdhTest, finding: Finding) -> IdhTest | None:
    """Return the test that a clause reports; None if the method is another one."""
    kind = KINDS[finding.test] if finding.test else test.kind
    if kind is test.kind or finding.stated is Stated.PENDING:
        return test
    if test.kind is Kind.STATED:
        return replace(test, kind=kind)
    is_reading = kind is Kind.SEQUENCING and test.kind in (Kind.INDIRECT, Kind.UNREAD)
    return test if is_reading else None


def _results(test: IdhTest, findings: list[Finding], named: frozenset[str]) -> Results:
    """Return the result for each gene; a clause that names none speaks of those of the method, or of the text."""
    by_gene: dict[str, list[Finding]] = {}
    for finding in findings:
        for gene in [finding.gene] if finding.gene in BOTH else test.genes or named or [""]:
            by_gene.setdefault(gene, []).append(finding)
    return {gene: joined(test, about) for gene, about in by_gene.items()}


def _assays(test: IdhTest, results: Results) -> Iterator[Assay]:
    """Yield the assays of one test: one where its genes have the same result, else one for each gene."""
    values = set(results.values())
    if test.kind is not Kind.SEQUENCING:
        yield from (Assay(STORED.get(test.kind, AssayMethod.UNSPECIFIED), value) for value in sorted(values))
    elif len(values) == 1 and (results.keys() == BOTH or _is_unnamed_panel(test, results)):
        yield Assay(AssayMethod.NGS_PANEL, values.pop())
    elif test.panel and not test.genes and results.keys() != BOTH:
        yield from (Assay(AssayMethod.UNSPECIFIED, value) for value in sorted(values))
    else:
        yield from (Assay(SEQUENCED.get(gene, AssayMethod.UNSPECIFIED), r) for gene, r in sorted(results.items()))


def _is_unnamed_panel(test: IdhTest, results: Results) -> bool:
    """Return whether a panel that names no genes is not negative: which genes it covers then does not matter."""
    return test.panel and not test.genes and AssayResult.NEGATIVE not in results.values()
