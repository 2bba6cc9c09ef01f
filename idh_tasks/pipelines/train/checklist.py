"""The items of TRIPOD+AI (2024) and CLAIM (2024) that a training run can answer by itself."""

from collections.abc import Sequence
from itertools import chain

from idh_tasks.db.training import Run
from idh_tasks.domain.learning import RefusedSequence, RuleOff, Selection, SequenceResult, TwinSearch
from idh_tasks.learning.leakage import distinct
from idh_tasks.pipelines.train.twin_search import pairs_of
from idh_tasks.reporting.report import prior_text
from idh_tasks.settings import LearningSettings

SELECTION = {
    Selection.LAST: "fixed number of epochs, last weights",
    Selection.INNER: "early stopping by the loss on a fifth of each fold's training patients",
}


def checklist(
    run: Run, results: Sequence[SequenceResult], data_kind: str, twins: TwinSearch | None
) -> list[tuple[str, str]]:
    """Return the items with the run's answers.

    Parameters
    ----------
    data_kind
        What the data are, such as 'synthetic'.
    twins
        What the search of the run has found, or None if it is not on record that there was one.
    """
    settings = LearningSettings.recorded(run.settings)
    return [
        ("Source of data", f"{data_kind}; dataset {run.dataset_id}, frozen before training"),
        ("Sample size", _sizes(results)),
        ("Missing data", _missing(results)),
        ("Outcome", "IDH status by immunohistochemistry and sequencing; indeterminate results are excluded"),
        ("Partitions", _partitions(settings)),
        ("Duplicates", _duplicates(twins)),
        (
            "Model",
            f"filters {settings.filters}, dense {settings.dense}, two outputs by softmax; {_parameters(results)}",
        ),
        ("Training", f"Adam {settings.learning_rate}, {settings.epochs} epochs, batch size {settings.batch_size}"),
        ("Selection", f"{SELECTION[settings.select]}; held-out patients do not affect the selection"),
        ("Promotion", _promotion(settings)),
        ("Performance", "out of fold, with bootstrap and DeLong intervals over patients, and calibration"),
        ("Probabilities", f"by slope and intercept; assumed share of mutants: {prior_text(settings.site_prevalence)}"),
        ("Predicted class", "the larger of the two outputs of the network, before calibration"),
        ("External validation", "none"),
        ("Intended use", "research only"),
    ]


def _sizes(results: Sequence[SequenceResult]) -> str:
    return ", ".join(f"{r.sequence.written} {r.outcome.n} ({r.outcome.mutants} mutant)" for r in results)


def _parameters(results: Sequence[SequenceResult]) -> str:
    counts = sorted({r.parameters for r in results if r.parameters is not None})
    return f"{' or '.join(f'{count:,}' for count in counts) or 'an unrecorded number of'} parameters"


def _missing(results: Sequence[SequenceResult]) -> str:
    refused = [f"{r.sequence.written}: {r.outcome.refusal}" for r in results if isinstance(r.outcome, RefusedSequence)]
    return "; ".join(refused) or "each sequence was trained on the patients who have it; nothing is imputed"


def _partitions(settings: LearningSettings) -> str:
    return (
        f"{settings.scheme}, {settings.folds} folds, repetitions: {settings.repetitions}; training and test part of "
        "each fold are disjoint by patient; "
        f"{settings.locked_share:.0%} of patients are set aside as a locked test set"
    )


def _duplicates(twins: TwinSearch | None) -> str:
    if twins is None:
        return "it is not on record that patients were compared by their images"
    pairs = distinct(chain.from_iterable(twins.values()))
    if not pairs:
        return "all patients were compared by their images in each sequence; none were found to have the same image"
    where = ", ".join(sequence.written for sequence, found in twins.items() if found)
    apart = len(pairs) - len(pairs_of(twins))
    told = f", of whom a person has said before that they are two patients: {apart}" if apart else ""
    refused = "; no network was trained" if apart < len(pairs) else ""
    return f"pairs of patients with the same image: {len(pairs)} (in {where}){told}{refused}"


def _promotion(settings: LearningSettings) -> str:
    floor = settings.promotion_floor
    signal = f"the lower bound of the AUC must exceed {floor:g}" if floor else "the floor for the AUC is switched off"
    baselines = "; the comparison with baselines is switched off" if RuleOff.BASELINE in settings.switched_off else ""
    return f"{signal}{baselines}; not worse beyond chance than the best champion so far, on the same patients"
