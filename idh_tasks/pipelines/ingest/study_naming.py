"""Names the series of a delivery together with those that are stored already.

A stored series is decided again from what it stated when it was delivered, so that the same series end with the same
answers in whatever order they arrive.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from pydicom import Dataset

from idh_tasks.domain.study import InstanceRecord, SeriesId, SeriesRecord
from idh_tasks.intake.naming.acquisition import read_acquisition
from idh_tasks.intake.naming.study import StudySeries
from idh_tasks.intake.naming.study_series import settle
from idh_tasks.pipelines.ingest.instances import DeidentifiedInstance
from idh_tasks.pipelines.ingest.series_archive import SeriesArchive


def settle_study(
    archives: Sequence[SeriesArchive],
    unchanged: Sequence[SeriesRecord],
    known: Mapping[str, InstanceRecord],
    merged: Mapping[str, DeidentifiedInstance],
) -> tuple[list[SeriesArchive], list[SeriesRecord]]:
    """Return the archives and the unchanged series with the identification that the whole study gives them."""
    headers = _headers(known, merged)
    stored = [StudySeries(record.identification, read_acquisition(headers[record.series_id])) for record in unchanged]
    named, identifications = settle([archive.named for archive in archives], stored)
    return (
        [replace(archive, named=one) for archive, one in zip(archives, named, strict=True)],
        [replace(record, identification=one) for record, one in zip(unchanged, identifications, strict=True)],
    )


def _headers(
    known: Mapping[str, InstanceRecord], merged: Mapping[str, DeidentifiedInstance]
) -> dict[SeriesId, list[Dataset]]:
    headers: dict[SeriesId, list[Dataset]] = defaultdict(list)
    for instance_id, record in known.items():
        if instance_id in merged:
            headers[record.series_id].append(merged[instance_id].header)
    return headers
