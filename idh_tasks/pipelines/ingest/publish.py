"""Writes the objects of a study to the store: series, tumour outline and, where a setting asks for them, originals."""

from idh_tasks.domain.study import SeriesRecord, StudyRecord
from idh_tasks.intake.transport.archive import packed_pieces
from idh_tasks.pipelines.ingest.received_study import ReceivedStudy
from idh_tasks.pipelines.ingest.series_archive import SeriesArchive
from idh_tasks.pipelines.platform import Platform
from idh_tasks.store import keys
from idh_tasks.store.content import Scratch


def publish_series(platform: Platform, study: StudyRecord, archive: SeriesArchive) -> SeriesRecord:
    """Store the archive of a series and return its record."""
    key, named = keys.series(study.study_id, study.content_hash, archive.series_id), archive.named
    platform.store.put_file(key, archive.content)
    return SeriesRecord(
        archive.series_id,
        named.identification,
        key,
        archive.sha256,
        len(archive.instances),
        named.fault,
        named.slice_geometry,
        archive.protocol,
        named.physics,
    )


def publish_roi(platform: Platform, study: StudyRecord, roi: bytes) -> str:
    """Store the mask that came with a study and return its key."""
    key = keys.roi(study.study_id, study.content_hash)
    platform.store.put(key, roi)
    return key


def publish_originals(platform: Platform, received: ReceivedStudy, study: StudyRecord) -> None:
    """Store the delivered files, encrypted, if a setting asks for them (PS3.15 E.3)."""
    if not platform.settings.keep_originals:
        return
    files = ((f"{number:06d}.dcm", instance.file.read()) for number, instance in enumerate(received.instances))
    key = keys.original(study.study_id, study.content_hash)
    platform.store.put_file(key, Scratch().of(platform.vault.sealed(packed_pieces(files))))
