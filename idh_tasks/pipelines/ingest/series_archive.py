"""The series of a study as archives of de-identified files."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from idh_tasks.domain.study import SeriesId
from idh_tasks.intake.naming.series import NamedSeries, name_series
from idh_tasks.intake.transport.archive import pack
from idh_tasks.pipelines.ingest.instances import DeidentifiedInstance
from idh_tasks.pipelines.platform import Platform
from idh_tasks.store.objects import sha256


@dataclass(frozen=True)
class SeriesArchive:
    """One series as an archive of its de-identified files, by instance id."""

    series_id: SeriesId
    named: NamedSeries
    files: Mapping[str, bytes]

    @cached_property
    def content(self) -> bytes:
        """Return the archive, bit-identical for the same files."""
        return pack({f"{instance_id}.dcm": content for instance_id, content in self.files.items()})

    @cached_property
    def sha256(self) -> str:
        """Return the hash of the archive."""
        return sha256(self.content)


def pack_series(platform: Platform, merged: Mapping[str, DeidentifiedInstance]) -> tuple[list[SeriesArchive], set[str]]:
    """Name and pack every series that the delivery touched; return them and the instances of all other series."""
    groups: dict[str, dict[str, DeidentifiedInstance]] = defaultdict(dict)
    for instance_id, instance in merged.items():
        groups[instance.series_uid][instance_id] = instance
    archives: list[SeriesArchive] = []
    untouched: set[str] = set()
    for uid, group in sorted(groups.items()):
        if any(instance.new for instance in group.values()):
            archives.extend(_archives(platform, uid, group))
        else:
            untouched |= set(group)
    return archives, untouched


def _archives(platform: Platform, uid: str, group: Mapping[str, DeidentifiedInstance]) -> Iterable[SeriesArchive]:
    # Received headers first: the stored ones no longer have a series description.
    ordered = sorted(group.values(), key=lambda instance: not instance.new)
    by_header = {id(instance.header): instance for instance in ordered}
    for named in name_series([instance.header for instance in ordered]):
        instances = [by_header[id(header)] for header in named.instances]
        files = {instance.instance_id: instance.content for instance in instances}
        yield SeriesArchive(platform.pseudonymiser.series(f"{uid} {named.label}".strip()), named, files)
