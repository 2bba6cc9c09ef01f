"""Patches: one row a sequence and study, with a reason where there is no patch."""

import json
from dataclasses import dataclass

from idh_tasks.db.engine import Transaction
from idh_tasks.domain.sequence import MrSequence, Provenance
from idh_tasks.domain.study import StudyId


@dataclass(frozen=True)
class PatchRecord:
    """The outcome of preprocessing one sequence of one study."""

    patch_id: str
    study_id: StudyId
    revision: int
    sequence: MrSequence
    settings_hash: str
    provenance: Provenance | None = None
    object_key: str | None = None
    sha256: str | None = None
    overlap: float | None = None
    slice_index: int | None = None
    rectangle: tuple[int, ...] | None = None
    roi_mean: float | None = None
    quality: dict[str, object] | None = None
    origin: dict[str, object] | None = None
    code: str | None = None
    reason: str | None = None


def save(transaction: Transaction, patches: list[PatchRecord]) -> None:
    """Store the outcomes of one study together."""
    transaction.run_many(
        "patches/upsert_patch",
        [
            vars(p)
            | {"rectangle": list(p.rectangle) if p.rectangle else None}
            | {"quality": _json(p.quality), "origin": _json(p.origin)}
            for p in patches
        ],
    )


def _json(content: dict[str, object] | None) -> str | None:
    return None if content is None else json.dumps(content)


def due_studies(transaction: Transaction, settings_hash: str) -> list[str]:
    """Return the studies without patches of their current revision and these settings."""
    rows = transaction.rows("patches/select_studies_to_preprocess", settings_hash=settings_hash)
    return [row["study_id"] for row in rows]
