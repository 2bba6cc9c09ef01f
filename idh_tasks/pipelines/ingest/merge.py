"""Compares a delivery with the stored study, if there is one: late instances, repeated ones, and conflicts."""

from collections.abc import Mapping
from io import BytesIO

from pydicom import dcmread

from idh_tasks.db.studies import StoredStudy
from idh_tasks.domain.study import InstanceRecord, SeriesRecord
from idh_tasks.intake.transport.archive import unzip
from idh_tasks.pipelines.ingest.instances import DeidentifiedInstance
from idh_tasks.pipelines.platform import Platform


def conflicts(
    received: Mapping[str, DeidentifiedInstance], known: Mapping[str, InstanceRecord], profile: str
) -> set[str]:
    """Return the instances that are known with different bytes; only files made by the same code are compared."""
    return {
        instance_id
        for instance_id, instance in received.items()
        if instance_id in known
        and known[instance_id].profile == profile
        and known[instance_id].sha256 != instance.sha256
    }


def adds_nothing(received: Mapping[str, DeidentifiedInstance], known: Mapping[str, InstanceRecord]) -> bool:
    """Return whether every instance is known with the very same bytes."""
    return all(
        instance_id in known and known[instance_id].sha256 == instance.sha256
        for instance_id, instance in received.items()
    )


def stored_instances(platform: Platform, study: StoredStudy) -> dict[str, DeidentifiedInstance]:
    """Read the instances that a study already holds."""
    instances = {}
    for series in study.series:
        archive = unzip(platform.store.get_checked(series.object_key, series.sha256))
        for name, content in archive.items():
            instance = _stored_instance(name.removesuffix(".dcm"), content)
            instances[instance.instance_id] = instance
    return instances


def _stored_instance(instance_id: str, content: bytes) -> DeidentifiedInstance:
    header = dcmread(BytesIO(content))
    return DeidentifiedInstance(header, instance_id, str(header.SeriesInstanceUID), content, new=False)


def unchanged_series(
    study: StoredStudy, known: Mapping[str, InstanceRecord], untouched: set[str]
) -> list[SeriesRecord]:
    """Return the series of a stored study that stay as they are."""
    series_ids = {known[instance_id].series_id for instance_id in untouched if instance_id in known}
    return [series for series in study.series if series.series_id in series_ids]
