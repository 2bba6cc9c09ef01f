"""The series of a study as archives of de-identified files."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from pydicom import Dataset

from idh_tasks.domain.study import SeriesId
from idh_tasks.intake.naming.name import normalised
from idh_tasks.intake.naming.physics import series_name
from idh_tasks.intake.naming.series import NamedSeries, name_series
from idh_tasks.intake.transport.archive import pack_instances
from idh_tasks.pipelines.ingest.instances import DeidentifiedInstance
from idh_tasks.pipelines.platform import Platform
from idh_tasks.store.content import Scratch, file_digest


@dataclass(frozen=True)
class SeriesArchive:
    """One series as an archive of its de-identified instances, by id; `protocol` as in `SeriesRecord`."""

    series_id: SeriesId
    named: NamedSeries
    instances: Mapping[str, DeidentifiedInstance]
    content: BinaryIO
    sha256: str
    protocol: str


def pack_series(
    platform: Platform, merged: Mapping[str, DeidentifiedInstance], scratch: Scratch
) -> tuple[list[SeriesArchive], set[str]]:
    """Name and pack every series that the delivery touched; return them and the instances of all other series."""
    groups: dict[str, dict[str, DeidentifiedInstance]] = defaultdict(dict)
    for instance_id, instance in merged.items():
        groups[instance.series_uid][instance_id] = instance
    archives: list[SeriesArchive] = []
    untouched: set[str] = set()
    for uid, group in sorted(groups.items()):
        if any(instance.new for instance in group.values()):
            archives.extend(_archives(platform, uid, group, scratch))
        else:
            untouched |= set(group)
    return archives, untouched


def _archives(
    platform: Platform, uid: str, group: Mapping[str, DeidentifiedInstance], scratch: Scratch
) -> Iterable[SeriesArchive]:
    # Received headers first: the stored ones no longer have a series description.
    ordered = sorted(group.values(), key=lambda instance: not instance.new)
    some_stored = not all(instance.new for instance in ordered)
    headers = [_as_stored(platform, one.header) if one.new and some_stored else one.header for one in ordered]
    by_header = {id(header): instance for header, instance in zip(headers, ordered, strict=True)}
    for named in name_series(headers):
        instances = {one.instance_id: one for one in (by_header[id(header)] for header in named.instances)}
        content = _packed(instances, scratch)
        series_id = platform.pseudonymiser.series(f"{uid} {named.label}".strip())
        protocol = _protocol(platform, headers, named.label)
        yield SeriesArchive(series_id, named, instances, content, file_digest(content, "sha256").hex(), protocol)


def _protocol(platform: Platform, headers: Sequence[Dataset], label: str) -> str:
    """Return the keyed token of a protocol; its description may name a patient, so that nothing else is kept of it."""
    stated = sorted((_normalised(ds, "Manufacturer"), normalised(series_name(ds))) for ds in headers)
    manufacturer, description = next((pair for pair in stated if pair[1]), ("", ""))
    return platform.pseudonymiser.token("protocol", manufacturer, description, label) if description else ""


def _normalised(ds: Dataset, keyword: str) -> str:
    return normalised(str(ds.get(keyword) or ""))


def _packed(instances: Mapping[str, DeidentifiedInstance], scratch: Scratch) -> BinaryIO:
    """Return the archive of the files; the same files give the same bytes, as long as the codecs do."""
    files = {f"{name}.dcm": instance.content for name, instance in instances.items()}
    archive = scratch.part()
    pack_instances(archive, ((name, files[name].read()) for name in sorted(files)))
    return archive


def _as_stored(platform: Platform, received: Dataset) -> Dataset:
    """Return a received header with the frame of reference that stored instances state."""
    header = Dataset()
    for element in received:
        header.add(element)
    header.file_meta = received.file_meta
    if received.get("FrameOfReferenceUID"):
        header.FrameOfReferenceUID = platform.pseudonymiser.uid(str(received.FrameOfReferenceUID))
    return header
