"""Series whose names are not sure: the questions about them, and what reviewers have named them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from idh_tasks.db.engine import Transaction, json_rows
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.domain.series_name import ReviewedName, named_evidence
from idh_tasks.domain.study import SeriesId, StudyId

CHOICES = tuple(sequence.value for sequence in MrSequence)


@dataclass(frozen=True)
class DoubtfulSeries:
    """A series to ask about: what the platform concluded, as the reviewer sees it, and a hash of it."""

    series_id: SeriesId
    evidence_hash: str
    detail: Mapping[str, object]


def request(transaction: Transaction, study_id: StudyId, doubtful: Sequence[DoubtfulSeries]) -> None:
    """Open the questions about a study's series; those that no longer arise become moot."""
    rows = json_rows(vars(one) for one in doubtful)
    transaction.run("series_names/request_series_names", study_id=study_id, rows=rows, options=list(CHOICES))


def reviewed(transaction: Transaction, study_id: StudyId) -> dict[SeriesId, list[ReviewedName]]:
    """Return what reviewers have named the series of a study, for each conclusion about which they were asked."""
    names: dict[SeriesId, list[ReviewedName]] = defaultdict(list)
    for one in transaction.all(ReviewedName, "series_names/select_series_names", study_id=study_id):
        names[one.series_id].append(one)
    return names


def give(transaction: Transaction, series_id: SeriesId, detail: Mapping[str, object], sequence: str) -> bool:
    """Make a revision of the study in which the series has the name that a reviewer gave.

    Returns False, and changes nothing, if the platform concludes something else about the series by now.

    Parameters
    ----------
    detail
        That of the question.
    """
    evidence = named_evidence(str(detail["evidence"]), sequence)
    asked = {"present_sequence": detail["concluded"], "present_evidence": detail["evidence"]}
    values = {"study_id": detail["study"], "series_id": series_id, "sequence": sequence, "evidence": evidence}
    return transaction.column(bool, "series_names/name_series", **asked, **values) == [True]
