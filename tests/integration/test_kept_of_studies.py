"""What is kept of a study beside its series: manifest and header, also of studies that were stored before these."""

from collections.abc import Iterator

import pytest

from idh_tasks.pipelines.ingest import night
from idh_tasks.pipelines.platform import Platform
from idh_tasks.pipelines.predict import documents
from idh_tasks.store.objects import ObjectStore
from tests.database import run_sql
from tests.factories import MARKER_ID
from tests.hospital import count, drop, outcomes, stored, stored_instances, study
from tests.integration.test_documents import predict

TO_ROWS = """
INSERT INTO idh.instance (study_id, instance_id, series_id, sha256, profile)
SELECT t.study_id, i.key, s.key, i.value #>> '{}', p.key
FROM idh.study AS t
CROSS JOIN jsonb_each(CAST(:manifest AS jsonb)) AS s
CROSS JOIN jsonb_each(s.value) AS p
CROSS JOIN jsonb_each(p.value) AS i;
UPDATE idh.study SET manifest_sha256 = NULL
"""
"""As version 0047 left it."""


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the list to which the sizes of objects that are read are added."""
    sizes: list[int] = []
    stream = ObjectStore.stream

    def counted(store: ObjectStore, key: str, etag: str | None = None) -> Iterator[bytes]:
        for piece in stream(store, key, etag):
            sizes.append(len(piece))
            yield piece

    monkeypatch.setattr(ObjectStore, "stream", counted)
    return sizes


def as_before(platform: Platform) -> None:
    [(study_id, digest)] = run_sql(platform, "SELECT study_id, manifest_sha256 FROM idh.study")
    manifest = platform.store.get(f"studies/{study_id}/{digest[:24]}.manifest")
    run_sql(platform, TO_ROWS, manifest=manifest.decode())


def test_a_study_that_was_stored_before_manifests_is_known_and_gets_one_with_its_next_instances(
    platform: Platform,
) -> None:
    instances = study()
    drop(platform, "one", instances[:3])
    night.ingest(platform, ("bucket",))  # other tests have left studies in the PACS
    as_before(platform)
    assert count(platform, "idh.instance") == 3
    drop(platform, "again", instances[:3])
    night.ingest(platform, ("bucket",))  # other tests have left studies in the PACS
    assert (stored(platform).revision, count(platform, "idh.instance")) == (1, 3)
    drop(platform, "late", instances)
    night.ingest(platform, ("bucket",))  # other tests have left studies in the PACS
    assert (stored(platform).revision, count(platform, "idh.instance")) == (2, 0)
    assert len(stored_instances(platform)) == 4


def test_a_known_delivery_changes_neither_manifest_nor_series(platform: Platform) -> None:
    drop(platform, "one", study())
    night.ingest(platform, ("bucket",))  # other tests have left studies in the PACS
    before = stored(platform)
    drop(platform, "again", study())
    night.ingest(platform, ("bucket",))  # other tests have left studies in the PACS
    assert outcomes(platform)["unchanged"] == 1
    assert stored(platform) == before


def test_a_document_reads_no_series_and_one_of_an_older_study_only_once(platform: Platform, read: list[int]) -> None:
    drop(platform, "one", study())
    night.ingest(platform, ("bucket",))  # other tests have left studies in the PACS
    predict(platform)
    del read[:]
    assert documents.write_documents(platform) == 1
    assert sum(read) == 0
    [(header,)] = run_sql(platform, "SELECT header FROM idh.study_header")
    assert MARKER_ID.encode() not in bytes(header)
    run_sql(platform, "DELETE FROM idh.study_header")
    run_sql(platform, "UPDATE idh.prediction SET calibrated = 0.5")
    assert documents.write_documents(platform) == 1
    assert count(platform, "idh.study_header") == 1
    del read[:]
    run_sql(platform, "UPDATE idh.prediction SET calibrated = 0.75")
    assert documents.write_documents(platform) == 1
    assert 0 < sum(read) <= 50_000, "the document before it"
