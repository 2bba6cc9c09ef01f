"""The page of models withdraws a champion in two steps, and says what follows; documents follow."""

from io import BytesIO

import pytest
from pydicom import dcmread

from idh_tasks.domain.sequence import MODEL_SEQUENCES, MrSequence
from idh_tasks.pipelines.ingest import night
from idh_tasks.pipelines.operate.withdrawal import roll_back, withdraw
from idh_tasks.pipelines.pages.networks import networks
from idh_tasks.pipelines.platform import Platform, preprocessing_version
from idh_tasks.pipelines.predict import batch, documents
from tests.database import run_sql
from tests.hospital import drop, study
from tests.integration.test_models_page import MUTANTS, WILDTYPES, html, row, words
from tests.integration.test_promotion import judge_and_promote, trained
from tests.seed import seed_cohort

TWO_CHAMPIONS = """
INSERT INTO idh.dataset (dataset_id, settings) VALUES ('d', '{}');
INSERT INTO idh.training_run (run_id, dataset_id, settings, code_version) VALUES
('r1', 'd', '{}', ''), ('r2', 'd', '{}', '');
INSERT INTO idh.model (model_id, run_id, sequence, object_key, sha256, state, promoted_at) VALUES
('earlier', 'r1', 'T1', '', '', 'retired', now() - interval '1 day'), ('later', 'r2', 'T1', '', '', 'champion', now());
INSERT INTO idh.patch (patch_id, study_id, revision, sequence, settings_hash, object_key)
SELECT study_id, study_id, revision, 'T1', :version, 'o' FROM idh.study;
INSERT INTO idh.prediction (patch_id, model_id, study_id, sequence, probability_mutant, calibrated, in_training)
SELECT study_id, model_id, study_id, 'T1', calibrated, calibrated, false
FROM idh.study CROSS JOIN (VALUES ('earlier', 0.25), ('later', 0.75)) AS v (model_id, calibrated)
"""


@pytest.fixture
def cohort(platform: Platform) -> Platform:
    seed_cohort(platform, MUTANTS, WILDTYPES)
    return platform


def test_a_withdrawal_is_confirmed_with_what_follows(cohort: Platform) -> None:
    for seed in (1, 2):
        judge_and_promote(cohort, trained(cohort, seed))
    champion = row(networks(cohort), MrSequence.T1).champion
    assert champion is not None
    assert champion.previous_id is not None
    assert html(cohort).count("Withdraw …") == len(MODEL_SEQUENCES)
    assert "makes the champion before the present one champion again" in html(cohort), "said before one clicks"
    asked = html(cohort, withdraw=champion.model_id)
    assert "Withdraw the champion of T1?" in asked
    assert champion.previous_id in asked
    roll_back(cohort, MrSequence.T1, "mary", champion.model_id, "misses <many> mutants")
    assert "is the champion of T1 again" in html(cohort, withdrawn="T1")
    assert "misses &lt;many&gt; mutants" in html(cohort), "the history has the reason"


def test_a_network_that_was_rolled_back_is_not_offered_again_without_saying_so(cohort: Platform) -> None:
    runs = [trained(cohort, seed) for seed in (1, 2)]
    for run in runs:
        judge_and_promote(cohort, run)
    before, after = (f"{run[:16]}T1" for run in runs)
    assert "rolled back" not in words(cohort, withdraw=after)
    roll_back(cohort, MrSequence.T1, "mary", after, "misses <many> mutants")
    asked = words(cohort, withdraw=before)
    assert "mary rolled this model back earlier, " in asked
    assert "misses &lt;many&gt; mutants”. predict_studies then starts" in asked
    assert words(cohort).count("which was itself rolled back") == 1


def test_a_network_that_was_withdrawn_is_not_offered_again(cohort: Platform) -> None:
    for seed in (1, 2):
        judge_and_promote(cohort, trained(cohort, seed))
    champion = row(networks(cohort), MrSequence.T1).champion
    assert champion is not None
    withdraw(cohort, MrSequence.T1, champion.model_id, "misses mutants", "mary")
    judge_and_promote(cohort, trained(cohort, 3))
    present = row(networks(cohort), MrSequence.T1).champion
    assert present is not None
    assert present.previous_id == champion.previous_id


def test_who_may_not_withdraw_a_champion_reads_who_may(cohort: Platform) -> None:
    for seed in (1, 2):
        judge_and_promote(cohort, trained(cohort, seed))
    shown = html(cohort, may=lambda _: False, withdraw="any")
    assert "Withdraw …" not in shown
    assert "<form" not in shown
    assert "Model owners and administrators may do it." in shown


def test_the_only_champion_is_withdrawn_in_two_steps_and_the_page_says_what_follows_and_who_did_it(
    cohort: Platform,
) -> None:
    judge_and_promote(cohort, trained(cohort, 1))
    champion = row(networks(cohort), MrSequence.T1).champion
    assert champion is not None
    assert words(cohort).count("Withdraw … without a successor: there is no earlier champion") == len(MODEL_SEQUENCES)
    asked = html(cohort, withdraw=champion.model_id)
    assert "Withdraw the champion of T1 without a successor?" in asked
    assert "/models/rollback" not in asked
    withdraw(cohort, MrSequence.T1, champion.model_id, "misses <many> mutants", "mary")
    assert "T1 has no champion any more" in words(cohort, withdrawn="T1")
    shown = html(cohort)
    assert "Not predicted.</span> mary withdrew model" in shown
    assert shown.count("misses &lt;many&gt; mutants") == 2, "beside the sequence and in the history"


def test_after_a_rollback_the_newest_document_has_the_figure_of_the_earlier_champion(platform: Platform) -> None:
    drop(platform, "one", study())
    night.ingest(platform, ("bucket",))  # other tests have left studies in the PACS
    run_sql(platform, TWO_CHAMPIONS, version=preprocessing_version(platform))
    assert documents.write_documents(platform) == 1
    roll_back(platform, MrSequence.T1, "mary", "later")
    assert batch.due(platform), "the next run notes the studies of the champion"
    assert documents.write_documents(platform) == 1, "prediction was woken"
    keys = run_sql(platform, "SELECT object_key FROM idh.document ORDER BY created_at")
    withdrawn, newest = (dcmread(BytesIO(platform.store.get(key))) for (key,) in keys)
    assert "'0.75'" in str(withdrawn)
    assert "'0.25'" in str(newest)
    predecessor = newest.PredecessorDocumentsSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence[0]
    assert predecessor.ReferencedSOPInstanceUID == withdrawn.SOPInstanceUID
