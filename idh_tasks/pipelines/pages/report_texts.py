"""What the reports of a question state, in the laboratory's words: read at that moment, audited, and stored nowhere."""

from dataclasses import dataclass
from typing import Any

from idh_tasks.pipelines.platform import Platform


@dataclass(frozen=True)
class ReportText:
    """One version of a report; its text may name the patient.

    `stated` holds the laboratory's number (`report_id`), status, diagnosis, its codes, specimen and assays.
    """

    report_key: str
    version: int
    stated: dict[str, Any]

    def __repr__(self) -> str:
        return f"ReportText(version {self.version})"


def read_texts(platform: Platform, review_id: str, reader: str) -> list[ReportText]:
    """Return the reports that a question is about, in the order of their versions, and record who has read them."""
    with platform.database.begin() as transaction:
        return transaction.all(ReportText, "pages/read_question", review_id=review_id, reader=reader)
