"""Variants: gene, change, presence and method must all be understood."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.linkage.feed.fhir.bundles import (
    LOINC,
    SNOMED,
    Resource,
    bundle,
    coded,
    component,
    negatives,
    observation,
    only,
    patient,
    refusals,
    report,
    status,
    variant,
)

IDH1, IDH2, EGFR = "HGNC:5382", "HGNC:5383", "HGNC:3236"


def assays_of(*variants: Resource, **changes: Any) -> list[tuple[str, str]]:
    content = bundle(patient(), *variants, report(*(v["id"] for v in variants), **changes))
    return [(a.method.casefold(), a.result) for a in only(content).assays if a.method]


def with_parts(base: Resource, *parts: Resource) -> Resource:
    return base | {"component": [*base["component"], *parts]}


@pytest.mark.parametrize(
    ("gene", "protein", "change"),
    [
        (IDH1, "p.Arg132His", "p.R132H"), (IDH1, "NP_005887.2:p.(Arg132Cys)", "p.R132C"), (IDH1, "p.R132S", "p.R132S"),
        (IDH1, "R132H", "p.R132H"),
        (IDH2, "p.Arg172Lys", "p.R172K"),
    ],
)  # fmt: skip
def test_a_variant_that_is_present_is_a_mutation(gene: str, protein: str, change: str) -> None:
    [(method, result)] = assays_of(variant("a", gene, protein=protein))
    assert result == f"{change} detected"
    assert method.endswith("sequencing")
    assert status(bundle(patient(), variant("a", gene, protein=protein), report("a"))) == "mutant"


def test_both_genes_absent_is_wild_type() -> None:
    absent = [variant(n, g, present=False) for n, g in (("a", IDH1), ("b", IDH2))]
    assert status(bundle(patient(), *absent, report("a", "b"))) == "wildtype"


def test_one_variant_that_is_absent_leaves_the_others_open() -> None:
    assert assays_of(variant("a", IDH1, present=False, protein="p.Arg132His"))[0][1] == "inconclusive"


@given(st.sampled_from("HCSGLP"), st.sampled_from(["c.395G>A", "c.394C>T", "c.394C>A", "c.394C>G", "c.395G>T"]))
def test_change_of_protein_and_of_dna_must_agree(amino_acid: str, coding: str) -> None:
    meant = {"c.395G>A": "H", "c.394C>T": "C", "c.394C>A": "S", "c.394C>G": "G", "c.395G>T": "L"}[coding]
    both = with_parts(variant("a", IDH1, protein=f"p.R132{amino_acid}"), component("48004-6", valueString=coding))
    expected = f"p.R132{amino_acid} detected" if amino_acid == meant else "inconclusive"
    assert assays_of(both)[0][1] == expected


@pytest.mark.parametrize(
    "parts",
    [
        [component("48002-0", valueCodeableConcept=coded(LOINC, "LA6683-2"))],
        [component("53037-8", valueCodeableConcept=coded(LOINC, "LA6675-8"))],
        [component("99999-9", valueString="reversed")],
        [component("48005-3", valueString="p.?")],
    ],
)
def test_a_variant_with_a_part_that_was_not_understood_is_inconclusive(parts: list[Resource]) -> None:
    base = (
        variant("a", IDH1)
        if parts[0]["code"]["coding"][0]["code"] == "48005-3"
        else variant("a", IDH1, protein="p.R132H")
    )
    assert assays_of(with_parts(base, *parts))[0][1] == "inconclusive"


@pytest.mark.parametrize(
    "protein", ["p.Val178Ile", "p.Arg172Lys", "p.Arg132=", "p.Arg132*", "p.Arg140Gln", "p.Arg132fs"]
)
def test_a_change_elsewhere_in_the_gene_is_no_label(protein: str) -> None:
    assert assays_of(variant("a", IDH1, protein=protein))[0][1] == "inconclusive"


def test_a_neutral_part_changes_nothing() -> None:
    share = component("81258-6", valueQuantity={"value": 0.34})
    assert assays_of(with_parts(variant("a", IDH1, protein="p.R132H"), share))[0][1] == "p.R132H detected"


def test_a_variant_of_another_gene_says_nothing_about_idh() -> None:
    assert assays_of(variant("a", EGFR, protein="p.Gly598Val")) == []
    other = observation("a", coded(LOINC, "69548-6"), valueCodeableConcept=coded(LOINC, "LA9633-4"),
        component=[component("48004-6", valueString="NM_000314.8:c.395G>A")])  # fmt: skip
    assert assays_of(other) == []
    assert status(bundle(patient(), *negatives(), other | {"id": "v"}, report("a", "b", "v"))) == "wildtype"


def test_a_transcript_names_the_gene() -> None:
    part = component("48004-6", valueCodeableConcept=coded("http://varnomen.hgvs.org", "NM_005896.4:c.395G>A"))
    named = variant("a", IDH1) | {"component": [part]}
    assert assays_of(named)[0][1] == "p.R132H detected"


@pytest.mark.parametrize(
    "parts",
    [
        [component("48005-3", valueString="p.Arg132His")],
        [component("48018-6", valueCodeableConcept=coded("http://www.genenames.org/geneId", IDH1, "IDH2"))],
        [component("48018-6", valueCodeableConcept=coded("http://www.genenames.org/geneId", IDH1)),
         component("48018-6", valueCodeableConcept=coded("http://www.genenames.org/geneId", EGFR))],
        [component("48018-6", valueCodeableConcept=coded("http://local", "77"))],
        [component("48013-7", valueString="NC_000002.12"), component("48005-3", valueString="p.Arg132His")],
    ],
)  # fmt: skip
def test_a_variant_whose_gene_is_not_clear_refuses_the_report(parts: list[Resource]) -> None:
    unclear = variant("v", IDH1) | {"component": parts}
    assert "to which gene" in refusals(bundle(patient(), *negatives(), unclear, report("a", "b", "v")))[0]


@pytest.mark.parametrize(
    ("stated", "of_report", "is_sequencing"),
    [
        ({}, {}, False), ({"method": {"text": "SNaPshot"}}, {}, False),
        ({"method": {"text": "SNaPshot"}}, {"code": {"text": "NGS panel"}}, False),
        ({}, {"code": {"text": "NGS panel"}}, True), ({}, {"category": [coded(SNOMED, "117040002")]}, True),
        ({"method": coded(SNOMED, "117040002")}, {}, True), ({"method": {"text": "Sanger sequencing"}}, {}, True),
    ],
)  # fmt: skip
def test_the_method_is_sequencing_only_where_it_is_stated(
    stated: Resource, of_report: Resource, *, is_sequencing: bool
) -> None:
    found = {k: v for k, v in variant("a", IDH1, protein="p.R132H").items() if k != "method"} | stated
    [(method, _)] = assays_of(found, **of_report)
    assert ("codon 132" in method) is is_sequencing


def test_a_list_of_what_was_studied_is_no_result() -> None:
    region = observation("a", coded(LOINC, "53041-0", "DNA region of interest panel"), component=[
        component("48018-6", valueCodeableConcept=coded("http://www.genenames.org/geneId", IDH1))])  # fmt: skip
    assert assays_of(region) == []


def test_a_diagnosis_that_was_derived_from_a_variant_leads_to_it() -> None:
    implied = observation(
        "i",
        "Diagnostic implication",
        valueString="astrocytoma, IDH-mutant",
        derivedFrom=[{"reference": "Observation/v"}],
    )
    found = variant("v", IDH1, protein="p.Arg132His")
    assert status(bundle(patient(), implied, found, report("i"))) == "mutant"
