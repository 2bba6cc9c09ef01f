"""Cuts the patches of a study folder, for a scientist."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from idh_tasks.codes import Code
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.errors import SeriesRejectedError
from idh_tasks.offline.study_folder import read_study
from idh_tasks.pipelines.preprocess.cut_patches import CutPatch, PatchCutter
from idh_tasks.pipelines.preprocess.study_images import StudyImages
from idh_tasks.pipelines.preprocess.tumour_outline import TumourOutline
from idh_tasks.settings import ImagingSettings
from idh_tasks.store.objects import sha256


@dataclass(frozen=True)
class CutStudy:
    """The result for a study: sequences with a patch, why the others have none, and the source of the outline."""

    patches: list[MrSequence]
    refused: dict[MrSequence, str]
    outline: str


def cut_study(folder: Path, mask: Path | None, out: Path) -> CutStudy:
    """Cut the patches of a study folder; write them (.npy), the quality sheet and their provenance.

    If no outline is given, one is proposed and used without review; the provenance says so.

    Raises
    ------
    SeriesRejectedError
        ``E_NO_IMAGES`` with all reasons if no sequence has a patch.
    """
    images = StudyImages(read_study(folder, mask), ImagingSettings())
    outline, source = _outline(images)
    cutter = PatchCutter(images, outline)
    patches = cutter.cut_all()
    reasons = {sequence: str(error) for sequence, error in patches.refused.items()}
    if not patches.cut:
        raise SeriesRejectedError(Code.E_NO_IMAGES, "; ".join(f"{name}: {why}" for name, why in reasons.items()))
    out.mkdir(parents=True, exist_ok=True)
    for sequence, cut in patches.cut.items():
        np.save(out / f"{sequence}.npy", cut.patch)
    (out / "qc.png").write_bytes(cutter.quality_sheet(patches))
    provenance = {
        "outline": source,
        "patches": {sequence.value: _provenance(cut) for sequence, cut in patches.cut.items()},
        "refused": reasons,
    }
    (out / "provenance.json").write_text(json.dumps(provenance, indent=1))
    return CutStudy(list(patches.cut), reasons, source)


def _outline(images: StudyImages) -> tuple[TumourOutline, str]:
    """Return the delivered outline, or a proposed one as if it had been accepted, and its source in words."""
    outline = TumourOutline(images)
    if outline.delivered is not None:
        return outline, "delivered"
    return TumourOutline(images, accepted={outline.proposal.sha256}), "proposed, not reviewed"


def _provenance(cut: CutPatch) -> dict[str, object]:
    """Return what a patch was made of, the quality of its source, and its hash."""
    return {
        "provenance": cut.provenance.value,
        "rectangle": vars(cut.rectangle),
        "sha256": sha256(cut.patch.tobytes()),
        "quality": cut.quality,
        "origin": cut.origin,
    }
