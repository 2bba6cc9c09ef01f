"""What a delivery adds to a study that may be known: late instances, resent ones, and conflicts."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO

from pydicom import Dataset, dcmread

from idh_tasks.db.studies import StoredStudy
from idh_tasks.domain.study import InstanceRecord, SeriesId, SeriesRecord
from idh_tasks.intake.naming.series import NamedSeries, name_series
from idh_tasks.intake.transport.archive import pack, unzip
from idh_tasks.pipelines.platform import Platform
from idh_tasks.store.objects import sha256


@dataclass(frozen=True)
class Clean:
    """An instance as it is stored, with the header from which its series is named."""

    header: Dataset
    name: str
    series_uid: str
    content: bytes
    new: bool

    @cached_property
    def sha256(self) -> str:
        """Return the hash of the de-identified file."""
        return sha256(self.content)


@dataclass(frozen=True)
class Packed:
    """One series as an archive of its de-identified files, by instance id."""

    series_id: SeriesId
    named: NamedSeries
    files: Mapping[str, bytes]

    @cached_property
    def content(self) -> bytes:
        """Return the archive, bit-identical for the same files."""
        return pack({f"{name}.dcm": content for name, content in self.files.items()})

    @cached_property
    def sha256(self) -> str:
        """Return the hash of the archive."""
        return sha256(self.content)


def conflicts(fresh: Mapping[str, Clean], known: Mapping[str, InstanceRecord], profile: str) -> set[str]:
    """Return the instances that are known with other bytes; only files that the same code made compare."""
    return {
        name
        for name, clean in fresh.items()
        if name in known and known[name].profile == profile and known[name].sha256 != clean.sha256
    }


def adds_nothing(fresh: Mapping[str, Clean], known: Mapping[str, InstanceRecord]) -> bool:
    """Tell whether every instance is known with the very same bytes."""
    return all(name in known and known[name].sha256 == clean.sha256 for name, clean in fresh.items())


def stored_instances(platform: Platform, study: StoredStudy) -> dict[str, Clean]:
    """Read the instances that a study holds already."""
    found = {}
    for series in study.series:
        archive = unzip(platform.store.get_checked(series.object_key, series.sha256))
        for name, content in archive.items():
            header = dcmread(BytesIO(content))
            clean = Clean(header, name.removesuffix(".dcm"), str(header.SeriesInstanceUID), content, new=False)
            found[clean.name] = clean
    return found


def pack_series(platform: Platform, merged: Mapping[str, Clean]) -> tuple[list[Packed], set[str]]:
    """Name and pack every series that the delivery touched; return them and the instances of all others."""
    groups: dict[str, dict[str, Clean]] = defaultdict(dict)
    for name, clean in merged.items():
        groups[clean.series_uid][name] = clean
    packed: list[Packed] = []
    untouched: set[str] = set()
    for uid, group in sorted(groups.items()):
        if any(clean.new for clean in group.values()):
            packed.extend(_packed(platform, uid, group))
        else:
            untouched |= set(group)
    return packed, untouched


def _packed(platform: Platform, uid: str, group: Mapping[str, Clean]) -> Iterable[Packed]:
    # Delivered headers first: those that are stored already have lost their names.
    ordered = sorted(group.items(), key=lambda item: not item[1].new)
    by_header = {id(clean.header): clean for _, clean in ordered}
    for named in name_series([clean.header for _, clean in ordered]):
        files = {by_header[id(header)].name: by_header[id(header)].content for header in named.instances}
        yield Packed(platform.pseudonymiser.series(f"{uid} {named.label}".strip()), named, files)


def carried_over(study: StoredStudy, known: Mapping[str, InstanceRecord], untouched: set[str]) -> list[SeriesRecord]:
    """Return the series of a known study that stay as they are."""
    kept = {known[name].series_id for name in untouched if name in known}
    return [series for series in study.series if series.series_id in kept]
