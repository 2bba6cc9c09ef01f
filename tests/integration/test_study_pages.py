"""The list of studies, the page of one study, and its pictures."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from fastapi import Request
from idh_airflow.task_links import task_address
from idh_airflow.ui.rendering import render

from idh_tasks.domain.sequence import MODEL_SEQUENCES
from idh_tasks.domain.study import StudyId
from idh_tasks.pipelines.pages.pictures import picture
from idh_tasks.pipelines.pages.studies import ListedStudy, State, StudyFilter, studies
from idh_tasks.pipelines.pages.study import Study, study
from idh_tasks.pipelines.platform import Platform
from idh_tasks.pipelines.review.study_judgements import Judgements
from tests.database import run_sql
from tests.integration.test_link import SURGERY, add_study, linked, report
from tests.integration.test_review import UNCLEAR
from tests.seed import seed_cohort

TODAY = datetime.now(UTC).date()
TASK = "preprocess_studies/scheduled__2026-11-26T01:00:00+00:00/preprocess_batch/1"
CHAMPION = """
INSERT INTO idh.dataset (dataset_id, settings) VALUES ('d', '{}');
INSERT INTO idh.training_run (run_id, dataset_id, settings, code_version) VALUES ('r', 'd', '{}', 'c');
INSERT INTO idh.model (model_id, run_id, sequence, object_key, sha256, state)
VALUES ('champion', 'r', 'ADC', 'k', 's', 'champion'), ('retired', 'r', 'T1', 'k', 's', 'retired')
"""


@pytest.fixture
def cohort(platform: Platform) -> list[StudyId]:
    """Return five studies with patches, of which two are of mutants."""
    seed_cohort(platform, 2, 3)
    return sorted(row.study_id for row in listed(platform))


def listed(platform: Platform, **chosen: object) -> list[ListedStudy]:
    return studies(platform, StudyFilter(**chosen), 1).listing.rows  # type: ignore[arg-type]


def ids(platform: Platform, **chosen: object) -> set[StudyId]:
    return {row.study_id for row in listed(platform, **chosen)}


def refuse(platform: Platform, study_id: StudyId, sequence: str, code: str) -> None:
    run_sql(
        platform,
        "UPDATE idh.patch SET code = :code, reason = 'a reason', object_key = NULL "
        "WHERE study_id = :study AND sequence = :sequence",
        code=code, study=study_id, sequence=sequence,
    )  # fmt: skip


def outdate(platform: Platform, study_id: StudyId) -> None:
    run_sql(platform, "UPDATE idh.patch SET settings_hash = 'old' WHERE study_id = :study", study=study_id)


def predict(platform: Platform, study_id: StudyId, sequence: str, model_id: str) -> None:
    run_sql(
        platform,
        "INSERT INTO idh.prediction "
        "(patch_id, model_id, study_id, sequence, probability_mutant, calibrated, in_training) "
        "SELECT patch_id, :model, study_id, sequence, 0.4, 0.3, true FROM idh.patch "
        "WHERE study_id = :study AND sequence = :sequence",
        model=model_id, study=study_id, sequence=sequence,
    )  # fmt: skip


def whole(platform: Platform, study_id: StudyId) -> Study:
    found = study(platform, study_id)
    assert found is not None
    return found


def page(found: Study, may: bool = False) -> str:
    """Return the page of a study as HTML, for a reader who may do everything or only read."""
    request = Request({"type": "http", "query_string": b"", "root_path": "/idh", "headers": []})
    values = {"study": found, "judged": Judgements([], [], []), "may": lambda _: may}
    return bytes(render(request, "study.html.j2", **values, task_address=task_address).body).decode()


def test_patches_of_an_earlier_version_do_not_count_and_are_shown_as_such(
    platform: Platform, cohort: list[StudyId]
) -> None:
    outdate(platform, cohort[0])
    [row] = listed(platform, study=cohort[0])
    assert (row.state, row.patches) == (State.DUE, [])
    assert ids(platform, with_patch="ADC") == set(cohort[1:])
    assert ids(platform, without_patch="ADC") == {cohort[0]}
    assert {patch.present for patch in whole(platform, cohort[0]).patches} == {False}
    assert "the next run cuts these patches again" in page(whole(platform, cohort[0]))
    assert picture(platform, cohort[0], "patch-ADC") is not None


def test_each_study_has_one_state(platform: Platform, cohort: list[StudyId]) -> None:
    run_sql(platform, CHAMPION)
    due, refused, predicted, withdrawn, cut = cohort
    outdate(platform, due)
    for sequence in MODEL_SEQUENCES:
        refuse(platform, refused, sequence, "E_ROI")
    predict(platform, predicted, "ADC", "champion")
    predict(platform, withdrawn, "T1", "retired")
    states = {row.study_id: row.state for row in listed(platform)}
    assert states == {
        due: State.DUE,
        refused: State.NO_PATCH,
        predicted: State.PREDICTED,
        withdrawn: State.PATCHES,
        cut: State.PATCHES,
    }
    for state in State:
        assert ids(platform, state=state) == {one for one in cohort if states[one] is state}


def test_a_study_after_surgery_is_not_due(platform: Platform) -> None:
    add_study(platform, "s", SURGERY + timedelta(days=30))
    linked(platform, report())
    assert [row.state for row in listed(platform)] == [State.AFTER_SURGERY]
    assert listed(platform, state=State.DUE) == []
    shown = page(whole(platform, listed(platform)[0].study_id), may=True)
    for said in ("None are cut: the study", "None are drawn: the study", "None is made: the study", "None is written"):
        assert said in shown
    for offered in ("Correct the outline", "Images to draw on", "appear here", "appears here"):
        assert offered not in shown


def test_a_correction_is_offered_for_a_study_before_surgery(platform: Platform, cohort: list[StudyId]) -> None:
    assert "Correct the outline" in page(whole(platform, cohort[0]), may=True)


def test_a_code_is_the_reason_of_the_missing_sequence(platform: Platform, cohort: list[StudyId]) -> None:
    refuse(platform, cohort[0], "ADC", "E_COVERAGE")
    refuse(platform, cohort[1], "T1", "E_COVERAGE")
    refuse(platform, cohort[1], "ADC", "E_REG_QC")
    assert ids(platform, code="E_COVERAGE") == {cohort[0], cohort[1]}
    assert ids(platform, code="E_COVERAGE", without_patch="ADC") == {cohort[0]}
    assert ids(platform, code="E_REG_QC", without_patch="T1") == set()


def test_a_flag_is_that_of_the_chosen_sequence(platform: Platform, cohort: list[StudyId]) -> None:
    flagged = (
        "UPDATE idh.patch SET quality = '{\"flags\": [\"W_DWI_MOTION\"]}' WHERE study_id = :s AND sequence = 'ADC'"
    )
    run_sql(platform, flagged, s=cohort[0])
    assert ids(platform, flag="W_DWI_MOTION") == ids(platform, flag="W_DWI_MOTION", with_patch="ADC") == {cohort[0]}
    assert ids(platform, flag="W_DWI_MOTION", with_patch="T1") == set()
    assert listed(platform, study=cohort[0])[0].flags == ["W_DWI_MOTION"]
    assert "W_DWI_MOTION" in page(whole(platform, cohort[0]))


def test_studies_are_filtered_by_the_days_on_which_they_came(platform: Platform, cohort: list[StudyId]) -> None:
    run_sql(platform, "UPDATE idh.study SET ingested_at = '2026-03-01 23:59Z' WHERE study_id = :s", s=cohort[0])
    first = TODAY.replace(year=2026, month=3, day=1)
    assert ids(platform, since=first, until=first) == {cohort[0]}
    assert ids(platform, until=first - timedelta(days=1)) == set()
    assert ids(platform, since=first + timedelta(days=1)) == set(cohort[1:])


def test_filters_are_combined(platform: Platform, cohort: list[StudyId]) -> None:
    mutants = ids(platform, label="mutant")
    outdate(platform, min(mutants))
    assert ids(platform, label="mutant", state=State.PATCHES) == mutants - {min(mutants)}
    assert ids(platform, label="mutant", state=State.DUE, vendor="none") == {min(mutants)}
    assert ids(platform, label="wildtype", state=State.DUE) == set()
    assert ids(platform, label="mutant", study=max(mutants)[:10]) == {max(mutants)}


@pytest.mark.parametrize("name", ["state", "attention", "label", "vendor", "with_patch", "flag", "code", "task"])
def test_a_value_that_no_study_has_lists_none(platform: Platform, cohort: list[StudyId], name: str) -> None:
    assert cohort
    assert ids(platform, **{name: "another"}) == set()


def test_studies_that_need_a_person_are_found(platform: Platform, cohort: list[StudyId]) -> None:
    run_sql(
        platform,
        "INSERT INTO idh.quarantine (subject, code, scope, study_id, reason) VALUES "
        "('held', 'E_DECODE', 'instance', :held, ''), ('noted', 'W_CHARSET', 'instance', :noted, '')",
        held=cohort[0], noted=cohort[1],
    )  # fmt: skip
    assert ids(platform, attention="held") == {cohort[0]}
    assert ids(platform, attention="question") == set()
    asked = add_study(platform, "s", SURGERY)
    linked(platform, report(assays=UNCLEAR))
    assert ids(platform, attention="question") == {asked}


def test_what_a_task_makes_names_it_and_is_found_by_it_and_by_its_run(
    platform: Platform, cohort: list[StudyId]
) -> None:
    run_sql(platform, "UPDATE idh.patch SET made_by = :task WHERE study_id = :study", task=TASK, study=cohort[0])
    run_sql(platform, "UPDATE idh.patch SET made_by = :task WHERE study_id = :study", task=f"{TASK}0", study=cohort[1])
    dag_id, run_id, *_ = TASK.split("/")
    assert ids(platform, task=TASK) == {cohort[0]}
    assert ids(platform, task=f"{dag_id}/{run_id}") == set(cohort[:2])
    assert ids(platform, task=dag_id) == set(cohort[:2])
    assert f'href="{task_address(TASK)}" target="_top"' in page(whole(platform, cohort[0]))


def test_a_transaction_records_the_task_that_opened_it(platform: Platform) -> None:
    within = Platform(platform.settings.model_copy(update={"task": "ingest_studies/run/ingest_batch/0"}))
    seed_cohort(within, 1, 0)
    seed_cohort(platform, 0, 1, first=1)
    recorded = run_sql(platform, "SELECT made_by, count(*) FROM idh.patch GROUP BY made_by")
    assert dict(recorded) == {"ingest_studies/run/ingest_batch/0": 6, None: 6}
    assert set(run_sql(platform, "SELECT made_by FROM idh.study")) == {("ingest_studies/run/ingest_batch/0",), (None,)}


def test_the_predictions_of_present_champions_come_first_and_training_is_named(
    platform: Platform, cohort: list[StudyId]
) -> None:
    run_sql(platform, CHAMPION)
    predict(platform, cohort[0], "ADC", "champion")
    predict(platform, cohort[0], "T1", "retired")
    found = whole(platform, cohort[0])
    assert [(row.model_id, row.present) for row in found.predictions] == [("champion", True), ("retired", False)]
    shown = page(found)
    assert shown.count("says nothing about skill") == 1
    assert "1 earlier" in shown


def test_a_page_has_no_inline_script_or_style_and_only_addresses_of_its_own(
    platform: Platform, cohort: list[StudyId]
) -> None:
    run_sql(
        platform,
        "UPDATE idh.study SET manufacturer = '<script>alert(1)</script>' WHERE study_id = :study",
        study=cohort[0],
    )
    shown = page(whole(platform, cohort[0]))
    assert not re.search(r"\sstyle=|\son[a-z]+=|<script(?! src=)|<style", shown)
    assert {address.split("/")[1] for address in re.findall(r'(?:href|src|action)="([^"]*)"', shown)} == {"idh"}


@pytest.mark.parametrize("name", ["sheet", "proposal", "slices-T1", "slices-", "patch-T3", "patch-", "../x", "{name}"])
def test_there_is_no_picture_of_what_was_not_made(platform: Platform, cohort: list[StudyId], name: str) -> None:
    assert picture(platform, cohort[0], name) is None


def test_pictures_of_one_study_are_not_given_for_another(platform: Platform, cohort: list[StudyId]) -> None:
    shown = [picture(platform, one, "patch-T1") for one in cohort]
    assert len(set(shown)) == len(cohort)
    assert picture(platform, StudyId("0" * 24), "patch-T1") is None
