"""The figures of a training report as self-contained SVG."""

from collections.abc import Mapping, Sequence
from io import BytesIO, StringIO

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from sklearn.metrics import roc_curve

from idh_tasks.domain.learning import HeldOutScore
from idh_tasks.domain.learning_fit import Curve, Exponential, LearningCurves
from idh_tasks.domain.performance import Metrics
from idh_tasks.domain.sequence import MrSequence

LabelledPatch = tuple[bool, NDArray[np.float32]]
"""Whether the patient is a mutant, and the patch (size, size)."""

Weights = NDArray[np.float64]
"""Of the scores (n,)."""

GROUPS = 5
"""Points of a calibration curve, each of equally many scores."""

FOLD_COLOUR = "#9fb4c7"
TRAINING_COLOUR = "#c9c9c9"
MEAN_COLOUR = "#12436d"
ACCENT = "#c4501e"


def _panels(count: int, height: float = 2.9) -> tuple[Figure, list[Axes]]:
    rows = -(-count // 3)
    figure = Figure(figsize=(10.5, height * rows), layout="constrained")
    axes = np.atleast_1d(figure.subplots(rows, min(3, count))).ravel()
    for empty in axes[count:]:
        empty.axis("off")
    return figure, list(axes[:count])


def svg(figure: Figure) -> str:
    """Return a figure as SVG, the same bytes for the same numbers."""
    buffer = StringIO()
    with mpl.rc_context({"svg.hashsalt": "idh", "svg.fonttype": "none"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()[buffer.getvalue().index("<svg") :]


def png(figure: Figure, dpi: int) -> bytes:
    """Return a figure as PNG, the same bytes for the same numbers."""
    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi, metadata={"Software": None})
    return buffer.getvalue()


def roc_figure(scores: Mapping[MrSequence, Sequence[HeldOutScore]]) -> str:
    """Draw the ROC curve of each fold and their mean, one panel per sequence (paper, Fig. 3)."""
    figure, axes = _panels(len(scores))
    grid = np.linspace(0, 1, 101)
    for axis, (sequence, own) in zip(axes, scores.items(), strict=True):
        curves = []
        for fold in sorted({score.fold for score in own}):
            part = [score for score in own if score.fold == fold]
            false, true, _ = roc_curve([s.mutant for s in part], [s.probability_mutant for s in part])
            axis.plot(false, true, color=FOLD_COLOUR, lw=1)
            curves.append(np.interp(grid, false, true))
        axis.plot(grid, np.mean(curves, axis=0), color=MEAN_COLOUR, lw=2)
        axis.plot([0, 1], [0, 1], color="grey", lw=0.7, ls=":")
        axis.set(title=sequence.written, xlabel="1 − specificity", ylabel="sensitivity", aspect="equal")
    return svg(figure)


def box_figure(folds: Mapping[MrSequence, Sequence[Metrics]]) -> str:
    """Draw box plots over folds of the four measures in the paper's Fig. 4."""
    figure = Figure(figsize=(10.5, 5.6), layout="constrained")
    names = ("sensitivity", "specificity", "accuracy", "loss")
    for axis, name in zip(figure.subplots(2, 2).ravel(), names, strict=True):
        values = [[getattr(metrics, name) for metrics in own] for own in folds.values()]
        axis.boxplot(values, tick_labels=[s.written for s in folds], medianprops={"color": ACCENT})
        axis.set_title(name)
    return svg(figure)


def learning_figure(curves: Mapping[MrSequence, LearningCurves]) -> str:
    """Draw the losses over epochs with the a·e^(−b·x) + c that fits the held-out loss (paper, equation 1)."""
    figure, axes = _panels(len(curves))
    for axis, (sequence, own) in zip(axes, curves.items(), strict=True):
        _draw_losses(axis, own.training, TRAINING_COLOUR, "training")
        _draw_losses(axis, own.held_out, FOLD_COLOUR, "held out")
        if isinstance(own.fit, Exponential):
            x = np.linspace(*_epochs(own.held_out), 200)
            axis.plot(x, own.fit(x), color=ACCENT, lw=2, label="fit")
        axis.set_title(f"{sequence.written}: {own.fit}", fontsize=9)
        axis.set(xlabel="epoch", ylabel="loss")
        axis.legend(frameon=False, fontsize=8)
    return svg(figure)


def _draw_losses(axis: Axes, curves: Sequence[Curve], colour: str, name: str) -> None:
    """Draw the curve of each fold, which may be empty, and name the first."""
    for number, curve in enumerate(curve for curve in curves if curve):
        axis.plot(*zip(*curve, strict=True), color=colour, lw=1, label="" if number else name)


def _epochs(curves: Sequence[Curve]) -> tuple[int, int]:
    epochs = [epoch for curve in curves for epoch, _ in curve]
    return min(epochs), max(epochs)


def calibration_figure(
    scores: Mapping[MrSequence, Sequence[HeldOutScore]], weights: Mapping[MrSequence, Weights]
) -> str:
    """Draw the observed share of mutants over the probability: of the outputs, and of what is stated.

    Parameters
    ----------
    weights
        By which mutants have the share for which probabilities are stated: test sets may have more of them.
    """
    figure, axes = _panels(len(scores))
    for axis, (sequence, own) in zip(axes, scores.items(), strict=True):
        mutant = np.array([score.mutant for score in own])
        kinds = (("output", [s.probability_mutant for s in own]), ("stated", [s.calibrated for s in own]))
        for (name, values), colour in zip(kinds, (FOLD_COLOUR, MEAN_COLOUR), strict=True):
            stated, observed = calibration_points(np.array(values), mutant, weights[sequence])
            axis.plot(stated, observed, color=colour, marker="o", ms=4, lw=1.5, label=name)
        axis.plot([0, 1], [0, 1], color="grey", lw=0.7, ls=":")
        axis.set(title=sequence.written, xlabel="probability", ylabel="share of mutants", aspect="equal")
        axis.legend(frameon=False, fontsize=8)
    return svg(figure)


def calibration_points(
    probability: NDArray[np.float64], mutant: NDArray[np.bool_], weights: Weights
) -> tuple[list[float], list[float]]:
    """Return the mean probability and the share of mutants of each group of scores (n,), in ascending order."""
    parts = [part for part in np.array_split(np.argsort(probability), GROUPS) if len(part)]
    stated, observed = (
        [float(np.average(of[part], weights=weights[part])) for part in parts] for of in (probability, mutant)
    )
    return stated, observed


def patch_figure(patches: Mapping[MrSequence, Sequence[LabelledPatch]]) -> str:
    """Show patches as the networks receive them, one row per sequence; mutants are framed."""
    columns = max(len(own) for own in patches.values())
    figure = Figure(figsize=(10.5, 1.35 * len(patches)), layout="constrained")
    grid = figure.subplots(len(patches), columns, squeeze=False)
    for row, (sequence, own) in zip(grid, patches.items(), strict=True):
        for axis in row:
            axis.set(xticks=[], yticks=[])
            axis.axis("off")
        for axis, (mutant, patch) in zip(row, own, strict=False):
            axis.axis("on")
            axis.imshow(patch, cmap="gray", vmin=np.percentile(patch, 1), vmax=np.percentile(patch, 99))
            for spine in axis.spines.values():
                spine.set(color=ACCENT if mutant else "white", linewidth=2.5)
        row[0].set_ylabel(sequence.written)
    return svg(figure)
