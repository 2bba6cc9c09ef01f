"""Specimens: number and day of collection, also by the specimen from which a block was made."""

from datetime import date
from typing import Any

import pytest

from idh_tasks.domain.pathology import Report
from tests.unit.linkage.feed.fhir.bundles import (
    Resource,
    bundle,
    observation,
    only,
    patient,
    refusals,
    report,
    specimen,
)


def read(*specimens: Resource, **changes: Any) -> Report:
    named = [{"reference": f"Specimen/{one['id']}"} for one in specimens if not one["id"].startswith("parent")]
    return only(bundle(patient(), *specimens, report(specimen=named, **changes)))


@pytest.mark.parametrize(
    ("collection", "known"),
    [
        ({"collectedDateTime": "2019-09-01"}, date(2019, 9, 1)), ({"collectedDateTime": "2019-09"}, None),
        ({"collectedDateTime": "2019-09-01T23:59:00-05:00"}, date(2019, 9, 1)), ({}, None),
        ({"collectedPeriod": {"start": "2019-09-01T08:00:00Z"}}, date(2019, 9, 1)),
        ({"collectedPeriod": {"end": "2019-09-01"}}, None),
    ],
)  # fmt: skip
def test_the_day_of_collection_is_known_to_the_day_or_unknown(collection: Resource, known: date | None) -> None:
    assert read(specimen(collection=collection)).specimen_date == known


def test_a_block_has_the_day_of_the_tissue_from_which_it_was_made() -> None:
    block = specimen(collection=None, parent=[{"reference": "Specimen/parent"}])
    assert read(block, specimen("parent")).specimen_date == date(2019, 9, 1)


def test_specimens_of_different_days_leave_the_day_unknown() -> None:
    assert read(specimen(), specimen("t", collection={"collectedDateTime": "2020-01-01"})).specimen_date is None
    wrong = specimen("t", status="entered-in-error", collection={"collectedDateTime": "2020-01-01"})
    assert read(specimen(), wrong).specimen_date == date(2019, 9, 1)


def test_the_number_of_a_specimen_is_its_identifier_or_accession() -> None:
    assert read(specimen()).specimen == "SP-1"
    assert read(specimen(identifier=None, accessionIdentifier={"value": "A-7"})).specimen == "A-7"


def test_a_specimen_of_another_patient_refuses_the_report() -> None:
    other = patient(id="q", identifier=[{"system": "H", "value": "0099"}])
    theirs = specimen(subject={"reference": "Patient/q"})
    content = bundle(patient(), other, theirs, report(specimen=[{"reference": "Specimen/s"}]))
    assert refusals(content) == ["a specimen belongs to another patient"]
    tested = observation("a", valueString="positive", specimen={"reference": "Specimen/s"})
    assert refusals(bundle(patient(), other, theirs, tested, report("a"))) == ["a specimen belongs to another patient"]
