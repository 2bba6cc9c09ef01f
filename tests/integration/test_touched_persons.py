"""Links, questions, places and counts of touched persons equal those that a derivation of everything gives."""

import pytest

from idh_tasks.db import links
from idh_tasks.pipelines.link import cases
from idh_tasks.pipelines.link import cohort as live
from idh_tasks.pipelines.platform import Platform, preprocessing_version
from tests.database import administrator_url, run_sql
from tests.derived import NOTED, assert_kept_is_counted, derived, forget
from tests.facts import MEMBERS, Facts
from tests.seed import seed_cohort

CHANGES, CHANGES_A_RUN = 10, 3
LINKED_AT = "SELECT study_id, report_key, linked_at FROM idh.case_link ORDER BY 1, 2"


@pytest.mark.parametrize("seed", range(2))
def test_touched_persons_are_linked_as_if_all_were_linked_again(platform: Platform, seed: int) -> None:
    facts = Facts(administrator_url(platform), seed, preprocessing_version(platform))
    facts.begin()
    cases.link_cases(platform)
    run_sql(platform, MEMBERS, dataset="d1")
    for _ in range(CHANGES):
        for _ in range(CHANGES_A_RUN):
            facts.change()
        cases.link_cases(platform)
        assert_kept_is_counted(platform)
        touched = derived(platform)
        forget(platform)
        assert cases.link_cases(platform)["links"] == 0
        assert derived(platform) == touched


def test_a_run_without_changes_writes_no_link(platform: Platform) -> None:
    seed_cohort(platform, mutants=1, wildtypes=2)
    cases.link_cases(platform)
    before = run_sql(platform, LINKED_AT)
    assert cases.link_cases(platform)["links"] == 0
    assert run_sql(platform, LINKED_AT) == before
    assert run_sql(platform, NOTED) == [(0,)]


def test_who_is_noted_again_while_links_are_derived_stays_due(platform: Platform) -> None:
    seed_cohort(platform, mutants=1, wildtypes=1)
    [(patient,)] = run_sql(platform, "SELECT min(patient_key) FROM idh.patient")
    with platform.database.begin() as transaction:
        links.touch_noted(transaction, everyone=False)
        run_sql(platform, "UPDATE idh.patient SET sex = 'M' WHERE patient_key = :patient", patient=patient)
        links.finish_noted(transaction)
    assert run_sql(platform, "SELECT item FROM idh.due_work WHERE stage = 'link'") == [(patient,)]


def test_another_window_links_all_again(platform: Platform) -> None:
    seed_cohort(platform, mutants=1, wildtypes=2)
    run_sql(platform, "UPDATE idh.study SET study_date = study_date - 10")
    cases.link_cases(platform)
    linkage = platform.settings.linkage.model_copy(update={"window_days": 5})
    narrow = Platform(platform.settings.model_copy(update={"linkage": linkage}))
    assert cases.link_cases(narrow)["links"] == 6
    assert run_sql(platform, "SELECT DISTINCT code FROM idh.case_link") == [("W_WINDOW",)]


def test_the_flow_counts_what_is_noted_even_before_it_is_kept(platform: Platform) -> None:
    seed_cohort(platform, mutants=1, wildtypes=2)
    cases.link_cases(platform)
    kept = live.flow(platform)
    run_sql(platform, "INSERT INTO idh.patient (patient_key) VALUES ('new')")
    assert live.flow(platform).steps[0].before == kept.steps[0].before + 1 == 4
