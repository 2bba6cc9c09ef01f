"""Names the series of a delivery together with those that are stored already.

A stored series is decided again from what it stated when it was delivered, so that the same series end with the same
answers in whatever order they arrive. What a reviewer has named is decided again as well, and keeps its name if the
conclusion about which the reviewer was asked is still the same. What then is not sure, a local rule may name: an active
one a series that the delivery touches, a stored series only the rule by which it has its name already.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pydicom import Dataset

from idh_tasks.domain.series_name import ReviewedName, concluded, named
from idh_tasks.domain.series_rule import RuleState, SeriesRule, ruled, unruled
from idh_tasks.domain.study import Identification, InstanceRecord, SeriesId, SeriesRecord
from idh_tasks.intake.naming.acquisition import read_acquisition
from idh_tasks.intake.naming.series import NamedSeries
from idh_tasks.intake.naming.study import StudySeries
from idh_tasks.intake.naming.study_series import settle
from idh_tasks.pipelines.ingest.instances import DeidentifiedInstance
from idh_tasks.pipelines.ingest.series_archive import SeriesArchive


@dataclass(frozen=True)
class GivenNames:
    """What people have decided: the names that reviewers gave series of the study, and the local rules."""

    reviewed: Mapping[SeriesId, Sequence[ReviewedName]]
    rules: Sequence[SeriesRule]

    def without(self, series: SeriesRecord) -> Identification:
        """Return what the platform had concluded about a stored series."""
        return concluded(unruled(series.identification), self.reviewed.get(series.series_id, ()))

    def new(self, archive: SeriesArchive, one: NamedSeries) -> Identification:
        """Return the identification of a series that the delivery touches."""
        active = [rule for rule in self.rules if rule.state is RuleState.ACTIVE]
        by_reviewer = named(one.identification, self.reviewed.get(archive.series_id, ()))
        return ruled(by_reviewer, archive.protocol, one.physics, active)

    def kept(self, series: SeriesRecord, one: Identification) -> Identification:
        """Return the identification of a stored series: a rule that it has not yet names it only by decision."""
        by = series.identification.ruled
        own = [rule for rule in self.rules if by and rule.rule_id == by.rule_id]
        return ruled(named(one, self.reviewed.get(series.series_id, ())), series.protocol, series.physics, own)


def settle_study(
    archives: Sequence[SeriesArchive],
    unchanged: Sequence[SeriesRecord],
    known: Mapping[str, InstanceRecord],
    merged: Mapping[str, DeidentifiedInstance],
    given: GivenNames,
) -> tuple[list[SeriesArchive], list[SeriesRecord]]:
    """Return the archives and the unchanged series with the identification that the whole study gives them."""
    headers = _headers(known, merged)
    stored = [StudySeries(given.without(one), read_acquisition(headers[one.series_id])) for one in unchanged]
    settled, identifications = settle([archive.named for archive in archives], stored)
    return (
        [
            replace(archive, named=replace(one, identification=given.new(archive, one)))
            for archive, one in zip(archives, settled, strict=True)
        ],
        [
            replace(record, identification=given.kept(record, one))
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
