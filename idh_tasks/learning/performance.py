"""The performance of a set of held-out scores, as reports and tables give it."""

from collections.abc import Sequence

from idh_tasks.domain.learning import HeldOutScore
from idh_tasks.domain.performance import Performance, Spread
from idh_tasks.learning.intervals import bootstrap, delong
from idh_tasks.learning.metrics import brier
from idh_tasks.learning.pairs import Round, auc_of, one_row_each, pairs_of
from idh_tasks.learning.stated import measure_stated


def assess(scores: Sequence[HeldOutScore], seed: int, prevalence: float | None = None) -> Performance:
    """Return the performance of scores of both classes; it counts patients, who may have several scores each.

    Parameters
    ----------
    seed
        Of the bootstrap.
    prevalence
        The share of mutants in the cohort; by default, among the patients who have scores.

    Raises
    ------
    RunRefusedError
        As `delong_interval`.
    """
    rows = one_row_each(scores)
    pairs = pairs_of(rows)
    return Performance(
        n=pairs.mutants + pairs.wildtypes,
        mutants=pairs.mutants,
        auc=bootstrap(pairs, seed),
        delong=delong(pairs),
        brier=brier(rows),
        **vars(measure_stated(rows, prevalence)),
        spread=spread_of(pairs.rounds),
    )


def spread_of(rounds: Sequence[Round]) -> Spread | None:
    """Return the spread of the AUC over repetitions, or None if there is one repetition."""
    numbers = sorted({one.repetition for one in rounds})
    aucs = [auc_of([one for one in rounds if one.repetition == number]) for number in numbers]
    return Spread(len(aucs), min(aucs), max(aucs)) if len(aucs) > 1 else None
