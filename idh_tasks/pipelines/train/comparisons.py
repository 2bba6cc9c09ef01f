"""Fusions over sequences, and baselines, on the folds of the networks that are compared with them."""

from collections.abc import Mapping, Sequence

from idh_tasks.db import datasets, results
from idh_tasks.db.datasets import PatientFeatures
from idh_tasks.db.engine import Transaction
from idh_tasks.domain.learning import Comparison, Fold, HeldOutScore
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.learning.baselines import Features, baseline_scores
from idh_tasks.learning.calibration import prevalence_of
from idh_tasks.learning.fusion import mean_fusion
from idh_tasks.learning.pairs import enough
from idh_tasks.learning.performance import assess


def compare(
    transaction: Transaction,
    run_id: str,
    scores: Mapping[MrSequence, Sequence[HeldOutScore]],
    labels: Mapping[str, bool],
    folds: Sequence[Fold],
    seed: int,
) -> list[Comparison]:
    """Compute and record the performance of fusions and baselines; those with too few patients are left out."""
    patients, prevalence = datasets.features(transaction, run_id), prevalence_of(labels, folds)
    by_name = {
        "fusion: mean over sequences": mean_fusion(scores, prevalence),
        "baseline: majority class": baseline_scores(dict.fromkeys(labels, ()), labels, folds),
        "baseline: age and sex": baseline_scores(_age_and_sex(patients), labels, folds),
        "baseline: mean rCBV in the outline": baseline_scores(_mean_rcbv(patients), labels, folds),
    }
    comparisons = [Comparison(name, assess(own, seed, prevalence)) for name, own in by_name.items() if enough(own)]
    for comparison in comparisons:
        results.save_comparison(transaction, run_id, comparison)
    return comparisons


def _age_and_sex(patients: Sequence[PatientFeatures]) -> Features:
    return {
        patient.patient_key: (patient.age_years, float(patient.sex == "M"))
        for patient in patients
        if patient.age_years is not None and patient.sex in ("F", "M")
    }


def _mean_rcbv(patients: Sequence[PatientFeatures]) -> Features:
    return {patient.patient_key: (patient.mean_rcbv,) for patient in patients if patient.mean_rcbv is not None}
