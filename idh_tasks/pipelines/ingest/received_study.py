"""The instances of one study of a delivery, and the record that is made of it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from pydicom import Dataset

from idh_tasks.codes import Code
from idh_tasks.db.identities import Identity
from idh_tasks.db.quarantine import QuarantineEntry
from idh_tasks.dicom.dates import parse_date
from idh_tasks.domain.study import StudyId, StudyRecord
from idh_tasks.errors import StudyQuarantinedError
from idh_tasks.intake.naming.series import OUTLINES
from idh_tasks.pipelines.ingest.admission import seal_instance
from idh_tasks.pipelines.ingest.instances import (
    DeidentifiedInstance,
    ReceivedInstance,
    deidentify_instance,
    received_file,
)
from idh_tasks.pipelines.platform import Platform
from idh_tasks.store.objects import sha256

DAYS_PER_YEAR = 365.25


@dataclass(frozen=True)
class ReceivedStudy:
    """The instances of one study of a delivery, with the patient whom they identify.

    `whole` states that these are all instances that the archive holds of the study.
    """

    study_id: StudyId
    identity: Identity
    instances: tuple[ReceivedInstance, ...]
    roi: bytes | None
    item_id: str | None
    whole: bool = False

    @property
    def first_image(self) -> Dataset:
        """Return the header of an image of the study."""
        return next(instance.header for instance in self.instances if _is_image(instance))


def group_by_study(instances: Iterable[ReceivedInstance]) -> Iterator[tuple[str, tuple[ReceivedInstance, ...]]]:
    """Yield the UID and the instances of each study that holds an image."""
    groups: dict[str, list[ReceivedInstance]] = defaultdict(list)
    for instance in instances:
        groups[str(instance.header.StudyInstanceUID)].append(instance)
    for uid, group in sorted(groups.items()):
        if any(map(_is_image, group)):
            yield uid, tuple(group)


def _is_image(instance: ReceivedInstance) -> bool:
    return instance.header.SOPClassUID not in OUTLINES


def deidentified_instances(
    platform: Platform, study: ReceivedStudy
) -> tuple[dict[str, DeidentifiedInstance], list[QuarantineEntry]]:
    """Return the instances as they are stored; one that came twice with different bytes is quarantined."""
    instances: dict[str, DeidentifiedInstance] = {}
    duplicates = []
    for received in study.instances:
        instance = received.deidentified
        if instance is None or received.patient != study.identity.patient_key:
            instance = deidentify_instance(platform, received.header, study.identity.patient_key)
        first = instances.setdefault(instance.instance_id, instance)
        if first.content != instance.content:
            duplicates.append(conflict_entry(platform, study, received.header))
    return instances, duplicates


def conflict_entry(platform: Platform, study: ReceivedStudy, header: Dataset) -> QuarantineEntry:
    """Quarantine an instance that is already known with different bytes."""
    content = received_file(header)
    reason = f"known with different bytes; this copy, {sha256(content)[:12]}, is quarantined, the first one stays"
    return seal_instance(platform, content, Code.E_SOP_CONFLICT, reason, study.item_id)


def study_record(platform: Platform, study: ReceivedStudy, content_hash: str) -> StudyRecord:
    """Return the record of a study without its series.

    Raises
    ------
    StudyQuarantinedError
        ``E_STUDY_DATE`` if the header has no valid study date.
    """
    header, patient = study.first_image, study.identity.patient_key
    study_date, birth_date = parse_date(header.get("StudyDate")), study.identity.birth_date
    if study_date is None:
        raise StudyQuarantinedError(Code.E_STUDY_DATE, "the header has no valid study date")
    return StudyRecord(
        study_id=study.study_id,
        patient_key=patient,
        content_hash=content_hash,
        study_date=platform.pseudonymiser.shifted(patient, study_date),
        age_years=_age_years(birth_date, study_date),
        manufacturer=str(header.get("Manufacturer") or "unknown"),
        series=(),
        roi_key=None,
    )


def _age_years(birth_date: date | None, study_date: date) -> float | None:
    if birth_date is None or birth_date > study_date:
        return None
    return round((study_date - birth_date).days / DAYS_PER_YEAR, 1)
