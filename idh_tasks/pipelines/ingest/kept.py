"""What is kept of a study beside its series: a header for its documents, and the manifest of its instances.

The manifest is an object, of which the database holds the hash: a row per instance would be most of the database.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping

from idh_tasks.db import studies, study_headers
from idh_tasks.db.engine import Transaction
from idh_tasks.db.studies import StoredStudy
from idh_tasks.delivery.evidence import evidence
from idh_tasks.domain.study import InstanceRecord, SeriesId, SeriesRecord, StudyId
from idh_tasks.pipelines.ingest.series_archive import SeriesArchive
from idh_tasks.pipelines.platform import Platform
from idh_tasks.store import keys
from idh_tasks.store.objects import sha256

Known = Mapping[str, InstanceRecord]
"""The instances of a study by their id."""


def keep_header(
    transaction: Transaction, study_id: StudyId, series: Collection[SeriesRecord], archives: Collection[SeriesArchive]
) -> None:
    """Keep a header of the first series that was stored just now: it names the study's present patient."""
    stored = {archive.series_id: archive for archive in archives}
    preferred = sorted((one for one in series if one.series_id in stored), key=lambda one: one.preference)
    for one in preferred[:1]:
        instances = stored[one.series_id].instances
        study_headers.save(transaction, study_id, evidence(instances[min(instances)].content.read()))


def known_instances(platform: Platform, transaction: Transaction, stored: StoredStudy | None) -> Known:
    """Return the instances of a study, which must be locked.

    Raises
    ------
    IdhError
        ``E_HASH`` if the manifest does not have the recorded hash.
    """
    if stored is None:
        return {}
    if stored.manifest_sha256 is None:
        return studies.recorded_instances(transaction, stored.study_id)
    key = keys.manifest(stored.study_id, stored.manifest_sha256)
    return read_manifest(platform.store.get_checked(key, stored.manifest_sha256))


def keep_manifest(platform: Platform, transaction: Transaction, study_id: StudyId, present: Known) -> None:
    """Store the manifest of a locked study: the object first, then its hash."""
    content = write_manifest(present.values())
    platform.store.put(keys.manifest(study_id, sha256(content)), content)
    studies.record_manifest(transaction, study_id, sha256(content))


def write_manifest(records: Collection[InstanceRecord]) -> bytes:
    """Return a manifest: hashes by series, profile and instance; bit-identical for the same instances."""
    tree: dict[str, dict[str, dict[str, str]]] = defaultdict(lambda: defaultdict(dict))
    for record in records:
        tree[record.series_id][record.profile][record.instance_id] = record.sha256
    return json.dumps(tree, sort_keys=True, separators=(",", ":")).encode()


def read_manifest(content: bytes) -> dict[str, InstanceRecord]:
    """Return the instances that a manifest lists, by their id."""
    return {
        instance_id: InstanceRecord(instance_id, SeriesId(series_id), digest, profile)
        for series_id, profiles in json.loads(content).items()
        for profile, instances in profiles.items()
        for instance_id, digest in instances.items()
    }
