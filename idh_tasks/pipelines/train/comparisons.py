"""What single networks are seen beside: fusions over sequences, and baselines, on the same folds."""

from collections.abc import Mapping, Sequence

from idh_tasks.db.engine import Transaction
from idh_tasks.domain.learning import Fold, HeldOutScore
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.learning.calibration import baseline, fused, stacked
from idh_tasks.learning.intervals import auc_interval
from idh_tasks.learning.metrics import brier, expected_calibration_error
from idh_tasks.reporting.report import Comparison


def compare(
    transaction: Transaction,
    run_id: str,
    scores: Mapping[MrSequence, Sequence[HeldOutScore]],
    labels: Mapping[str, bool],
    folds: Sequence[Fold],
    seed: int,
) -> list[Comparison]:
    """Compute fusions and baselines of a run, and record them."""
    rows = transaction.rows("datasets/select_dataset_features", run_id=run_id)
    people = {
        row["patient_key"]: (float(row["age_years"]), float(row["sex"] == "M"))
        for row in rows
        if row["age_years"] is not None and row["sex"] in ("F", "M")
    }
    blood = {row["patient_key"]: (float(row["mean_rcbv"]),) for row in rows if row["mean_rcbv"] is not None}
    nothing: dict[str, tuple[float, ...]] = dict.fromkeys(labels, ())
    found = {
        "fusion: mean of calibrated probabilities": fused(scores),
        "fusion: logistic stack": stacked(scores),
        "baseline: majority class": baseline(nothing, labels, folds),
        "baseline: age and sex": baseline(people, labels, folds),
        "baseline: mean rCBV in the outline": baseline(blood, labels, folds),
    }
    told = [_comparison(name, given, seed) for name, given in found.items() if len({s.mutant for s in given}) == 2]
    for one in told:
        auc = {"auc": one.auc.value, "auc_low": one.auc.low, "auc_high": one.auc.high}
        kept = {"name": one.name, "n": one.n, "mutants": one.mutants, "brier": one.brier, "ece": one.ece}
        transaction.run("training/upsert_comparison_result", run_id=run_id, **kept, **auc)
    return told


def _comparison(name: str, scores: Sequence[HeldOutScore], seed: int) -> Comparison:
    return Comparison(
        name=name,
        n=len(scores),
        mutants=sum(score.mutant for score in scores),
        auc=auc_interval(scores, seed),
        brier=brier(scores),
        ece=expected_calibration_error(scores),
    )
