"""The page of a training run shows what the run was made of, whatever has changed since."""

import pytest
from idh_airflow.ui.training_runs import DRAWN

from idh_tasks.codes import Code
from idh_tasks.db import datasets, results
from idh_tasks.domain.learning import RefusedSequence
from idh_tasks.domain.sequence import MODEL_SEQUENCES, MrSequence
from idh_tasks.errors import RunRefusedError
from idh_tasks.pipelines.pages.run_changes import ChangedPatient, run_changes
from idh_tasks.pipelines.pages.run_origin import RunOrigin, run_origin
from idh_tasks.pipelines.pages.training_runs import reported, training_run
from idh_tasks.pipelines.pages.verdicts import verdicts
from idh_tasks.pipelines.platform import Platform, code_version, preprocessing_version
from idh_tasks.pipelines.train import freeze, promotion
from idh_tasks.pipelines.train.evaluate import evaluate
from idh_tasks.pipelines.train.job import SequenceJob
from idh_tasks.pipelines.train.record import record_refusal
from idh_tasks.reporting.flow_figure import flow_figure
from idh_tasks.settings import LearningSettings
from idh_tasks.store import keys
from tests.browser import chromium, rendered, show
from tests.database import run_sql
from tests.integration.test_promotion import approved, judged, trained
from tests.seed import seed_cohort

MUTANTS, WILDTYPES, LATER = 6, 8, 4
TOO_FEW = RunRefusedError(Code.E_FOLD_DEGENERATE, "5 folds need 5 patients of each class")
NOT_KEPT = "UPDATE idh.dataset SET cohort = NULL, preprocessing_version = NULL"
DUE_AGAIN = """
UPDATE idh.patch SET settings_hash = 'earlier' WHERE study_id IN (
    SELECT study_id FROM idh.study ORDER BY study_id LIMIT 3
)
"""
REFUSED_PATCHES = """
UPDATE idh.patch SET object_key = NULL, code = 'E_COVERAGE', reason = 'r' WHERE sequence = 'ADC' AND study_id IN (
    SELECT study_id FROM idh.study ORDER BY study_id LIMIT 2
)
"""

SERIES = """
INSERT INTO idh.series (study_id, revision, series_id, sequence, confidence, evidence, object_key, sha256, instances)
SELECT study_id, revision, 'T1', 'T1', 'high', 'description', '', '', 1 FROM idh.study ON CONFLICT DO NOTHING
"""
SECOND_FOLD = """
INSERT INTO idh.fold_result
    (run_id, sequence, fold, n, mutants, accuracy, loss, sensitivity, specificity, auc, learning_curve)
SELECT run_id, sequence, 1, n, mutants, accuracy, loss, sensitivity, specificity, auc, learning_curve
FROM idh.fold_result
"""

CHECKED = """
UPDATE idh.sequence_result SET checks = '[{"name": "outline", "auc": 0.9, "p_value": 0.000275, "code": "W_CONTROL"},
    {"name": "noise", "auc": 0.8, "p_value": 0.0005, "code": null}]'
WHERE sequence = 'ADC'
"""
FIRST = "study_id = (SELECT study_id FROM idh.study ORDER BY study_id LIMIT 1)"
SECOND = "study_id = (SELECT study_id FROM idh.study ORDER BY study_id LIMIT 1 OFFSET 1)"


@pytest.fixture
def cohort(platform: Platform) -> Platform:
    arrive(platform, MUTANTS, WILDTYPES)
    return platform


def arrive(platform: Platform, mutants: int, wildtypes: int, first: int = 0) -> None:
    """Add labelled patients with series and patches."""
    seed_cohort(platform, mutants, wildtypes, first)
    run_sql(platform, SERIES)


def html(platform: Platform, run_id: str) -> str:
    return rendered("training_run.html.j2", figures=DRAWN, **shown_values(platform, run_id))


def shown_values(platform: Platform, run_id: str) -> dict[str, object]:
    run = training_run(platform, run_id)
    assert run is not None
    return {
        "run": run,
        "report": reported(platform, run),
        "origin": run_origin(platform, run_id, run.settings),
        "verdicts": verdicts(platform, run_id),
        "changes": run_changes(platform, run_id),
    }


def origin(platform: Platform, run_id: str) -> RunOrigin:
    run = training_run(platform, run_id)
    assert run is not None
    found = run_origin(platform, run_id, run.settings)
    assert found is not None
    return found


def test_a_run_shows_the_cohort_that_was_frozen_and_not_that_of_today(cohort: Platform) -> None:
    run_id = trained(cohort, 1)
    run_sql(cohort, SECOND_FOLD)
    arrive(cohort, LATER, LATER, first=100)
    frozen = origin(cohort, run_id).cohort
    assert frozen is not None
    assert frozen.steps[-1].after == MUTANTS + WILDTYPES
    assert frozen.sequences[MrSequence.ADC] == (MUTANTS + WILDTYPES, MUTANTS)
    evaluate(cohort, run_id)
    drawn = cohort.store.get(keys.figures(run_id, "flow.svg")).decode()
    assert drawn == flow_figure(frozen.steps, frozen.sequences)
    assert f"{MUTANTS + WILDTYPES} ({MUTANTS})" in html(cohort, run_id)


@pytest.mark.parametrize("width", [1500, 800])
def test_nothing_of_a_run_is_wider_than_the_page(cohort: Platform, width: int) -> None:
    run_id = trained(cohort, seed=7)
    evaluate(cohort, run_id)
    run_sql(cohort, CHECKED)
    promotion.promote(
        cohort, run_id, judgement := judged(cohort, run_id), approved(judgement, "T1", comment="for the pilot " * 15)
    )
    with chromium() as browser:
        page = browser.new_page(viewport={"width": width, "height": 900})
        show(page, html(cohort, run_id))
        assert page.evaluate("document.documentElement.scrollWidth") == width
        wide = "[...document.querySelectorAll('.box')].filter((one) => one.scrollWidth > one.clientWidth).length"
        assert page.evaluate(wide) == 0


def test_a_run_shows_its_dataset_versions_and_changed_settings(cohort: Platform) -> None:
    run_id = trained(cohort, seed=7)
    found = origin(cohort, run_id)
    run = training_run(cohort, run_id)
    assert run is not None
    assert found.preprocessing_version == preprocessing_version(cohort)
    assert run.code_version == code_version("learning")
    assert ("IDH_LEARNING__SEED", "7", str(LearningSettings().seed)) in [
        (row.variable, row.value, row.default) for row in found.changed
    ]
    text = html(cohort, run_id)
    assert found.dataset_id in text
    assert "IDH_LEARNING__SEED" in text


def test_a_run_shows_each_verdict_with_who_decided_whatever_was_trained_since(cohort: Platform) -> None:
    run_id = trained(cohort, 1)
    assert html(cohort, run_id).count("has not been judged yet") == len(MODEL_SEQUENCES)
    judgement = judged(cohort, run_id)
    promotion.promote(cohort, run_id, judgement, approved(judgement, "T1", comment="<sharper>"))
    trained(cohort, 2)
    shown = html(cohort, run_id)
    assert shown.count("Accepted</strong>") == len(MODEL_SEQUENCES)
    assert "Approved by <strong>mary</strong>" in shown
    assert shown.count("Not approved by <strong>mary</strong>") == len(MODEL_SEQUENCES) - 1
    assert "“&lt;sharper&gt;”" in shown
    assert shown.count("Champion now.") == 1
    assert [row.sequence for row in verdicts(cohort, run_id)] == list(MODEL_SEQUENCES)


def test_a_run_names_the_patients_whose_label_or_outline_was_withdrawn_since(cohort: Platform) -> None:
    run_id = trained(cohort, 1)
    assert run_changes(cohort, run_id) == []
    assert "has changed since it was frozen" in html(cohort, run_id)
    run_sql(cohort, "UPDATE idh.patch SET object_key = NULL, code = 'W_ROI_PROPOSED', reason = 'r' WHERE " + FIRST)
    run_sql(cohort, "UPDATE idh.case_link SET idh_status = 'indeterminate' WHERE " + SECOND)
    [(outline,), (label,)] = run_sql(cohort, "SELECT study_id FROM idh.study ORDER BY study_id LIMIT 2")
    assert run_changes(cohort, run_id) == [
        ChangedPatient(outline, Code.W_OUTLINE_WITHDRAWN, 2),
        ChangedPatient(label, Code.W_LABEL_WITHDRAWN, 2),
    ]
    shown = html(cohort, run_id)
    assert "2 patients of the dataset have changed since" in shown
    assert f'href="/idh/studies/{outline}"' in shown


def test_checks_for_leaks_state_their_limit_and_a_figure_can_be_enlarged(cohort: Platform) -> None:
    run_id = trained(cohort, 1)
    run_sql(cohort, CHECKED)
    evaluate(cohort, run_id)
    shown = html(cohort, run_id)
    assert "at a probability of at most 0.00028" in shown
    assert "<td>0.00028</td>" in shown
    assert "<td>0.00050</td>" in shown
    for figure in DRAWN:
        assert f'<figure id="figure-{figure.value}"><a class="enlarge" href="#figure-{figure.value}">' in shown


def test_the_sequences_of_a_report_are_in_the_order_of_the_protocol(cohort: Platform) -> None:
    run_id = trained(cohort, 1)
    evaluate(cohort, run_id)
    run = training_run(cohort, run_id)
    assert run is not None
    report = reported(cohort, run)
    assert report is not None
    assert [row.sequence for row in report.sequences] == list(MODEL_SEQUENCES)


def test_a_run_of_before_cohorts_were_kept_says_so(cohort: Platform) -> None:
    run_id = trained(cohort, 1)
    run_sql(cohort, NOT_KEPT)
    assert origin(cohort, run_id).cohort is None
    assert "The cohort was not kept with datasets of that time." in html(cohort, run_id)


def test_a_dataset_that_is_frozen_again_keeps_its_first_cohort(cohort: Platform) -> None:
    run_id = trained(cohort, 1)
    run_sql(cohort, "INSERT INTO idh.patient (patient_key, sex) VALUES ('later', 'F')")
    before = origin(cohort, run_id)
    trained(cohort, 2)
    assert origin(cohort, run_id) == before


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (DUE_AGAIN, "3 labelled patients had no patches of the present code and settings"),
        (REFUSED_PATCHES, "2 of 14 patients of the dataset have no patch of ADC (2 × E_COVERAGE)"),
    ],
)
def test_too_few_patients_names_who_lacks_a_patch_and_who_waits_for_one(
    cohort: Platform, fault: str, said: str
) -> None:
    run_sql(cohort, fault)
    run_id = freeze.freeze_cohort(
        Platform(cohort.settings.model_copy(update={"learning": LearningSettings(folds=2)})), force=True
    ).run_id
    assert run_id is not None
    with cohort.database.begin() as transaction:
        job = SequenceJob(run_id, MrSequence.ADC, datasets.members(transaction, run_id))
    record_refusal(cohort, job, TOO_FEW)
    with cohort.database.begin() as transaction:
        outcome = results.of_run(transaction, run_id)[MrSequence.ADC].outcome
    assert isinstance(outcome, RefusedSequence)
    assert outcome.refusal.reason.startswith(TOO_FEW.reason)
    assert said in outcome.refusal.reason
