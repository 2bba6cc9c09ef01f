"""Compares a delivery with the stored study, if there is one: late instances, repeated ones, and conflicts."""

from collections.abc import Collection, Iterator, Mapping
from io import BytesIO

from pydicom import dcmread

from idh_tasks.db.studies import StoredStudy
from idh_tasks.dicom.headers import Headers
from idh_tasks.domain.study import InstanceRecord, SeriesRecord
from idh_tasks.intake.transport.archive import unzipped
from idh_tasks.intake.transport.spool import Spool
from idh_tasks.pipelines.ingest.instances import DeidentifiedInstance
from idh_tasks.pipelines.platform import Platform
from idh_tasks.store.objects import sha256


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


def stored_instances(
    platform: Platform, study: StoredStudy, touched: Collection[str], spool: Spool
) -> Iterator[DeidentifiedInstance]:
    """Yield the instances that a study already holds; the contents of series that the delivery touches are kept."""
    headers = Headers()
    for series in study.series:
        archive = Spool().write(platform.store.stream_checked(series.object_key, series.sha256))
        for name, content in unzipped(archive.open()):
            header = headers.without_pixels(dcmread(BytesIO(content)))
            uid = str(header.SeriesInstanceUID)
            kept = content if uid in touched else b""
            yield DeidentifiedInstance(header, name.removesuffix(".dcm"), uid, spool.add(kept), sha256(kept))


def unchanged_series(
    study: StoredStudy, known: Mapping[str, InstanceRecord], untouched: set[str]
) -> list[SeriesRecord]:
    """Return the series of a stored study that stay as they are."""
    series_ids = {known[instance_id].series_id for instance_id in untouched if instance_id in known}
    return [series for series in study.series if series.series_id in series_ids]
