"""Documents: what the champions say of each study, written once, and anew when label, study or model change."""

import logging
from io import BytesIO
from typing import Any

from pydicom import Dataset, dcmread

from idh_tasks.db import audit, studies
from idh_tasks.domain.study import StudyId
from idh_tasks.intake.transport.archive import unzip
from idh_tasks.pipelines.platform import Platform, preprocessing_version
from idh_tasks.store import keys

log = logging.getLogger(__name__)


def write_documents(platform: Platform) -> int:
    """Write a document for every study of which it would say something new; return how many.

    A document is never changed: a new one names the one before it.
    """
    with platform.database.begin() as transaction:
        version = preprocessing_version(platform)
        rows = [dict(r) for r in transaction.rows("documents/select_predictions_to_report", settings_hash=version)]
    due = [row for row in rows if row["content_hash"] != _content_hash(row)]
    for row in due:
        _write(platform, row)
    log.info("%d documents written", len(due))
    return len(due)


def _content_hash(row: dict[str, Any]) -> str:
    said = [(p["sequence"], p["model_id"], p["probability_mutant"]) for p in row["predicted"]]
    return keys.digest(row["revision"], row["idh_status"], row["report_version"], *said)


def _write(platform: Platform, row: dict[str, Any]) -> None:
    from idh_tasks.delivery.structured_report import Named, Predicted, write_report

    study_id, content_hash, before = row["study_id"], _content_hash(row), row["document_id"]
    document_id = keys.digest(study_id, content_hash, before or "")
    uid = platform.pseudonymiser.uid
    named = Named(uid(f"document {document_id}"), uid(f"documents {document_id}"), uid("device"))
    previous = platform.store.get_checked(row["object_key"], row["sha256"]) if before else None
    said = [Predicted(**one) for one in row["predicted"]]
    content = write_report([_header(platform, study_id)], said, row["idh_status"], named, previous)
    key = keys.document(study_id, document_id)
    sha256 = platform.store.put(key, content)
    with platform.database.begin() as transaction:
        transaction.run(
            "documents/insert_document",
            document_id=document_id,
            study_id=study_id,
            revision=row["revision"],
            content_hash=content_hash,
            sop_instance_uid=named.document_uid,
            supersedes=before,
            object_key=key,
            sha256=sha256,
        )
        audit.record(transaction, "predict", "document written", document_id, study=study_id, supersedes=before)


def _header(platform: Platform, study_id: str) -> Dataset:
    """Return an instance of the study, without its pixels."""
    with platform.database.begin() as transaction:
        series = studies.get(transaction, StudyId(study_id)).series[0]
    files = unzip(platform.store.get_checked(series.object_key, series.sha256))
    return dcmread(BytesIO(next(iter(files.values()))), stop_before_pixels=True)
