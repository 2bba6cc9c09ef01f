"""The champions' predictions become a document; a change makes a new one that references the old one."""

from datetime import timedelta
from io import BytesIO

import highdicom
import numpy as np
import pytest
from pydicom import Dataset, dcmread

from idh_tasks.domain.review import ImageFault
from idh_tasks.pipelines.ingest import night
from idh_tasks.pipelines.platform import Platform, preprocessing_version
from idh_tasks.pipelines.predict import documents
from idh_tasks.pipelines.review import study_judgements
from tests.database import run_sql
from tests.hospital import drop, study
from tests.integration.test_link import linked, report

MUTANT = (("IDH1 R132H IHC", "positive"),)

PATIENT = """
SELECT i.issuer, i.identifier, i.birth_date, p.sex, s.study_date
FROM phi.patient_identity AS i CROSS JOIN idh.patient AS p CROSS JOIN idh.study AS s
"""

PREDICT = """
INSERT INTO idh.dataset (dataset_id, settings) VALUES ('d', '{}') ON CONFLICT DO NOTHING;
INSERT INTO idh.training_run (run_id, dataset_id, settings, code_version)
VALUES ('r', 'd', '{}', '') ON CONFLICT DO NOTHING;
INSERT INTO idh.model (model_id, run_id, sequence, object_key, sha256, state)
VALUES ('m', 'r', 'T1', '', '', 'champion') ON CONFLICT DO NOTHING;
INSERT INTO idh.patch (patch_id, study_id, revision, sequence, settings_hash, object_key)
SELECT 'p' || revision, study_id, revision, 'T1', :version, 'o' FROM idh.study;
INSERT INTO idh.prediction (patch_id, model_id, study_id, sequence, probability_mutant, calibrated, in_training)
SELECT 'p' || revision, 'm', study_id, 'T1', 0.02, 0.25, false FROM idh.study
"""


def predict(platform: Platform) -> None:
    """Store a prediction for each study, as if a champion had made it."""
    run_sql(platform, PREDICT, version=preprocessing_version(platform))


def stored_documents(platform: Platform) -> list[Dataset]:
    keys = run_sql(platform, "SELECT object_key FROM idh.document ORDER BY created_at")
    return [dcmread(BytesIO(platform.store.get(key))) for (key,) in keys]


def report_of_the_patient(platform: Platform, **changes: object) -> list[dict[str, object]]:
    """Return the laboratory's rows for the only patient, who had surgery on the day of the study."""
    [(issuer, identifier, birth_date, sex, shifted)] = run_sql(platform, PATIENT)
    key = platform.pseudonymiser.patient(issuer, identifier)
    day = shifted + timedelta(days=platform.pseudonymiser.shift_days(key))
    who = {"issuer": issuer, "patient_id": identifier, "birth_date": birth_date or "", "sex": sex or ""}
    return report(**who | {"surgery_date": day} | changes)


def test_w04_an_amended_label_and_a_revised_study_lead_to_new_documents_and_change_none(platform: Platform) -> None:
    instances = study()
    drop(platform, "one", instances[:3])
    night.ingest(platform, ("bucket",))  # other tests have left studies in the PACS
    predict(platform)
    assert documents.write_documents(platform) == 1
    assert documents.write_documents(platform) == 0
    linked(platform, report_of_the_patient(platform, assays=MUTANT))
    assert documents.write_documents(platform) == 1
    drop(platform, "late", instances)
    night.ingest(platform, ("bucket",))  # other tests have left studies in the PACS
    predict(platform)
    assert documents.write_documents(platform) == 1

    first, second, third = stored_documents(platform)
    assert "PredecessorDocumentsSequence" not in first
    for new, old in ((second, first), (third, second)):
        predecessor = new.PredecessorDocumentsSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence[0]
        assert predecessor.ReferencedSOPInstanceUID == old.SOPInstanceUID
    assert "IDH-mutant" in str(second)
    assert "'0.25'" in str(first), "the document states the calibrated probability"
    assert "IDH-mutant" not in str(first)
    assert "research use" in first.SeriesDescription


def test_no_pseudonym_is_printed_as_a_warning(platform: Platform, recwarn: pytest.WarningsRecorder) -> None:
    drop(platform, "one", study())
    night.ingest(platform, ("bucket",))  # other tests have left studies in the PACS
    predict(platform)
    assert documents.write_documents(platform) == 1
    [document] = stored_documents(platform)
    assert document.PatientName
    assert not [w for w in recwarn if str(document.PatientName) in str(w.message)]


def test_a_document_whose_predictions_hold_no_longer_is_superseded_once_and_again_when_they_hold(
    platform: Platform,
) -> None:
    drop(platform, "one", study())
    night.ingest(platform, ("bucket",))  # other tests have left studies in the PACS
    [(study_id,)] = run_sql(platform, "SELECT study_id FROM idh.study")
    study_judgements.exclude(platform, study_id, ImageFault.MOTION, "ghosts", "mary")
    assert documents.write_documents(platform) == 0, "there is no document to supersede"
    study_judgements.take_in(platform, study_id, "a slip", "mary")
    predict(platform)
    written = [documents.write_documents(platform)]
    study_judgements.exclude(platform, study_id, ImageFault.MOTION, "ghosts", "mary")
    written += [documents.write_documents(platform), documents.write_documents(platform)]
    study_judgements.take_in(platform, study_id, "the repetition is sharp", "mary")
    written += [documents.write_documents(platform)]
    run_sql(platform, "UPDATE idh.patch SET code = 'W_ROI_PROPOSED', reason = 'taken back'")
    written += [documents.write_documents(platform), documents.write_documents(platform)]
    assert written == [1, 1, 0, 1, 1, 0]
    stated = ["Withdrawn: study excluded" in str(document) for document in stored_documents(platform)]
    assert stated == [False, True, False, True]
    last, before = stored_documents(platform)[-1], stored_documents(platform)[-2]
    [predecessor] = last.PredecessorDocumentsSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence
    assert predecessor.ReferencedSOPInstanceUID == before.SOPInstanceUID
    assert "0.25" not in str(last)


def test_a_document_is_a_valid_report_without_identifiers(platform: Platform) -> None:
    instances = study()
    drop(platform, "one", instances)
    night.ingest(platform, ("bucket",))  # other tests have left studies in the PACS
    predict(platform)
    documents.write_documents(platform)
    [document] = stored_documents(platform)
    parsed = highdicom.sr.srread(BytesIO(_bytes(document)))
    [group] = parsed.content.get_image_measurement_groups()
    assert np.isclose(group.get_measurements()[0].value, 0.25)
    [identity] = run_sql(platform, "SELECT issuer, identifier FROM phi.patient_identity")
    assert document.PatientID == platform.pseudonymiser.patient(*identity)
    assert str(instances[0].PatientName) not in str(document)


def _bytes(ds: Dataset) -> bytes:
    buffer = BytesIO()
    ds.save_as(buffer)
    return buffer.getvalue()
