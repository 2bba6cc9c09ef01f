"""The items of TRIPOD+AI (2024) and CLAIM (2024) that a training run can answer by itself."""

from collections.abc import Sequence

from idh_tasks.db.training import Run
from idh_tasks.domain.learning import RefusedSequence, Selection, SequenceResult
from idh_tasks.settings import LearningSettings

SELECTION = {
    Selection.LAST: "fixed number of epochs, last weights",
    Selection.INNER: "early stopping by the loss on a fifth of each fold's training patients",
}


def checklist(run: Run, results: Sequence[SequenceResult], data_kind: str) -> list[tuple[str, str]]:
    """Return the items with the run's answers.

    Parameters
    ----------
    data_kind
        What the data are, such as 'synthetic'.
    """
    settings = LearningSettings.model_validate(run.settings)
    return [
        ("Source of data", f"{data_kind}; dataset {run.dataset_id}, frozen before training"),
        ("Sample size", _sizes(results)),
        ("Missing data", _missing(results)),
        ("Outcome", "IDH status by immunohistochemistry and sequencing; indeterminate results are excluded"),
        ("Partitions", _partitions(settings)),
        ("Model", f"filters {settings.filters}, dense {settings.dense}, two outputs by softmax"),
        ("Training", f"Adam {settings.learning_rate}, {settings.epochs} epochs, batch size {settings.batch_size}"),
        ("Selection", f"{SELECTION[settings.select]}; held-out patients do not affect the selection"),
        ("Performance", "out of fold, with bootstrap and DeLong intervals over patients, and calibration"),
        ("External validation", "none"),
        ("Intended use", "research only"),
    ]


def _sizes(results: Sequence[SequenceResult]) -> str:
    return ", ".join(f"{r.sequence} {r.outcome.n} ({r.outcome.mutants} mutant)" for r in results)


def _missing(results: Sequence[SequenceResult]) -> str:
    refused = [f"{r.sequence}: {r.outcome.refusal}" for r in results if isinstance(r.outcome, RefusedSequence)]
    return "; ".join(refused) or "each sequence was trained on the patients who have it; nothing is imputed"


def _partitions(settings: LearningSettings) -> str:
    return (
        f"{settings.scheme}, {settings.folds} folds, disjoint by patient and by image; "
        f"{settings.locked_share:.0%} of patients are set aside as a locked test set"
    )
