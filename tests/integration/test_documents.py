"""What a champion says becomes a document; a change makes a new one that names the old."""

from datetime import timedelta
from io import BytesIO

import highdicom
import numpy as np
from pydicom import Dataset, dcmread
from sqlalchemy import text

from idh_tasks.pipelines.ingest import night
from idh_tasks.pipelines.platform import Platform, preprocessing_version
from idh_tasks.pipelines.predict import documents
from tests.hospital import drop, study
from tests.integration.test_link import linked, report

MUTANT = (("IDH1 R132H IHC", "positive"),)

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


def predicted(platform: Platform) -> None:
    with platform.database.begin() as transaction:
        transaction._connection.execute(text(PREDICT), {"version": preprocessing_version(platform)})


def written(platform: Platform) -> list[Dataset]:
    with platform.database.begin() as transaction:
        keys = (
            transaction._connection.execute(text("SELECT object_key FROM idh.document ORDER BY created_at"))
            .scalars()
            .all()
        )
    return [dcmread(BytesIO(platform.store.get(key))) for key in keys]


def identified(platform: Platform, **changes: object) -> list[dict[str, object]]:
    with platform.database.begin() as transaction:
        who = transaction._connection.execute(
            text("SELECT issuer, identifier, birth_date FROM phi.patient_identity")
        ).one()
        row = transaction._connection.execute(text("SELECT study_date FROM idh.study")).scalar_one()
        sex = transaction._connection.execute(text("SELECT sex FROM idh.patient")).scalar_one()
    key = platform.pseudonymiser.patient(who.issuer, who.identifier)
    day = row + timedelta(days=platform.pseudonymiser.shift_days(key))
    given = {"issuer": who.issuer, "patient_id": who.identifier, "birth_date": who.birth_date or "", "sex": sex or ""}
    return report(**given | {"surgery_date": day} | changes)


def test_w04_an_amended_label_and_a_revised_study_supersede_and_never_edit(platform: Platform) -> None:
    instances = study()
    drop(platform, "one", instances[:3])
    night.ingest(platform)
    predicted(platform)
    assert documents.write_documents(platform) == 1
    assert documents.write_documents(platform) == 0
    linked(platform, identified(platform, assays=MUTANT))
    assert documents.write_documents(platform) == 1
    drop(platform, "late", instances)
    night.ingest(platform)
    predicted(platform)
    assert documents.write_documents(platform) == 1

    first, second, third = written(platform)
    assert "PredecessorDocumentsSequence" not in first
    for new, old in ((second, first), (third, second)):
        named = new.PredecessorDocumentsSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence[0]
        assert named.ReferencedSOPInstanceUID == old.SOPInstanceUID
    assert "IDH-mutant" in str(second)
    assert "'0.25'" in str(first), "the calibrated probability is told"
    assert "IDH-mutant" not in str(first)
    assert "research use" in first.SeriesDescription


def test_a_document_is_a_valid_report_without_identifiers(platform: Platform) -> None:
    instances = study()
    drop(platform, "one", instances)
    night.ingest(platform)
    predicted(platform)
    documents.write_documents(platform)
    [found] = written(platform)
    parsed = highdicom.sr.srread(BytesIO(_bytes(found)))
    [group] = parsed.content.get_image_measurement_groups()
    assert np.isclose(group.get_measurements()[0].value, 0.25)
    assert found.PatientID == platform.pseudonymiser.patient(*_identity(platform))
    assert str(instances[0].PatientName) not in str(found)


def _bytes(ds: Dataset) -> bytes:
    buffer = BytesIO()
    ds.save_as(buffer)
    return buffer.getvalue()


def _identity(platform: Platform) -> tuple[str, str]:
    with platform.database.begin() as transaction:
        row = transaction._connection.execute(text("SELECT issuer, identifier FROM phi.patient_identity")).one()
    return row.issuer, row.identifier
