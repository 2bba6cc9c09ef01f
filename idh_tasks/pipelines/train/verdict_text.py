"""What a person reads before approving a network: absolute figures of both networks, baselines, and the verdict."""

from collections.abc import Iterable

from idh_tasks.db.judgements import LockedLooks, Verdict
from idh_tasks.domain.learning import BASELINE, Comparison
from idh_tasks.domain.performance import Performance
from idh_tasks.reporting.report import interval_text, log_loss_text
from idh_tasks.settings import LearningSettings

LEGEND = (
    "AUC with its 95 % interval over patients, out of fold. Brier score and expected calibration error: 0 is perfect. "
    "Log loss of the stated probabilities, beside that of stating the share of mutants for everybody (constant). "
    "The predicted label is the larger output of the network, before calibration."
)
"""Precedes the paragraphs about the networks."""


def verdict_text(verdict: Verdict, challenger: Performance | None, champion: Performance | None) -> str:
    """Return the paragraph about one network, in Markdown."""
    word = "accepted" if verdict.accepted else "refused"
    lines = [
        f"**{verdict.sequence.written}: {word}**, {verdict.verdict}",
        f"- challenger: {_figures(challenger)}",
        f"- champion: {_figures(champion)}",
    ]
    if champion:
        lines.append(f"- {_changes(verdict)}")
    if verdict.restores_id:
        lines.append(
            f"- proposed instead: model `{verdict.restores_id}`, the best champion so far, becomes champion again"
        )
    return "\n".join(lines)


def _changes(verdict: Verdict) -> str:
    of_both = f"of {verdict.compared} patients whom both have scored"
    relabelled = f"; {verdict.relabelled} have another label since" if verdict.relabelled else ""
    return f"the predicted label changes for {verdict.changed} {of_both}{relabelled}"


def _figures(performance: Performance | None) -> str:
    if performance is None:
        return "none"
    parts = [
        f"AUC {interval_text(performance.auc)}",
        f"{performance.n} patients ({performance.mutants} mutant)",
        _brier(performance),
    ]
    if performance.ece is not None:
        parts.append(f"calibration error {performance.ece:.3f}")
    if performance.log_loss is not None:
        parts.append(f"log loss {log_loss_text(performance)}")
    return ", ".join(parts)


def _brier(performance: Performance) -> str:
    """Return the Brier score of what is stated; networks of early versions have only that of their outputs."""
    if performance.calibrated_brier is None:
        return f"Brier score of the outputs {performance.brier:.3f}"
    return f"Brier score {performance.calibrated_brier:.3f}"


def baselines_of(comparisons: Iterable[Comparison]) -> list[Comparison]:
    """Return the baselines among the comparisons."""
    return [c for c in comparisons if c.name.startswith(BASELINE)]


def rules_text(settings: LearningSettings, looks: LockedLooks) -> list[str]:
    """Return paragraphs about the rules that are switched off, and about the locked test set, if there is one."""
    return [
        *(f"**Not a full test.** {rule.meaning}" for rule in settings.switched_off),
        *([locked_text(settings, looks)] if settings.locked_share else []),
    ]


def locked_text(settings: LearningSettings, looks: LockedLooks) -> str:
    """Return how often the locked test set was looked at within a year."""
    counted = f"The locked test set has decided for {looks.others} other training runs within a year"
    return f"{counted}, {settings.locked_looks} a year are allowed; all others are judged out of fold."


def baselines_text(comparisons: Iterable[Comparison]) -> str:
    """Return the paragraph about the baselines of the run, in Markdown."""
    baselines = baselines_of(comparisons)
    lines = [f"- {c.name.removeprefix(BASELINE)}: {_figures(c.performance)}" for c in baselines]
    return "\n".join(["**Baselines of this run, on the same folds**", *lines]) if lines else "No baseline was computed."
