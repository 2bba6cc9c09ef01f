"""Finds a study by what the hospital calls it."""

from idh_tasks.domain.study import StudyId
from idh_tasks.pipelines.platform import Platform


def find_studies(platform: Platform, wanted: str, reader: str) -> list[StudyId]:
    """Return the studies with an accession number or a Study Instance UID; an audit event says who asked."""
    with platform.database.begin() as transaction:
        return [StudyId(found) for found in transaction.column(str, "pages/find_studies", wanted=wanted, reader=reader)]
