"""Patches and quality sheets: one row per study and sequence, with a reason where there is no patch."""

import json
from dataclasses import dataclass

from idh_tasks.codes import Code
from idh_tasks.db.engine import Transaction
from idh_tasks.domain.sequence import MrSequence, Provenance
from idh_tasks.domain.study import StudyId


@dataclass(frozen=True)
class PatchRecord:
    """The outcome of preprocessing one sequence of one study: a patch, or a code and a reason."""

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
    code: Code | None = None
    reason: str | None = None


@dataclass(frozen=True)
class PatchCount:
    """How many studies have one outcome of one sequence; the code is empty for patches."""

    sequence: MrSequence
    code: str
    patches: int


@dataclass(frozen=True)
class DrawnSheet:
    """A quality sheet of one revision of a study, made with one version of code and settings."""

    study_id: StudyId
    revision: int
    settings_hash: str
    object_key: str


@dataclass(frozen=True)
class DrawnViews:
    """The pictures of a study's slices, by sequence and `outline`, and where the slices are in each."""

    study_id: StudyId
    revision: int
    settings_hash: str
    layout: dict[str, object]
    object_keys: dict[str, str]


def save(transaction: Transaction, patches: list[PatchRecord]) -> None:
    """Store the outcomes of one study together."""
    transaction.run_many("patches/upsert_patch", [_columns(patch) for patch in patches])


def _columns(patch: PatchRecord) -> dict[str, object]:
    return vars(patch) | {
        "rectangle": list(patch.rectangle) if patch.rectangle else None,
        "quality": _json(patch.quality),
        "origin": _json(patch.origin),
    }


def _json(content: dict[str, object] | None) -> str | None:
    return None if content is None else json.dumps(content)


def is_to_prepare(transaction: Transaction, study_id: StudyId, settings_hash: str) -> bool:
    """Return whether a study lacks patches of its current revision and this version of code and settings."""
    [due] = transaction.column(bool, "patches/select_is_to_prepare", study_id=study_id, settings_hash=settings_hash)
    return due


def count_outcomes(transaction: Transaction, settings_hash: str) -> list[PatchCount]:
    """Count the patches of current revisions, and the reasons why there is none, by sequence."""
    return transaction.all(PatchCount, "patches/count_patches", settings_hash=settings_hash)


def save_sheet(transaction: Transaction, sheet: DrawnSheet) -> None:
    """Store where the quality sheet of a study is."""
    transaction.run("patches/upsert_qc_sheet", **vars(sheet))


def save_views(transaction: Transaction, views: DrawnViews) -> None:
    """Store where the pictures of a study's slices are."""
    columns = vars(views) | {"layout": _json(views.layout), "object_keys": json.dumps(views.object_keys)}
    transaction.run("patches/upsert_study_view", **columns)


def newest_sheet(transaction: Transaction, study_id: str) -> str | None:
    """Return the object key of the newest quality sheet of a study, or None if none was drawn."""
    return next(iter(transaction.column(str, "patches/select_qc_sheet", study_id=study_id)), None)
