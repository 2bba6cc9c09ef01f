"""The figures of a training report."""

from collections.abc import Mapping, Sequence

from idh_tasks.domain.learning import FoldResult, HeldOutScore, Member
from idh_tasks.domain.sequence import MODEL_SEQUENCES, MrSequence
from idh_tasks.learning.learning_curves import fit_mean_curve
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
) -> Figures:
    """Draw the figures of the sequences that were trained."""
    trained = [s for s in MODEL_SEQUENCES if s in folds]
    curves = {s: [fold.curve for fold in folds[s]] for s in trained}
    fits = {s: fit_mean_curve(curves[s]) for s in trained}
    return Figures(
        roc=figures.roc_figure({s: scores[s] for s in trained}),
        boxes=figures.box_figure({s: [fold.metrics for fold in folds[s]] for s in trained}),
        learning=figures.learning_figure(curves, fits),
        calibration=figures.calibration_figure({s: scores[s] for s in trained}),
        patches=figures.patch_figure({s: _examples(platform, members, s) for s in trained}),
    )


def _examples(platform: Platform, members: Sequence[Member], sequence: MrSequence) -> list[figures.LabelledPatch]:
    """Return the first patches of each class of a sequence, mutants first."""
    own = [member for member in members if member.sequence is sequence]
    mutants, wildtypes = ([m for m in own if m.mutant is mutant] for mutant in (True, False))
    chosen = mutants[:PATCHES_PER_CLASS] + wildtypes[:PATCHES_PER_CLASS]
    return [(m.mutant, read_array(platform.store.get_checked(m.object_key, m.sha256))) for m in chosen]
