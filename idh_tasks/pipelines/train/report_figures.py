"""The figures of a training report."""

from collections.abc import Mapping, Sequence
from statistics import fmean

from idh_tasks.domain.learning import FoldResult, HeldOutScore, Member
from idh_tasks.domain.sequence import MODEL_SEQUENCES, MrSequence
from idh_tasks.learning.learning_curves import fitted
from idh_tasks.learning.stated import cohort_weights
from idh_tasks.pipelines.platform import Platform
from idh_tasks.reporting import figures
from idh_tasks.reporting.report import Figures
from idh_tasks.store.arrays import read_array

PATCHES_PER_CLASS = 5
"""Patches of each class that the report shows for a sequence."""


def draw_figures(
    platform: Platform,
    folds: Mapping[MrSequence, Sequence[FoldResult]],
    members: Sequence[Member],
    scores: Mapping[MrSequence, Sequence[HeldOutScore]],
    locked: Mapping[MrSequence, Sequence[HeldOutScore]],
) -> Figures:
    """Draw the figures of the sequences that were trained."""
    trained = [s for s in MODEL_SEQUENCES if s in folds]
    weights = {s: cohort_weights(scores[s], _prevalence(members, s, locked.get(s, ()))) for s in trained}
    curves = {s: fitted([f.curve for f in folds[s]], [f.training_curve for f in folds[s]]) for s in trained}
    return Figures(
        roc=figures.roc_figure({s: scores[s] for s in trained}),
        boxes=figures.box_figure({s: [fold.metrics for fold in folds[s]] for s in trained}),
        learning=figures.learning_figure(curves),
        calibration=figures.calibration_figure({s: scores[s] for s in trained}, weights),
        patches=figures.patch_figure({s: _examples(platform, members, s) for s in trained}),
    )


def _prevalence(members: Sequence[Member], sequence: MrSequence, locked: Sequence[HeldOutScore]) -> float | None:
    """Return the share of mutants among the patients of a sequence who are not in the locked test set."""
    left_out = {score.patient_key for score in locked}
    mutant = [m.mutant for m in members if m.sequence is sequence and m.patient_key not in left_out]
    return fmean(mutant) if mutant else None


def _examples(platform: Platform, members: Sequence[Member], sequence: MrSequence) -> list[figures.LabelledPatch]:
    """Return the first patches of each class of a sequence, mutants first."""
    own = [member for member in members if member.sequence is sequence]
    mutants, wildtypes = ([m for m in own if m.mutant is mutant] for mutant in (True, False))
    chosen = mutants[:PATCHES_PER_CLASS] + wildtypes[:PATCHES_PER_CLASS]
    return [(m.mutant, read_array(platform.store.get_checked(m.object_key, m.sha256))) for m in chosen]
