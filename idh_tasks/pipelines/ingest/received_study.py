"""The instances of one study of a delivery, and the record that is made of it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from pydicom import Dataset

from idh_tasks.codes import Code
from idh_tasks.db.identities import Identity
from idh_tasks.db.quarantine import QuarantineEntry
from idh_tasks.domain.study import StudyId, StudyRecord
from idh_tasks.errors import StudyQuarantinedError
from idh_tasks.intake.transport.spool import Spool, SpooledFile
from idh_tasks.pipelines.ingest.admission import seal_instance
from idh_tasks.pipelines.ingest.agreement import is_image, most_stated, stated_dates
from idh_tasks.pipelines.ingest.instances import DeidentifiedInstance, ReceivedInstance, deidentify_again
from idh_tasks.pipelines.platform import Platform

DAYS_PER_YEAR = 365.25


@dataclass(frozen=True)
class ReceivedStudy:
    """The instances of one study of a delivery, with the patient whom they identify.

    `whole` states that these are all instances that the archive holds of the study.
    """

    study_id: StudyId
    identity: Identity
    instances: tuple[ReceivedInstance, ...]
    roi: SpooledFile | None
    item_id: str | None
    whole: bool = False

    @property
    def uid(self) -> str:
        """Return the Study Instance UID, which all instances have in common."""
        return str(self.instances[0].header.StudyInstanceUID)

    @property
    def images(self) -> list[Dataset]:
        """Return the headers of the images."""
        return [instance.header for instance in self.instances if is_image(instance.header)]


def group_by_study(instances: Iterable[ReceivedInstance]) -> Iterator[tuple[str, tuple[ReceivedInstance, ...]]]:
    """Yield the UID and the instances of each study that holds an image."""
    groups: dict[str, list[ReceivedInstance]] = defaultdict(list)
    for instance in instances:
        groups[str(instance.header.StudyInstanceUID)].append(instance)
    for uid, group in sorted(groups.items()):
        if any(is_image(instance.header) for instance in group):
            yield uid, tuple(group)


def outlines_alone(instances: Iterable[ReceivedInstance]) -> list[SpooledFile]:
    """Return the outlines of studies of which no image came with them."""
    received = list(instances)
    illustrated = {uid for uid, _ in group_by_study(received)}
    return [one.file for one in received if str(one.header.StudyInstanceUID) not in illustrated]


def deidentified_instances(
    platform: Platform, study: ReceivedStudy, spool: Spool
) -> tuple[dict[str, DeidentifiedInstance], list[QuarantineEntry]]:
    """Return the instances as they are stored; of one that came with different bytes, the others are quarantined.

    Which copy is kept depends on their bytes only: the order in which they came says nothing about which one is right.
    """
    instances: dict[str, DeidentifiedInstance] = {}
    duplicates = []
    stored = _as_stored(platform, study, spool)
    for received, instance in sorted(stored, key=lambda pair: (pair[1].instance_id, pair[1].sha256)):
        kept = instances.setdefault(instance.instance_id, instance)
        if kept.sha256 != instance.sha256:
            duplicates.append(conflict_entry(platform, study, received.file))
    return instances, duplicates


def _as_stored(
    platform: Platform, study: ReceivedStudy, spool: Spool
) -> Iterator[tuple[ReceivedInstance, DeidentifiedInstance]]:
    """Yield each instance also as it is stored for the patient of the study, whom its own header need not name."""
    for received in study.instances:
        if received.deidentified is not None and received.patient == study.identity.patient_key:
            yield received, received.deidentified
        else:
            yield received, deidentify_again(platform, received, study.identity.patient_key, spool)


def conflict_entry(platform: Platform, study: ReceivedStudy, content: SpooledFile) -> QuarantineEntry:
    """Quarantine an instance that is already known with different bytes."""
    reason = f"known with different bytes; this copy, {content.sha256[:12]}, is quarantined, the other one stays"
    return seal_instance(platform, content, Code.E_SOP_CONFLICT, reason, study.item_id)


def study_record(platform: Platform, study: ReceivedStudy, content_hash: str) -> StudyRecord:
    """Return the record of a study without its series.

    Raises
    ------
    StudyQuarantinedError
        ``E_STUDY_DATE`` if the images state no valid study date, or several.
    """
    images, patient = study.images, study.identity.patient_key
    study_date = _study_date(images)
    return StudyRecord(
        study_id=study.study_id,
        patient_key=patient,
        content_hash=content_hash,
        study_date=platform.pseudonymiser.shifted(patient, study_date),
        age_years=_age_years(study.identity.birth_date, study_date),
        manufacturer=most_stated(images, "Manufacturer") or "unknown",
        series=(),
        roi_key=None,
    )


def _study_date(images: Sequence[Dataset]) -> date:
    dates = stated_dates(images, "StudyDate")
    if len(dates) != 1:
        stated = f"{len(dates)} study dates" if dates else "no valid study date"
        raise StudyQuarantinedError(Code.E_STUDY_DATE, f"the images of the study state {stated}")
    return dates.pop()


def _age_years(birth_date: date | None, study_date: date) -> float | None:
    if birth_date is None or birth_date > study_date:
        return None
    return round((study_date - birth_date).days / DAYS_PER_YEAR, 1)
