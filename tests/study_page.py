"""A study with everything that its page can show, without a database."""

from datetime import UTC, date, datetime
from typing import Any

from idh_tasks.codes import Code
from idh_tasks.db.models import Withdrawal
from idh_tasks.db.outlines import Submission
from idh_tasks.db.study_judgements import Disagreement, Exclusion
from idh_tasks.domain.review import ImageFault
from idh_tasks.domain.sequence import MODEL_SEQUENCES, Confidence, Contrast, MrSequence, Provenance
from idh_tasks.domain.slices import SliceGrid, SliceLayout, Window
from idh_tasks.domain.study import StudyId
from idh_tasks.pipelines.pages.study import (
    Document,
    Held,
    Link,
    Overview,
    Patch,
    Prediction,
    Question,
    Series,
    Study,
    View,
)
from idh_tasks.pipelines.review.study_judgements import Judgements
from idh_tasks.settings import ImagingSettings

STUDY = StudyId("0123456789abcdef01234567")
TASK = "preprocess_studies/scheduled__2026-11-26T01:00:00+00:00/preprocess_batch/1"
NOW = datetime(2026, 11, 26, 1, 7, tzinfo=UTC)
LAYOUT = SliceLayout(
    slices=6, rows=150, columns=120, pixel_mm=(1.0, 1.0), first_mm=-12.5, step_mm=3.0, shown=2,
    grid=SliceGrid(slices=176, lowest=80, step=3, voxel_mm=(1.0, 1.0, 1.0)),
    windows={
        "ADC": Window(312.4, 2987.9, "10⁻⁶ mm²/s"),
        "RCBV": Window(0.08, 4.51, "× normal-appearing white matter"),
    },
)  # fmt: skip
SHOWN = LAYOUT.place(LAYOUT.shown)
QUALITY = {"overlap": 0.5, "resemblance": 6.1, "second_start_mm": 0.2, "coverage": 1.0, "movement_mm": 4.2}


def _patch(sequence: MrSequence) -> Patch:
    refused = sequence is MrSequence.T2
    return Patch(
        sequence=sequence,
        patch_id=f"patch-{sequence}",
        code=Code.E_COVERAGE if refused else None,
        reason="the image covers 40% of the outline" if refused else None,
        created_at=NOW,
        made_by=TASK,
        provenance=None if refused else Provenance.ACQUIRED,
        slice_index=None if refused else 86,
        quality={} if refused else QUALITY | {"flags": ["W_DWI_MOTION"]},
        settings={} if refused else ImagingSettings().model_dump(mode="json"),
        reference=None if refused else "MPRAGE",
        outline=None if refused else "SEG",
        outline_sha256=None if refused else "c" * 64,
        present=True,
    )


def _prediction(sequence: MrSequence, present: bool) -> Prediction:
    return Prediction(
        sequence, 0.31, sequence is MrSequence.ADC, "p" * 24, "m" * 24, "u" * 24,
        "champion" if present else "retired", NOW, TASK, 0.82, 0.71, 0.9, 66, 12, present,
    )  # fmt: skip


def judged() -> Judgements:
    """Return an exclusion in force, one that has ended, and a disagreement."""
    ended = Exclusion(ImageFault.MOTION, "ghosts", "mary", NOW, "a slip", "tom", NOW)
    present = Exclusion(ImageFault.ARTEFACT, "an implant", "mary", NOW, None, None, None)
    disagreement = Disagreement(MrSequence.ADC, "p" * 24, "m" * 24, "the rim is thick", "mary", NOW)
    withdrawn = Submission("a" * 64, "mary", NOW, "mary", NOW, "the wrong study", None)
    submitted = Submission("b" * 64, "mary", NOW, None, None, None, None)
    return Judgements([present, ended], [disagreement], [submitted, withdrawn])


def a_study(**changes: Any) -> Study:
    """Return a study with an entry of every kind."""
    evidence = "TE 90 ms, TR 4000 ms, flip angle 90° → T2; a long name without any space: " + "x" * 40
    content: dict[str, Any] = {
        "overview": Overview(STUDY, "p" * 24, 2, date(1990, 3, 1), 61.0, "A vendor", NOW, TASK, 904),
        "series": [Series("s", MrSequence.T2, Confidence.LOW, evidence, 24, Code.E_COVERAGE, "a reason",
                          Contrast.BEFORE, 1.2, 160.0)],
        "held": [Held("h" * 24, Code.E_DECODE, "instance", "a reason", NOW, None, TASK, True)],
        "links": [Link("r" * 24, 1, 3, True, "OK", NOW, "mutant", TASK, "a.rule", False, "final", NOW)],
        "questions": [Question("q", "automatic_roi", False, None, None, None, NOW, "b" * 64, True)],
        "patches": [_patch(sequence) for sequence in MODEL_SEQUENCES],
        "predictions": [_prediction(one, one is not MrSequence.T1) for one in (MrSequence.ADC, MrSequence.T1)],
        "withdrawals": [Withdrawal(MrSequence.T2, "w" * 24, "mary", NOW, "misses mutants")],
        "documents": [Document("d" * 24, "e" * 24, NOW, TASK, False, "c" * 64)],
        "sheet": True,
        "view": View(LAYOUT, dict.fromkeys([*MODEL_SEQUENCES, "outline"], "key"), NOW, TASK, True),
    }  # fmt: skip
    return Study(**(content | changes))
