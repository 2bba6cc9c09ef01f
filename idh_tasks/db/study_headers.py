"""The header that is kept of each study, for its documents."""

from idh_tasks.db.engine import Transaction
from idh_tasks.domain.study import StudyId


def find(transaction: Transaction, study_id: StudyId) -> bytes | None:
    """Return the header of a study, or None if it was stored before headers were kept."""
    row = transaction.one("study_headers/select_header", study_id=study_id)
    return bytes(row["header"]) if row else None


def save(transaction: Transaction, study_id: StudyId, header: bytes) -> None:
    """Keep the header of a study that was stored just now."""
    transaction.run("study_headers/upsert_header", study_id=study_id, header=header)


def fill(transaction: Transaction, study_id: StudyId, header: bytes) -> None:
    """Keep the header of a study that has none: one that was stored since may name another patient, and stays."""
    transaction.run("study_headers/insert_header", study_id=study_id, header=header)
