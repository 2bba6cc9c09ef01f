"""The cohort way: an archive is asked for all studies of patients who have a pathology result, whatever their date."""

import logging
from collections.abc import Sequence
from dataclasses import replace

from idh_tasks.db import selection
from idh_tasks.db.selection import CohortPatient
from idh_tasks.intake.transport.listing import PacsStudy
from idh_tasks.pipelines.ingest.selection import filter_version, select
from idh_tasks.pipelines.ingest.sources import SOURCES
from idh_tasks.pipelines.ingest.sources.items import Listing, study_items
from idh_tasks.pipelines.platform import Platform

log = logging.getLogger(__name__)

WILDCARDS = frozenset("*?\\")
"""Characters that would make a query ask for other patients, too (PS3.4 C.2.2.2.4)."""


def list_cohort(platform: Platform, source: str) -> Listing:
    """Return the studies of patients of whom the archive has not been asked since something new called for it.

    Raises
    ------
    TransientError
        If the archive cannot be asked: the patients stay to be asked.
    """
    ask, most = SOURCES[source].of_patients, platform.settings.intake.cohort_patients
    if ask is None or most == 0:
        return Listing([])
    with platform.database.begin() as transaction:
        patients = selection.patients_to_ask(transaction, source, filter_version(platform), most)
    asked = [patient for patient in patients if not WILDCARDS & set(patient.identifier)]
    answers = ask(platform, [patient.identifier for patient in asked])
    found = [
        study for patient, studies in zip(asked, answers, strict=True) for study in _own(platform, patient, studies)
    ]
    taken, excluded = select(platform, source, found)
    log.info("%s: asked for %d patients with a result, %d studies", source, len(asked), len(found))
    # Their dates say nothing about how far the archive was listed.
    items = [replace(item, position="") for item in study_items(platform, source, taken)]
    return Listing(items, excluded, asked=tuple(patients))


def _own(platform: Platform, patient: CohortPatient, studies: Sequence[PacsStudy]) -> list[PacsStudy]:
    """Return the studies that are this patient's: an archive may match more than the identifier."""
    key = platform.pseudonymiser.patient
    return [
        study
        for study in studies
        if not study.patient_id or key(study.issuer or patient.issuer, study.patient_id) == patient.patient_key
    ]
