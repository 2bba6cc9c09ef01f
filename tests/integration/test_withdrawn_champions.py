"""A champion that is withdrawn without a successor: it never returns, and nothing current carries its figure."""

from io import BytesIO

import pytest
from pydicom import dcmread
from typer.testing import CliRunner

from idh_tasks.cli.app import cli
from idh_tasks.db import models
from idh_tasks.domain.sequence import MODEL_SEQUENCES, MrSequence
from idh_tasks.errors import RunRefusedError
from idh_tasks.pipelines.ingest import night
from idh_tasks.pipelines.operate.withdrawal import roll_back, withdraw
from idh_tasks.pipelines.pages.study import study as read_study
from idh_tasks.pipelines.platform import Platform, preprocessing_version
from idh_tasks.pipelines.predict import batch, documents
from idh_tasks.pipelines.train import promotion
from tests.database import run_sql
from tests.hospital import drop, study
from tests.integration.test_promotion import approved, champions, judge_and_promote, judged, trained
from tests.integration.test_study_pages import page
from tests.seed import seed_cohort

EVENTS = "SELECT actor, subject, detail FROM idh.audit_event WHERE action = 'champion withdrawn'"
STATE = "SELECT state, withdrawn_by, withdrawn_reason FROM idh.model WHERE model_id = :model"
T1_AND_ADC = """
INSERT INTO idh.dataset (dataset_id, settings) VALUES ('d', '{}');
INSERT INTO idh.training_run (run_id, dataset_id, settings, code_version) VALUES ('r', 'd', '{}', '');
INSERT INTO idh.model (model_id, run_id, sequence, object_key, sha256, state, promoted_at)
VALUES ('of T1', 'r', 'T1', '', '', 'champion', now()), ('of ADC', 'r', 'ADC', '', '', 'champion', now());
INSERT INTO idh.patch (patch_id, study_id, revision, sequence, settings_hash, object_key)
SELECT study_id || s, study_id, revision, s, :version, 'o' FROM idh.study, unnest(ARRAY['T1', 'ADC']) AS s;
INSERT INTO idh.prediction (patch_id, model_id, study_id, sequence, probability_mutant, calibrated, in_training)
SELECT patch_id, 'of ' || sequence, study_id, sequence, p, p, false
FROM idh.patch JOIN (VALUES ('T1', 0.75), ('ADC', 0.25)) AS v (s, p) ON s = sequence
"""


@pytest.fixture
def cohort(platform: Platform) -> Platform:
    seed_cohort(platform, mutants=6, wildtypes=8)
    return platform


@pytest.fixture
def predicted(platform: Platform) -> Platform:
    """Return a platform with one study, predicted by the only champions of T1 and ADC, and its document."""
    drop(platform, "one", study())
    night.ingest(platform, ("bucket",))
    run_sql(platform, T1_AND_ADC, version=preprocessing_version(platform))
    assert documents.write_documents(platform) == 1
    return platform


def champion(platform: Platform, sequence: MrSequence = MrSequence.T1) -> str:
    return next(model.model_id for model in promotion.champions(platform) if model.sequence is sequence)


def published(platform: Platform) -> documents.Published:
    """Do what the tasks of predict_studies do after its predictions."""
    batch.due(platform)
    return documents.published(platform, documents.write_documents(platform))


def newest(platform: Platform) -> str:
    """Return the text of the newest document."""
    [(key,)] = run_sql(platform, "SELECT object_key FROM idh.document ORDER BY created_at DESC LIMIT 1")
    return str(dcmread(BytesIO(platform.store.get(key))))


def test_the_only_champion_is_withdrawn_and_the_audit_log_keeps_who_and_why(cohort: Platform) -> None:
    judge_and_promote(cohort, trained(cohort, 1))
    only = champion(cohort)
    withdraw(cohort, MrSequence.T1, only, "misses mutants", "mary")
    assert set(champions(cohort)) == {s.value for s in MODEL_SEQUENCES} - {"T1"}
    assert run_sql(cohort, STATE, model=only) == [("retired", "mary", "misses mutants")]
    assert run_sql(cohort, EVENTS) == [("mary", only, {"sequence": "T1", "comment": "misses mutants"})]
    assert promotion.history(cohort, MrSequence.T1)[0].action == "champion withdrawn"


def test_only_the_champion_that_was_shown_is_withdrawn(cohort: Platform) -> None:
    runs = [trained(cohort, seed) for seed in (1, 2)]
    judge_and_promote(cohort, runs[0])
    shown = champion(cohort)
    judge_and_promote(cohort, runs[1])
    for sequence, model in ((MrSequence.T1, shown), (MrSequence.T2, champion(cohort)), (MrSequence.OTHER, "none")):
        with pytest.raises(RunRefusedError, match="E_NO_CHAMPION"):
            withdraw(cohort, sequence, model, "misses mutants", "mary")
    assert champions(cohort) == dict.fromkeys(map(str, MODEL_SEQUENCES), runs[1])
    assert run_sql(cohort, EVENTS) == []


def test_a_withdrawn_champion_never_returns(cohort: Platform) -> None:
    first, second = (trained(cohort, seed) for seed in (1, 2))
    judgement = judged(cohort, first)
    promotion.promote(cohort, first, judgement, approved(judgement))
    withdraw(cohort, MrSequence.T1, champion(cohort), "misses mutants", "mary")
    with pytest.raises(RunRefusedError, match="E_STALE: T1: this network was withdrawn since it was judged"):
        promotion.promote(cohort, first, judgement, approved(judgement))
    again = judged(cohort, first)
    assert "T1" not in again["eligible"]
    assert "(E_CHAMPION_WITHDRAWN: it never becomes champion again)" in "".join(again["sentences"])
    judge_and_promote(cohort, second)
    assert champions(cohort)["T1"] == second
    with pytest.raises(RunRefusedError, match="E_NO_CHAMPION"):
        roll_back(cohort, MrSequence.T1, "mary")
    with cohort.database.begin() as transaction:
        assert models.withdrawals(transaction) == []


def test_the_next_network_is_not_called_the_first_champion(cohort: Platform) -> None:
    first, second = (trained(cohort, seed) for seed in (1, 2))
    judge_and_promote(cohort, first)
    withdraw(cohort, MrSequence.T1, champion(cohort), "misses mutants", "mary")
    [of_t1] = [text for text in judged(cohort, second)["sentences"] if text.startswith("**T1: ")]
    assert of_t1.splitlines()[0].endswith("not compared, because there is no champion: the last one was withdrawn")
    assert "- champion: none" in of_t1.splitlines()
    judge_and_promote(cohort, second)
    assert "last one was withdrawn" not in "".join(judged(cohort, first)["sentences"])


def test_the_command_withdraws_as_the_page_does(cohort: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    judge_and_promote(cohort, trained(cohort, 1))
    only = champion(cohort)
    monkeypatch.setattr("idh_tasks.cli.platform.open_platform", lambda _: cohort)
    words = ["learn", "withdraw", "T1", only, "--reason", " misses mutants ", "--by", "mary"]
    done = CliRunner().invoke(cli, words)
    assert done.output.startswith(f"T1: {only} is withdrawn; trigger predict_studies")
    assert run_sql(cohort, STATE, model=only) == [("retired", "mary", "misses mutants")]
    assert run_sql(cohort, EVENTS) == [("mary", only, {"sequence": "T1", "comment": "misses mutants"})]
    assert isinstance(CliRunner().invoke(cli, words).exception, RunRefusedError), "it is no champion any more"


def test_no_document_keeps_the_figure_of_a_withdrawn_champion_as_current(predicted: Platform) -> None:
    assert "'0.75'" in newest(predicted)
    withdraw(predicted, MrSequence.T1, "of T1", "misses mutants", "mary")
    assert published(predicted) == {"documents": 1, "unpredicted": ["T1"]}
    assert "'0.75'" not in newest(predicted)
    assert "'0.25'" in newest(predicted), "that of the ADC still holds"
    withdraw(predicted, MrSequence.ADC, "of ADC", "misses mutants", "mary")
    assert published(predicted) == {"documents": 1, "unpredicted": ["ADC", "T1"]}
    assert "outline or model changed" in newest(predicted)
    assert "Probability of IDH mutation" not in newest(predicted)
    assert documents.write_documents(predicted) == 0


def test_a_document_is_superseded_although_the_patches_are_to_be_cut_again(predicted: Platform) -> None:
    run_sql(predicted, "UPDATE idh.patch SET settings_hash = 'earlier'")
    assert documents.write_documents(predicted) == 0
    withdraw(predicted, MrSequence.T1, "of T1", "misses mutants", "mary")
    assert published(predicted)["documents"] == 1
    assert "'0.75'" not in newest(predicted)
    assert documents.write_documents(predicted) == 0


def test_prediction_and_the_page_of_the_study_name_the_sequence_without_a_champion(
    predicted: Platform, caplog: pytest.LogCaptureFixture
) -> None:
    withdraw(predicted, MrSequence.T1, "of T1", "misses mutants", "mary")
    assert batch.predict(predicted) == 0
    assert "T1 is not predicted: its champion was withdrawn without a successor" in caplog.text
    [(study_id,)] = run_sql(predicted, "SELECT study_id FROM idh.study")
    found = read_study(predicted, study_id)
    assert found is not None
    assert [row.sequence for row in found.predictions if row.present] == [MrSequence.ADC]
    assert "T1 is not predicted: mary withdrew its champion" in page(found)
