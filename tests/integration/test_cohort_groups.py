"""Each number of the page of the cohort leads to exactly the patients whom it counts, whatever their state."""

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from idh_airflow.ui.rendering import ENVIRONMENT

from idh_tasks.codes import Code
from idh_tasks.db import patches
from idh_tasks.domain.sequence import MODEL_SEQUENCES, MrSequence
from idh_tasks.pipelines.link import cases
from idh_tasks.pipelines.link import cohort as live
from idh_tasks.pipelines.operate import erasure
from idh_tasks.pipelines.pages.cohort import Group, counted_flow, members
from idh_tasks.pipelines.pages.listing import SIZE
from idh_tasks.pipelines.platform import Platform, preprocessing_version
from tests.database import empty, run_sql
from tests.derived import forget
from tests.integration.test_link import SURGERY, WILDTYPE, add_study, deliver, report
from tests.seed import patch, seed_cohort

MUTANT = (("IDH1 R132H IHC", "positive"),)
UNCLEAR = (("IDH1 R132H IHC", "negative"),)

patients = st.fixed_dictionaries(
    {
        "day": st.sampled_from([None, -3, 0, 3, 200]),
        "series": st.sampled_from([0, 3]),
        "assays": st.sampled_from([None, MUTANT, WILDTYPE, UNCLEAR]),
        "diagnosis": st.sampled_from(["Glioblastoma", "Glioblastoma", "Meningioma"]),
        "cut": st.sets(st.sampled_from(MODEL_SEQUENCES), max_size=3),
        "refused": st.sampled_from([None, "E_NO_ROI", "E_COVERAGE"]),
        "version": st.sampled_from(["present", "earlier"]),
    }
)
"""A patient: when imaged (days before surgery, or never), with what report, and which patches."""


def add_patient(platform: Platform, number: int, patient: dict[str, Any]) -> None:
    name = f"p{number}"
    if patient["day"] is not None:
        study_id = add_study(platform, name, SURGERY - timedelta(days=patient["day"]), name, patient["series"])
        cut = [patch(platform, study_id, number, sequence, mutant=False) for sequence in patient["cut"]]
        with platform.database.begin() as transaction:
            patches.save(transaction, cut)
        if patient["refused"] and MrSequence.ADC not in patient["cut"]:
            run_sql(
                platform,
                "INSERT INTO idh.patch (patch_id, study_id, revision, sequence, settings_hash, code, reason) "
                "VALUES (:study, :study, 1, 'ADC', :version, :code, 'a reason')",
                study=study_id,
                version=preprocessing_version(platform),
                code=patient["refused"],
            )
        if patient["version"] == "earlier":
            run_sql(platform, "UPDATE idh.patch SET settings_hash = 'earlier' WHERE study_id = :study", study=study_id)
    if patient["assays"]:
        deliver(platform, report(name, patient["assays"], patient_id=name, diagnosis=patient["diagnosis"]))


def numbers_and_groups(platform: Platform) -> Iterator[tuple[int, Group]]:
    """Yield each number on the page that is a link, and the group to which it leads."""
    flow = counted_flow(platform)
    page = ENVIRONMENT.get_template("cohort.html.j2").render(base="/idh", query="", flow=flow)
    for query, count in re.findall(r'href="/idh/cohort/patients\?([^"]*)">(\d+)</a>', page):
        chosen = dict(parse_qsl(unescape(query)))
        patched = chosen.pop("patched", "") == "true"
        yield int(count), Group(**chosen, patched=patched)


def listed(platform: Platform, group: Group) -> list[str]:
    """Return the patients of all pages of a group."""
    page = members(platform, group, 1).listing
    rows = list(page.rows)
    while page.more:
        page = members(platform, group, page.number + 1).listing
        rows += page.rows
    assert {row.total for row in rows} == ({len(rows)} if rows else set())
    return [row.person_key for row in rows]


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None)
@given(cohort=st.lists(patients, min_size=1, max_size=6))
def test_each_number_leads_to_exactly_the_patients_whom_it_counts(
    platform: Platform, cohort: list[dict[str, Any]]
) -> None:
    empty(platform)
    for number, patient in enumerate(cohort):
        add_patient(platform, number, patient)
    cases.link_cases(platform)
    shown = list(numbers_and_groups(platform))
    assert all(len(set(listed(platform, group))) == count for count, group in shown)
    flow = counted_flow(platform)
    forget(platform)
    counted = live.flow(platform)  # of everyone, since nothing is kept any more
    assert flow is not None
    assert (flow.steps, flow.demographics) == (counted.steps, counted.demographics)
    assert {row.sequence: (row.patients, row.mutants) for row in flow.sequences} == counted.sequences
    reached = [count for step in flow.steps for count in (step.before, step.after) if count]
    reached = reached[:-1] if flow.steps[-1].after else reached
    assert [count for count, group in shown if group.reached] == reached
    left_out = [count for count, group in shown if group.stage and group.stage != "included"]
    assert sum(left_out) + flow.steps[-1].after == flow.steps[0].before


def test_a_change_of_version_changes_neither_the_numbers_nor_the_lists_until_it_is_counted(platform: Platform) -> None:
    seed_cohort(platform, mutants=2, wildtypes=3)
    cases.link_cases(platform)
    before = [(count, group, listed(platform, group)) for count, group in numbers_and_groups(platform)]
    imaging = platform.settings.imaging.model_copy(update={"overlap_floor": 0.1})
    changed = Platform(platform.settings.model_copy(update={"imaging": imaging}))
    assert [(count, group, listed(changed, group)) for count, group in numbers_and_groups(changed)] == before
    flow = counted_flow(changed)
    assert flow is not None
    assert not flow.count.is_present
    cases.link_cases(changed)
    recounted = list(numbers_and_groups(changed))
    assert {count for count, group in recounted if group.without_patch} == {5}
    assert all(len(listed(changed, group)) == count for count, group in recounted)


def test_a_large_group_is_listed_by_page_with_its_whole_size(platform: Platform) -> None:
    run_sql(
        platform,
        "INSERT INTO idh.cohort_place (person_key, stage, code, sequences) "
        "SELECT n::text, 'MR', :code, '{}' FROM generate_series(1, :n) AS n",
        code=Code.W_NO_MR,
        n=SIZE + 1,
    )
    first = members(platform, Group(stage="MR", code="W_NO_MR"), 1).listing
    assert (len(first.rows), first.more, first.rows[0].total) == (SIZE, True, SIZE + 1)
    assert len(listed(platform, Group(stage="MR", code="W_NO_MR"))) == SIZE + 1


def test_who_is_erased_is_neither_counted_nor_listed(platform: Platform) -> None:
    seed_cohort(platform, mutants=1, wildtypes=2)
    cases.link_cases(platform)
    gone = members(platform, Group(), 1).listing.rows[0].person_key
    erasure.erase(platform, gone, "mary")
    assert len(listed(platform, Group())) == 2
    flow = counted_flow(platform)
    assert flow is not None
    assert flow.steps[0].before == 2


@pytest.mark.parametrize(
    "group",
    [Group(stage="nowhere"), Group(reached="nowhere"), Group(code="%"), Group(with_patch="X"), Group(status="?")],
)
def test_an_unknown_group_is_empty(platform: Platform, group: Group) -> None:
    seed_cohort(platform, mutants=1, wildtypes=1)
    cases.link_cases(platform)
    assert listed(platform, group) == []


def test_a_code_is_said_in_a_sentence_and_patches_that_are_not_counted_are_not_called_missing(
    platform: Platform,
) -> None:
    cut = {"cut": {MrSequence.T1}, "refused": None, "version": "present"}
    add_patient(platform, 0, cut | {"day": 3, "series": 3, "assays": None})
    cases.link_cases(platform)
    flow = counted_flow(platform)
    page = ENVIRONMENT.get_template("cohort.html.j2").render(base="/idh", query="", flow=flow)
    assert f"<small>{Code.W_NO_PATHOLOGY.meaning}</small>" in page
    group = Group(stage="pre-operative")
    found = members(platform, group, 1)
    listed = ENVIRONMENT.get_template("patients.html.j2").render(base="/idh", query="", group=group, found=found)
    assert f"<small>{Code.W_NO_PATHOLOGY.meaning}</small>" in listed
    assert "<td>not counted</td>" in listed
