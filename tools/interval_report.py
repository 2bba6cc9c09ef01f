"""Prints how often the intervals of an AUC contain the truth, for cohorts and schemes as the platform has them.

The first table is of simulated scores. The second is of logistic regressions that are trained in each fold: its truth
is the mean AUC on unseen patients of models that are trained as these. An interval over patients knows nothing of the
chance by which patients are in the training part, so that it may fall short there.
"""

import sys
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from idh_tasks.domain.learning import HeldOutScore, Scheme
from idh_tasks.domain.performance import Interval
from idh_tasks.learning.intervals import bootstrap_interval, delong_interval
from tests.simulated_scores import FOLDS, Setting, cohorts, repeated_folds

COHORTS = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
SIZES = ((17, 83), (51, 249))
DESIGNS = ((Scheme.STRATIFIED, 1), (Scheme.STRATIFIED, 3), (Scheme.REPEATED, 1), (Scheme.REPEATED, 3))
AUCS = (0.5, 0.75, 0.9)
FEATURES, DISTANCE = 5, 0.45
"""Features of a patient, and by how many standard deviations each differs between the classes."""
UNSEEN = 1000


def settings() -> Iterator[Setting]:
    """Yield every combination of cohort size, true AUC and design."""
    for size in SIZES:
        for auc in AUCS:
            for scheme, repetitions in DESIGNS:
                yield Setting(*size, auc, scheme, repetitions)


def line(setting: Setting, truth: float, intervals: list[tuple[Interval, Interval]]) -> str:
    """Return one line: how often both intervals contain the truth, and their mean widths."""
    parts = []
    for own in zip(*intervals, strict=True):
        coverage = np.mean([interval.low <= truth <= interval.high for interval in own])
        parts.append(f"{coverage:6.1%} (width {np.mean([interval.high - interval.low for interval in own]):.2f})")
    size = f"{setting.mutants}/{setting.wildtypes}"
    mean = np.mean([bootstrap.value for bootstrap, _ in intervals])
    design = f"{setting.scheme:10} × {setting.repetitions}"
    return f"{size:7} {design} true {truth:.3f} mean {mean:.3f}  bootstrap {parts[0]}  DeLong {parts[1]}"


def both(scores: list[HeldOutScore], seed: int) -> tuple[Interval, Interval]:
    """Return the bootstrap interval and DeLong's."""
    return bootstrap_interval(scores, seed), delong_interval(scores)


def trained(setting: Setting, seed: int) -> tuple[list[HeldOutScore], float]:
    """Return the out-of-fold scores of logistic regressions on a cohort, and their mean AUC on unseen patients."""
    rng, labels = np.random.default_rng(seed), setting.labels()
    mutant = np.array(list(labels.values()))
    x = _features(mutant, rng)
    unseen = np.arange(2 * UNSEEN) < UNSEEN
    unseen_x, scores, aucs = _features(unseen, rng), [], []
    place = {patient: number for number, patient in enumerate(labels)}
    for fold in repeated_folds(labels, setting, seed):
        train, test = ([place[p] for p in part] for part in (fold.train, fold.test))
        model = LogisticRegression(class_weight="balanced").fit(x[train], mutant[train])
        aucs.append(roc_auc_score(unseen, model.decision_function(unseen_x)))
        for patient, value in zip(fold.test, model.predict_proba(x[test])[:, 1].tolist(), strict=True):
            scores.append(HeldOutScore(patient, fold.number, labels[patient], value, value, fold.repetition))
    return scores, float(np.mean(aucs))


def _features(mutant: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.float64]:
    return rng.normal(size=(len(mutant), FEATURES)) + DISTANCE * mutant[:, None]


def main() -> None:
    """Print both tables."""
    sys.stdout.write(f"{COHORTS} cohorts a line; {FOLDS} folds. Simulated scores:\n")
    for number, setting in enumerate(settings()):
        intervals = [both(scores, seed) for seed, scores in enumerate(cohorts(setting, COHORTS, number))]
        sys.stdout.write(line(setting, setting.auc, intervals) + "\n")
        sys.stdout.flush()
    sys.stdout.write("Trained logistic regressions:\n")
    for size in SIZES:
        for scheme, repetitions in DESIGNS:
            setting = Setting(*size, 0.5, scheme, repetitions)
            scored = [trained(setting, seed) for seed in range(COHORTS // 2)]
            intervals = [both(scores, seed) for seed, (scores, _) in enumerate(scored)]
            sys.stdout.write(line(setting, float(np.mean([truth for _, truth in scored])), intervals) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
