"""A PACS that is not there: what it would answer to the queries of a night."""

from collections.abc import Iterator, Sequence

from idh_tasks.endpoints import PacsSettings
from idh_tasks.intake.transport.listing import PacsStudy, StudyContents

PACS = PacsSettings(host="localhost", port=1, called_aet="ARCHIVE", calling_aet="IDH", private_network=True)
LISTED = "20180501"
"""The study date of every study."""
SERIES = frozenset({("1", 1)})
"""What is listed of the series of every study: UIDs with numbers of instances."""


class Archive:
    """An archive in which some studies are new; all that it is asked for by UID, it has."""

    def __init__(self, new: Sequence[str] = ()) -> None:
        self._new = new

    def studies(self, *_: object) -> list[PacsStudy]:
        """Return what is listed of the latest dates."""
        return list(map(_study, self._new))

    def of_patients(self, _: object, identifiers: Sequence[str]) -> Iterator[list[PacsStudy]]:
        """Yield nothing: what it holds of each patient is known."""
        return iter([[] for _ in identifiers])

    def known(self, _: object, study_uids: Sequence[str]) -> list[PacsStudy]:
        """Return what is listed of known studies, as it was."""
        return list(map(_study, study_uids))

    def series(self, _: object, study_uids: Sequence[str]) -> dict[str, frozenset[tuple[str, int]]]:
        """Return the series of known studies, as they were."""
        return dict.fromkeys(study_uids, SERIES)

    def contents(self, *_: object) -> StudyContents:
        """Return nothing to be retrieved."""
        return StudyContents(frozenset(), frozenset())

    def retrieve(self, *_: object) -> None:
        """Send nothing."""


def _study(uid: str) -> PacsStudy:
    return PacsStudy(uid, LISTED, 6, 6, description="MR head")
