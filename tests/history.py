"""Years of an installation in one statement, for what must not grow with history: pages, filters and exports."""

from idh_tasks.codes import Code
from idh_tasks.db import cohort, training
from idh_tasks.domain.learning import Comparison, LeakCheck, Refusal, RefusedSequence, SequenceResult
from idh_tasks.domain.performance import Interval, Metrics, Performance
from idh_tasks.domain.run_figure import RunFigure
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.pipelines.platform import Platform, preprocessing_version
from idh_tasks.pipelines.train.exports import report_json
from idh_tasks.reporting.report import SequenceReport
from idh_tasks.store import keys
from tests.database import empty, run_sql

EVENTS_PER_STUDY = 10
STUDY_ID = "left(md5('s' || n), 24)"
RUN_ID = "left(md5('r' || k), 24)"
SHOWN = """
SELECT left(md5('s1'), 24) AS study_id, left(md5('r2'), 24) AS run_id,
    (SELECT review_id FROM idh.review WHERE kind = 'unclear_result' ORDER BY opened_at LIMIT 1) AS review_id
"""
"""A study, the latest run that has been evaluated, and a question."""

AUDIT_EVENTS = f"""
INSERT INTO idh.audit_event (actor, action, subject, detail, occurred_at)
SELECT (ARRAY['airflow', 'mary', 'john'])[n % 3 + 1], (ARRAY['ingested', 'predicted', 'answered'])[n % 3 + 1],
    md5('a' || n), '{{"number": 1}}', now() - n * interval '6 minutes'
FROM generate_series(:n * {EVENTS_PER_STUDY}, 1, -1) AS n
"""

# A replica runs no triggers and checks no foreign keys: 100,000 audit events take seconds, without their chain.
FILL = f"""
SET LOCAL session_replication_role = replica;
INSERT INTO idh.patient (patient_key, sex)
SELECT md5('p' || n), CASE n % 2 WHEN 0 THEN 'F' ELSE 'M' END FROM generate_series(1, :n) AS n;
INSERT INTO idh.study (study_id, patient_key, content_hash, study_date, age_years, manufacturer, ingested_at)
SELECT {STUDY_ID}, md5('p' || n), '', date '2015-01-01' + n % 4000, 40 + n % 50,
    (ARRAY['SIEMENS', 'GE MEDICAL SYSTEMS', 'Philips'])[n % 3 + 1], now() - n * interval '1 hour'
FROM generate_series(1, :n) AS n;
INSERT INTO idh.series (study_id, revision, series_id, sequence, confidence, evidence, object_key, sha256, instances)
SELECT {STUDY_ID}, 1, s, s, 'high', 'description', '', '', 1
FROM generate_series(1, :n) AS n, unnest(ARRAY['T1', 'T2', 'FLAIR', 'MPRAGE', 'RCBV', 'ADC']) AS s;
INSERT INTO idh.report (report_key, version, patient_key, report_status, glioblastoma, surgery_date, idh_status, rule,
    evidence, who_2016, who_2021)
SELECT md5('r' || n), 1, md5('p' || n), 'final', true, date '2015-01-20' + n % 4000,
    CASE WHEN n % 6 = 0 THEN 'mutant' ELSE 'wildtype' END, 'R1', '', '', ''
FROM generate_series(1, :n) AS n;
INSERT INTO idh.case_link (study_id, report_key, report_version, patient_key, days_before_surgery, chosen, code,
    idh_status)
SELECT {STUDY_ID}, md5('r' || n), 1, md5('p' || n), 19, n % 10 > 0,
    CASE WHEN n % 10 > 0 THEN 'OK' ELSE 'W_POSTOP' END, CASE WHEN n % 6 = 0 THEN 'mutant' ELSE 'wildtype' END
FROM generate_series(1, :n) AS n;
INSERT INTO idh.patch (patch_id, study_id, revision, sequence, settings_hash, provenance, object_key, sha256, code,
    reason, created_at)
SELECT md5(s || n), {STUDY_ID}, 1, s, :version, 'acquired', CASE WHEN n % 9 > 0 THEN 'patches/x' END, '',
    CASE WHEN n % 9 = 0 THEN 'E_COVERAGE' END, CASE WHEN n % 9 = 0 THEN 'a reason' END, now() - n * interval '1 hour'
FROM generate_series(1, :n) AS n, unnest(ARRAY['T1', 'T2', 'FLAIR', 'MPRAGE', 'RCBV', 'ADC']) AS s;
INSERT INTO idh.preparation (study_id, revision, patched_revision, settings_hash, after_surgery, year, labelled,
    prepared_at, seconds)
SELECT {STUDY_ID}, 1, 1, :version, n % 10 = 0, 2015 + n % 11, n % 10 > 0, now() - n * interval '1 hour', 60
FROM generate_series(1, :n) AS n;
INSERT INTO idh.dataset (dataset_id, settings) VALUES ('dataset', '{{}}');
INSERT INTO idh.dataset_member (dataset_id, sequence, patient_key, patch_id, mutant, report_key, report_version)
SELECT 'dataset', s, md5('p' || n), md5(s || n), n % 6 = 0, md5('r' || n), 1
FROM generate_series(1, :n) AS n, unnest(ARRAY['T2', 'RCBV', 'ADC']) AS s WHERE n % 9 > 0;
INSERT INTO idh.training_run (run_id, dataset_id, settings, code_version, state, report_key, created_at)
SELECT {RUN_ID}, 'dataset', '{{"epochs": 100, "folds": 5, "repetitions": 1}}', '',
    CASE k WHEN 1 THEN 'frozen' WHEN 2 THEN 'evaluated' ELSE 'promoted' END, CASE WHEN k > 1 THEN 'reports/x' END,
    now() - k * interval '7 days'
FROM generate_series(1, 3 + :n / 100) AS k;
INSERT INTO idh.training_progress (run_id, sequence, fold, epoch, loss, curve)
SELECT {RUN_ID}, 'ADC', fold, 3, 0.5, '[[1, 0.9], [2, 0.7], [3, 0.5]]'
FROM generate_series(1, 1) AS k, generate_series(-1, 4) AS fold;
INSERT INTO idh.sequence_result (run_id, sequence, n, mutants, auc, auc_low, auc_high, brier, calibrated_brier, ece)
SELECT {RUN_ID}, s, 100, 17, 0.8, 0.7, 0.9, 0.1, 0.1, 0.05
FROM generate_series(2, 3 + :n / 100) AS k, unnest(ARRAY['T2', 'RCBV', 'ADC']) AS s;
INSERT INTO idh.sequence_result (run_id, sequence, n, mutants, code, reason)
SELECT {RUN_ID}, 'T1', 100, 1, 'E_FOLD_DEGENERATE', 'a reason' FROM generate_series(2, 2) AS k;
INSERT INTO idh.comparison_result (run_id, name, n, mutants, auc, auc_low, auc_high, brier, ece)
SELECT {RUN_ID}, 'age', 100, 17, 0.85, 0.7, 0.9, 0.1, 0.05 FROM generate_series(2, 3 + :n / 100) AS k;
INSERT INTO idh.model (model_id, run_id, sequence, object_key, sha256, state, promoted_at)
SELECT md5(s || k), {RUN_ID}, s, 'models/x', '',
    CASE k WHEN 2 THEN 'challenger' WHEN 3 THEN 'champion' ELSE 'retired' END,
    CASE WHEN k > 2 THEN now() - k * interval '7 days' END
FROM generate_series(2, 3 + :n / 100) AS k, unnest(ARRAY['T2', 'RCBV', 'ADC']) AS s;
INSERT INTO idh.judgement (run_id, sequence, champion_id, accepted, verdict, compared, changed, relabelled, digest,
    decision, decided_by, comment, decided_at)
SELECT {RUN_ID}, s, md5(s || 3), s <> 'T2', 'a verdict', 90, 8, 1, 'digest', 'not approved', 'mary', 'a comment', now()
FROM generate_series(2, 2) AS k, unnest(ARRAY['T2', 'RCBV', 'ADC']) AS s;
INSERT INTO idh.prediction (patch_id, model_id, study_id, sequence, probability_mutant, calibrated, in_training,
    created_at)
SELECT md5(s || n), md5(s || 3), {STUDY_ID}, s, n % 100 / 100.0, n % 100 / 100.0, n % 4 = 0,
    now() - n * interval '1 hour'
FROM generate_series(1, :n) AS n, unnest(ARRAY['T2', 'RCBV', 'ADC']) AS s;
INSERT INTO idh.quarantine (subject, code, scope, study_id, reason, created_at, item_id, readmitted_at)
SELECT md5('q' || n), 'E_DECODE', 'delivery', {STUDY_ID}, 'a reason', now() - n * interval '1 hour',
    md5('i' || n), CASE WHEN n % 20 > 0 OR n > :unsettled THEN now() END
FROM generate_series(1, :n) AS n;
INSERT INTO idh.review (kind, subject, evidence, person_key, detail, options, opened_at, answer, answered_by,
    answered_at)
SELECT (ARRAY['near_miss', 'unclear_result'])[n / 20 % 2 + 1], md5('r' || n), md5('e' || n), md5('p' || n), '{{}}',
    ARRAY['same person', 'different persons'], now() - n * interval '1 hour', answer, by,
    CASE WHEN by IS NULL THEN NULL ELSE now() END
FROM generate_series(1, :n) AS n,
    LATERAL (SELECT CASE WHEN n % 20 > 0 OR n > :unsettled THEN ARRAY['different persons', 'mary'] END) AS c (pair),
    LATERAL (SELECT pair[1], pair[2]) AS given (answer, by);
INSERT INTO idh.ingest_night (source, found, new, unchanged, quarantined, failed, vanished, occurred_at)
SELECT s, 9, 4, 4, 1, 0, 0, now() - n * interval '1 day'
FROM generate_series(:n / 3, 0, -1) AS n, unnest(ARRAY['pacs', 'bucket']) AS s;
{AUDIT_EVENTS};
"""


RULE = """
WITH made AS (
    INSERT INTO idh.series_rule (review_id, protocol, manufacturer, doubt, tr, te, ti, sequence, proposed_by)
    VALUES (:review_id, 'a protocol', 'SIEMENS', 'a doubt', 500, 10, 0, 'T1', 'mary')
    RETURNING rule_id
), stated AS (
    INSERT INTO idh.series_rule_state (rule_id, version, state, stated_by)
    SELECT rule_id, 1, 'proposed', 'mary' FROM made
)
SELECT rule_id FROM made
"""


def fill(platform: Platform, studies: int, unsettled: int = 10_000) -> dict[str, str]:
    """Replace all rows by studies with all that follows from them; return parameters of one of each kind.

    Per study: six series and patches, a report, three predictions, a held delivery and a question (of both, one in
    twenty is open), and ten audit events. Per hundred studies: a training run, of which the latest still trains and
    the one before has a stored report.

    Parameters
    ----------
    unsettled
        Of so many studies, the latest, deliveries are held and questions open: what is open is no history.
    """
    empty(platform)
    version = preprocessing_version(platform)
    run_sql(platform, FILL, n=studies, version=version, unsettled=unsettled)
    run_sql(platform, "ANALYZE")
    with platform.database.begin() as transaction:
        cohort.keep_places(transaction, version)
    [(study_id, run_id, review_id)] = run_sql(platform, SHOWN)
    [(rule_id,)] = run_sql(platform, RULE, review_id=review_id)
    store_report(platform, run_id, "a reason")
    return {"study_id": study_id, "run_id": run_id, "review_id": review_id, "rule_id": str(rule_id)}


def store_report(platform: Platform, run_id: str, text: str) -> None:
    """Store the report of a run: a sequence with two folds, one that was refused, and a comparison.

    Parameters
    ----------
    text
        The reason of the refusal, what is said of the locked set, and the name of the comparison and of a check.
    """
    interval = Interval(0.8, 0.7, 0.9)
    performance = Performance(100, 17, interval, 0.1, interval, 0.05, 0.1)
    refused = RefusedSequence(100, 1, Refusal(Code.E_FOLD_DEGENERATE, text))
    folds = tuple(Metrics(50, 8, accuracy, 0.5, 0.4, 0.9, 0.8) for accuracy in (0.7, 0.9))
    checks = (LeakCheck(text, 0.9, 0.0001, Code.W_CONTROL),)
    sequences = [
        SequenceReport(SequenceResult(MrSequence.ADC, performance, checks), folds, text),
        SequenceReport(SequenceResult(MrSequence.T1, refused), ()),
    ]
    run = training.Run(run_id, "dataset", training.RunState.EVALUATED, {"epochs": 100, "text": text})
    numbers = report_json(run, sequences, {}, [Comparison(text, performance)], text)
    platform.store.put(keys.figures(run_id, "report.json"), numbers)
    platform.store.put(keys.report(run_id), b"<!doctype html><title>Report</title>")
    for figure in RunFigure:
        platform.store.put(keys.figures(run_id, figure.file_name), b'<svg xmlns="http://www.w3.org/2000/svg"/>')
