"""Names the series of a delivery together with those that are stored already.

A stored series is decided again from what it stated when it was delivered, so that the same series end with the same
answers in whatever order they arrive. What a reviewer has named is decided again as well, and keeps its name if the
conclusion about which the reviewer was asked is still the same.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from pydicom import Dataset

from idh_tasks.domain.series_name import ReviewedName, concluded, named
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
    reviewed: Mapping[SeriesId, Sequence[ReviewedName]],
) -> tuple[list[SeriesArchive], list[SeriesRecord]]:
    """Return the archives and the unchanged series with the identification that the whole study gives them."""
    headers = _headers(known, merged)
    names = defaultdict(list, reviewed)
    stored = [
        StudySeries(concluded(one.identification, names[one.series_id]), read_acquisition(headers[one.series_id]))
        for one in unchanged
    ]
    settled, identifications = settle([archive.named for archive in archives], stored)
    return (
        [
            replace(archive, named=replace(one, identification=named(one.identification, names[archive.series_id])))
            for archive, one in zip(archives, settled, strict=True)
        ],
        [
            replace(record, identification=named(one, names[record.series_id]))
            for record, one in zip(unchanged, identifications, strict=True)
        ],
    )


def _headers(
    known: Mapping[str, InstanceRecord], merged: Mapping[str, DeidentifiedInstance]
) -> dict[SeriesId, list[Dataset]]:
    headers: dict[SeriesId, list[Dataset]] = defaultdict(list)
    for instance_id, record in known.items():
        if instance_id in merged:
            headers[record.series_id].append(merged[instance_id].header)
    return headers
