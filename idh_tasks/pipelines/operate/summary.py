"""Summarises in numbers what the platform holds, for the end of a demo and for `idh report`."""

from dataclasses import dataclass

from idh_tasks.db import cohort, nights, predictions, quarantine, results, training
from idh_tasks.db.patches import count_outcomes
from idh_tasks.domain.learning import FoldResult, SequenceResult
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.pipelines.platform import Platform, preprocessing_version

Counts = dict[str, int]


@dataclass(frozen=True)
class Summary:
    """Counts by outcome, and the latest promoted run."""

    inbox: Counts
    held_back: Counts
    cases: Counts
    patches: Counts
    predictions: Counts
    not_trained: str | None
    run_id: str | None
    report_key: str | None
    results: dict[MrSequence, SequenceResult]
    folds: dict[MrSequence, list[FoldResult]]


def _named(*parts: str) -> str:
    return " ".join(part for part in parts if part)


def summarise(platform: Platform) -> Summary:
    """Count everything in one consistent view of the database."""
    with platform.database.begin() as transaction:
        run = training.latest_promoted_run(transaction)
        run_id = run.run_id if run else None
        patches = count_outcomes(transaction, preprocessing_version(platform))
        return Summary(
            inbox={_named(c.state, c.code): c.items for c in nights.inbox_counts(transaction)},
            held_back={_named(c.scope, c.code): c.items for c in quarantine.counts(transaction)},
            cases=cohort.count_cases(transaction),
            patches={_named(c.sequence, c.code): c.patches for c in patches},
            predictions=dict(vars(predictions.counts(transaction))),
            not_trained=training.latest_refusal(transaction),
            run_id=run_id,
            report_key=run.report_key if run else None,
            results=results.of_run(transaction, run_id) if run_id else {},
            folds=results.folds(transaction, run_id) if run_id else {},
        )


def progress(platform: Platform) -> Counts:
    """Return how far each stage has come."""
    with platform.database.begin() as transaction:
        return dict(vars(training.progress(transaction)))
